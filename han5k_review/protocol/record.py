"""The stored protocol: its versions, when it freezes, and how it is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlmodel import Session, col, func, select

from han5k_review.errors import ConflictError, RuleError
from han5k_review.evaluation.choice import find_labels, list_choices
from han5k_review.protocol.rules import Protocol, StudyFacts, check_protocol
from han5k_review.review.drawing import find_first_drawn
from han5k_review.store.audit import add_audit
from han5k_review.store.preference_tables import Preference
from han5k_review.store.protocol_tables import ProtocolVersion
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, Case, Grade, LabelVersion
from han5k_review.store.vocabulary import PlantedKind
from han5k_review.study import get_study_info, read_study_catalogue, read_study_scales


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Who changes the protocol, when and why; `after` is the version they looked at (0: none)."""

    actor: str
    now: datetime
    reason: str = ""
    after: int | None = None


def find_version(session: Session) -> ProtocolVersion | None:
    """The version in force, None before the first."""
    return session.exec(
        select(ProtocolVersion).order_by(col(ProtocolVersion.number).desc()).limit(1)
    ).first()


def get_version(session: Session) -> ProtocolVersion:
    """The version in force; RuleError before the first."""
    row = find_version(session)
    if row is None:
        raise RuleError(
            "A protocol was expected, found none; set one on the page Protocol or with "
            "`han5k study set`."
        )
    return row


def list_versions(session: Session) -> Sequence[ProtocolVersion]:
    """Every version, the first one first."""
    return session.exec(select(ProtocolVersion).order_by(col(ProtocolVersion.number))).all()


def build_protocol(row: ProtocolVersion) -> Protocol:
    """The protocol that a row holds."""
    return Protocol(
        preset=row.preset,
        scale=row.scale,
        structures=tuple(row.structures),
        endpoint=row.endpoint,
        sources=tuple(row.sources),
        reads_per_case=row.reads_per_case,
        repeat_share=row.repeat_share,
        repeat_weeks=row.repeat_weeks,
        calibration_cases=tuple(row.calibration_cases),
        planted_share=row.planted_share,
        planted_kinds=tuple(PlantedKind(kind) for kind in row.planted_kinds),
        order=row.order,
        blinding=row.blinding,
        adjudication=row.adjudication,
        adjudication_share=row.adjudication_share,
        ai_assistance=row.ai_assistance,
        asks_source=row.asks_source,
        asks_confidence=row.asks_confidence,
        allows_neither=row.allows_neither,
        lease_days=row.lease_days,
        manual_share=row.manual_share,
        certificate=row.certificate,
        limit=row.limit,
        error_rate=row.error_rate,
        many_rule=row.many_rule,
        fixed_failures=row.fixed_failures,
        seed=row.seed,
    )


def list_changes(old: Protocol, new: Protocol) -> list[str]:
    """Names of the values that differ."""
    names = [field.name for field in fields(Protocol)]
    return [name for name in names if getattr(old, name) != getattr(new, name)]


def find_freeze(session: Session) -> datetime | None:
    """When a read of the protocol got its first grade, choice or drawn contour; None before."""
    graded = session.exec(
        select(func.min(Grade.graded_at_utc))
        .join(Assignment, col(Assignment.id) == col(Grade.assignment_id))
        .where(col(Assignment.protocol_id).is_not(None))
    ).one()
    chosen = session.exec(select(func.min(Preference.chosen_at_utc))).one()
    drawn = find_first_drawn(session)
    return min((one for one in (graded, chosen, drawn) if one is not None), default=None)


def read_facts(session: Session, study: Study) -> StudyFacts:
    """What a protocol of this study can ask for; structures are those with contours."""
    drawn = set(session.exec(select(LabelVersion.structure).distinct()))
    names = [str(structure.name) for structure in read_study_catalogue(study)]
    return StudyFacts(
        structures=tuple(name for name in names if name in drawn),
        scales=tuple(read_study_scales(study)),
        sources=tuple(
            name for name, choice in list_choices(session).items() if find_labels(session, choice)
        ),
        cases=tuple(session.exec(select(Case.name).order_by(col(Case.name)))),
        scale=get_study_info(session).scale,
        has_grades=session.exec(select(Grade.id).limit(1)).first() is not None,
    )


def set_protocol(
    session: Session, protocol: Protocol, facts: StudyFacts, *, change: Change
) -> ProtocolVersion:
    """Make this the protocol, as a new version; the study takes over its scale and number.

    RuleError where values do not fit, where nothing changed, or where the protocol is frozen and no
    reason is given; ConflictError where somebody changed it since `change.after`.
    """
    check_protocol(protocol, facts)
    present = find_version(session)
    number = 0 if present is None else present.number
    if change.after is not None and change.after != number:
        raise ConflictError(
            f"Version {change.after} of the protocol was expected, found version {number}; "
            "somebody changed it meanwhile. Look at it, then change it again."
        )
    changed = [] if present is None else list_changes(build_protocol(present), protocol)
    if present is not None and not changed:
        raise RuleError(f"A change was expected, this is version {number} of the protocol already.")
    frozen_at = find_freeze(session)
    if frozen_at is not None and not change.reason.strip():
        raise RuleError(
            f"A reason was expected, since the protocol is frozen by the first grade of "
            f"{frozen_at:%Y-%m-%d %H:%M} UTC; say why it changes."
        )
    row = _build_row(protocol, number + 1, change)
    session.add(row)
    info = get_study_info(session)
    info.scale, info.protocol_version = protocol.scale, str(row.number)
    session.add(info)
    session.flush()
    add_audit(
        session,
        at_utc=change.now,
        actor=change.actor,
        action="set protocol",
        subject=f"protocol version {row.number}",
        preset=protocol.preset.value,
        changed=changed,
        frozen=frozen_at is not None,
        reason=change.reason.strip(),
    )
    return row


def _build_row(protocol: Protocol, number: int, change: Change) -> ProtocolVersion:
    values = {field.name: getattr(protocol, field.name) for field in fields(Protocol)}
    lists = ("structures", "sources", "calibration_cases", "planted_kinds")
    values |= {name: [str(one) for one in values[name]] for name in lists}
    return ProtocolVersion(
        **values,
        number=number,
        reason=change.reason.strip(),
        actor=change.actor,
        created_at_utc=change.now,
    )

"""What the study knows of its contours, read for the trust rule in a handful of queries."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from han5k_review.retraining.teaching.trust import LabelRef, ReviewRecord
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Case, Grade, LabelVersion, Revision, RevisionDecision
from han5k_review.store.vocabulary import Decision, GradeLevel, LabelSource

_UNDER_REVIEW = (LabelSource.PSEUDO, LabelSource.PREDICTION)
_Key = tuple[int, str]


def list_cases(session: Session) -> Sequence[Case]:
    """All cases by name."""
    return session.exec(select(Case).order_by(Case.name)).all()


def read_records(session: Session, structures: Collection[str]) -> Mapping[_Key, ReviewRecord]:
    """(case id, structure) -> record, for every one of `structures` that has any label."""
    under: dict[_Key, LabelRef] = {}
    references: dict[_Key, LabelRef] = {}
    for label in session.exec(
        select(LabelVersion)
        .where(
            col(LabelVersion.structure).in_(structures),
            col(LabelVersion.source).in_((*_UNDER_REVIEW, LabelSource.REFERENCE)),
        )
        .order_by(col(LabelVersion.id))
    ):
        found = under if label.source in _UNDER_REVIEW else references
        found[(label.case_id, label.structure)] = _ref(label)
    levels = _read_levels(session, structures)
    accepted = _read_accepted(session, structures)
    return {
        key: _record(key, under.get(key), references.get(key), levels, accepted.get(key))
        for key in sorted({*under, *references, *accepted})
    }


def _ref(label: LabelVersion) -> LabelRef:
    return LabelRef(
        label_version_id=stored_id(label),
        mask_sha256=label.mask_sha256,
        model_version_id=label.model_version_id,
    )


def _record(
    key: _Key,
    under: LabelRef | None,
    reference: LabelRef | None,
    levels: Mapping[int, list[GradeLevel]],
    accepted: tuple[LabelRef, int] | None,
) -> ReviewRecord:
    under_id = under.label_version_id if under else None
    return ReviewRecord(
        case_id=key[0],
        structure=key[1],
        under_review=under,
        levels=tuple(levels.get(under_id, [])) if under_id is not None else (),
        accepted_revision=accepted[0] if accepted else None,
        revision_is_current=accepted is not None and accepted[1] == under_id,
        reference=reference,
    )


def _read_levels(session: Session, structures: Collection[str]) -> dict[int, list[GradeLevel]]:
    """Label version id -> levels of the grades in force, of all readers and reads."""
    newer = aliased(Grade)
    found: dict[int, list[GradeLevel]] = {}
    for label_version_id, level in session.exec(
        select(Grade.label_version_id, Grade.level)
        .outerjoin(newer, col(newer.supersedes_id) == Grade.id)
        .where(
            col(newer.id).is_(None),
            col(Grade.level).is_not(None),
            col(Grade.structure).in_(structures),
        )
        .order_by(col(Grade.id))
    ):
        if level is not None:
            found.setdefault(label_version_id, []).append(GradeLevel(level))
    return found


def _read_accepted(
    session: Session, structures: Collection[str]
) -> dict[_Key, tuple[LabelRef, int]]:
    """(case id, structure) -> child of the newest accepted revision, and its parent's id."""
    decisions: dict[int, RevisionDecision] = {}
    for decision in session.exec(select(RevisionDecision).order_by(col(RevisionDecision.id))):
        decisions[decision.revision_id] = decision
    accepted: list[tuple[int, _Key, LabelRef, int]] = []
    for revision, child in session.exec(
        select(Revision, LabelVersion)
        .join(LabelVersion, col(LabelVersion.id) == Revision.label_version_id)
        .where(col(LabelVersion.structure).in_(structures))
    ):
        newest = decisions.get(stored_id(revision))
        if newest is not None and newest.decision is Decision.ACCEPTED:
            key = (child.case_id, child.structure)
            accepted.append((stored_id(newest), key, _ref(child), revision.parent_label_version_id))
    return {key: (child, parent) for _, key, child, parent in sorted(accepted, key=_by_decision)}


def _by_decision(row: tuple[int, _Key, LabelRef, int]) -> int:
    return row[0]

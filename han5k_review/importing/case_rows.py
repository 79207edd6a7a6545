"""Case rows: one case's content -> its rows, compared once more inside the transaction."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from han5k_review.importing.case_contents import CaseContent, ReadLabel
from han5k_review.importing.case_rules import (
    check_known,
    claim_name,
    claim_patient,
    duplicate_error,
    image_error,
)
from han5k_review.importing.known_cases import (
    AUDIT_ACTION,
    Claims,
    KnownCase,
    KnownLabel,
    find_known_case,
    refresh_claims,
)
from han5k_review.importing.sources import CaseSource
from han5k_review.store.audit import add_audit
from han5k_review.store.engine import queue_writers
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Case, LabelVersion


def find_new_labels(content: CaseContent, known: KnownCase | None) -> tuple[ReadLabel, ...]:
    """The labels that differ from the newest imported version, or have none."""
    if known is None:
        return content.labels
    newest = {key: label.mask_sha256 for key, label in known.labels.items()}
    return tuple(
        label
        for label in content.labels
        if newest.get((label.source, label.structure)) != label.mask_sha256
    )


def write_case(
    session: Session,
    source: CaseSource,
    content: CaseContent,
    *,
    actor: str,
    now_utc: datetime,
    stored: Claims | None = None,
) -> tuple[bool, tuple[ReadLabel, ...]]:
    """Add the rows a case still lacks; (is a new case, its new labels). Does not commit.

    `stored` are claims that were read before, of committed cases alone: only those since are read.
    Raises RuleError when the study's rules forbid it. Two imports at a time see each other here.
    """
    queue_writers(session, Case.__tablename__)
    stored = Claims() if stored is None else stored
    refresh_claims(session, stored)
    claims = stored.overlay()
    name = claim_name(source, claims)
    known = find_known_case(session, name)
    if known is not None:
        check_known(source, known)
        if content.image_sha256 != known.image_sha256:
            raise image_error(source, known, content.image_sha256, content.grid)
    labels = find_new_labels(content, known)
    _audit_dose(session, content, name, actor=actor, now_utc=now_utc)
    has_new_dose = content.dose is not None and content.dose.is_new
    if known is not None and not labels and not has_new_dose:
        return False, ()
    case_id = known.case_id if known else _add_case(session, source, content, claims, now_utc)
    for label in labels:
        previous = known.labels.get((label.source, label.structure)) if known else None
        session.add(_build_version(case_id, label, previous, now_utc))
    add_audit(
        session,
        at_utc=now_utc,
        actor=actor,
        action=AUDIT_ACTION,
        subject=f"case {name}",
        image_sha256=content.image_sha256,
        labels=len(labels),
        unmatched=[name for name in content.unmatched if name not in content.private_names],
        unmatched_rois=len(content.private_names),
        warnings=list(content.warnings),
        fingerprint=dict(content.fingerprint),
        stamp=content.stamp,
    )
    return known is None, labels


def _audit_dose(
    session: Session, content: CaseContent, name: str, *, actor: str, now_utc: datetime
) -> None:
    """The row that `han5k dose` leaves too, when the dose is not the newest one already."""
    if content.dose is not None and content.dose.is_new:
        add_audit(
            session,
            at_utc=now_utc,
            actor=actor,
            action="dose",
            subject=f"case {name}",
            sha256=content.dose.sha256,
        )


def _build_version(
    case_id: int, label: ReadLabel, previous: KnownLabel | None, now_utc: datetime
) -> LabelVersion:
    return LabelVersion(
        case_id=case_id,
        structure=label.structure,
        source=label.source,
        mask_sha256=label.mask_sha256,
        voxels=label.voxels,
        volume_cc=label.volume_cc,
        note=f"imported; replaces version {previous.version_id}" if previous else "imported",
        algorithm_kind=label.maker.kind,
        algorithm_name=label.maker.name,
        algorithm_version=label.maker.version,
        created_at_utc=now_utc,
    )


def _add_case(
    session: Session, source: CaseSource, content: CaseContent, claims: Claims, now_utc: datetime
) -> int:
    for sha256 in (content.image_sha256, content.planes_sha256):
        if sha256 in claims.owners:
            raise duplicate_error(source, claims.owners[sha256])
    claim = claim_patient(source, claims)
    case = Case(
        name=source.name,
        patient=claim.patient,
        split=claim.split,
        image_sha256=content.image_sha256,
        planes_sha256=content.planes_sha256 or None,
        frame_sha256=content.frame_sha256 or None,
        shape_ijk=list(content.grid.shape),
        affine_ras=[list(row) for row in content.grid.affine_ras],
        imported_at_utc=now_utc,
    )
    session.add(case)
    session.flush()
    return stored_id(case)

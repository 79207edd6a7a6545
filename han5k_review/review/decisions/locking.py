"""Locks: an accepted structure of a case is closed to edits until somebody unlocks it, saying why.

Rows are only added; the newest of a structure and case counts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlmodel import Session, col, select

from han5k_review.errors import RuleError
from han5k_review.review.drawing import is_from_nothing
from han5k_review.review.refusals import DraftError, Reason
from han5k_review.store.audit import add_audit
from han5k_review.store.draft_tables import Draft, StructureLock
from han5k_review.store.identity import CaseStructure, stored_id
from han5k_review.store.tables import Case, LabelVersion, Reader, Revision
from han5k_review.store.vocabulary import APART, LabelSource

MAX_REASON = 2000


def list_locks(
    session: Session, case_ids: Collection[int] | None = None
) -> Mapping[CaseStructure, StructureLock]:
    """(case id, structure) -> the lock in force, of these cases or of all."""
    query = select(StructureLock).order_by(col(StructureLock.id))
    if case_ids is not None:
        query = query.where(col(StructureLock.case_id).in_(case_ids))
    newest = {(row.case_id, row.structure): row for row in session.exec(query)}
    return {key: row for key, row in newest.items() if row.locked}


def find_lock(session: Session, case_id: int, structure: str) -> StructureLock | None:
    """The lock in force on one structure, None when it is open to edits."""
    row = session.exec(
        select(StructureLock)
        .where(StructureLock.case_id == case_id, StructureLock.structure == structure)
        .order_by(col(StructureLock.id).desc())
        .limit(1)
    ).first()
    return row if row is not None and row.locked else None


def lock_structure(
    session: Session,
    *,
    label_version_id: int,
    by: Reader,
    now: datetime,
    reason: str = "",
) -> StructureLock:
    """Lock a structure with this contour as the accepted one.

    RuleError when another contour of it is locked already: unlock that one first.
    """
    version = session.get(LabelVersion, label_version_id)
    if version is None:
        raise RuleError(f"There is no contour {label_version_id} to lock.")
    if version.source is LabelSource.PROPOSAL:
        raise RuleError(
            f"A contour of the study was expected, {label_version_id} is a proposal; take it first."
        )
    if version.source in APART:
        what = (
            "an error planted to measure vigilance"
            if version.source is LabelSource.PLANTED
            else "an empty start to measure time"
        )
        raise RuleError(
            f"A contour of the study was expected, {label_version_id} is {what}; it is never "
            "accepted."
        )
    if _is_kept_apart(session, label_version_id):
        raise RuleError(
            f"A contour of the study was expected, {label_version_id} corrects an error planted to "
            "measure vigilance, or was drawn from nothing to measure time; it is never accepted."
        )
    present = find_lock(session, version.case_id, version.structure)
    if present is not None and present.label_version_id == label_version_id:
        return present
    if present is not None:
        raise RuleError(
            f"{version.structure} of this case is locked with another accepted contour; unlock it "
            "with a reason first."
        )
    row = StructureLock(
        case_id=version.case_id,
        structure=version.structure,
        locked=True,
        label_version_id=label_version_id,
        reason=reason.strip(),
        by_id=stored_id(by),
        at_utc=now,
    )
    return _add(session, row, by)


def unlock_structure(
    session: Session, *, case_id: int, structure: str, reason: str, by: Reader, now: datetime
) -> StructureLock:
    """Open a locked structure to edits again; RuleError without a reason or a lock."""
    present = find_lock(session, case_id, structure)
    if present is None:
        raise RuleError(f"A locked structure was expected, {structure} is open to edits.")
    if not reason.strip():
        raise RuleError("Please give a reason for unlocking.")
    row = StructureLock(
        case_id=case_id,
        structure=structure,
        locked=False,
        label_version_id=present.label_version_id,
        reason=reason.strip(),
        by_id=stored_id(by),
        at_utc=now,
    )
    return _add(session, row, by)


def _add(session: Session, row: StructureLock, by: Reader) -> StructureLock:
    case = session.get_one(Case, row.case_id)
    if len(row.reason) > MAX_REASON:
        raise RuleError(f"A reason of at most {MAX_REASON} characters was expected.")
    session.add(row)
    session.flush()
    add_audit(
        session,
        at_utc=row.at_utc,
        actor=by.name,
        action="lock structure" if row.locked else "unlock structure",
        subject=f"{case.name} {row.structure}",
        label_version=row.label_version_id,
        reason=row.reason,
    )
    return row


def _is_kept_apart(session: Session, label_version_id: int) -> bool:
    """True for the revision of a planted error, and for a contour drawn from nothing."""
    found = session.exec(
        select(LabelVersion.source)
        .join(Revision, col(Revision.reviewed_id) == col(LabelVersion.id))
        .where(Revision.label_version_id == label_version_id)
    ).first()
    return found in APART


def check_draft_unlocked(session: Session, draft: Draft) -> None:
    """As `check_unlocked`, of what a draft corrects; who draws from nothing changes no label."""
    if not is_from_nothing(session, draft):
        check_unlocked(session, draft.case_id, draft.structure)


def check_unlocked(session: Session, case_id: int, structure: str) -> None:
    """Return when the structure is open to edits; DraftError `locked` otherwise."""
    if find_lock(session, case_id, structure) is not None:
        raise DraftError(
            Reason.LOCKED,
            f"{structure} is locked: its contour was accepted; an adjudicator can unlock it, with "
            "a reason.",
        )

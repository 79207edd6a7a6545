"""Submitted revisions as people see them, and what an adjudicator decides on each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from han5k_review.errors import RuleError
from han5k_review.review.decisions.locking import find_lock, lock_structure, unlock_structure
from han5k_review.review.declared_grades import list_declared_grades
from han5k_review.store.audit import add_audit
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import (
    Case,
    Grade,
    LabelVersion,
    Reader,
    Revision,
    RevisionDecision,
)
from han5k_review.store.vocabulary import APART, Decision, LabelSource

_DRAWN = "was drawn from nothing to measure time"


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionView:
    """A revision with its child label version and the newest decision, None while it waits.

    `grade` is its reader's grade of the corrected contour, given before or after the edit;
    `source` is where the corrected contour comes from.
    """

    revision: Revision
    child: LabelVersion
    case: str
    reader: str
    decision: RevisionDecision | None
    source: LabelSource
    grade: Grade | None = None


def decide_revision(
    session: Session,
    *,
    revision_id: int,
    decision: Decision,
    reason: str,
    adjudicator: Reader,
    now: datetime,
) -> RevisionDecision:
    """Accept or reject a revision; a rejection needs a reason, and nobody judges their own.

    Accepting locks the structure in its case (RuleError when another contour is locked already);
    rejecting what was accepted unlocks it.
    """
    revision = session.get(Revision, revision_id)
    if revision is None or adjudicator.id is None:
        raise RuleError(f"There is no revision {revision_id} to decide on.")
    if revision.reader_id == adjudicator.id:
        raise RuleError("This revision is your own; a second person decides it.")
    if decision is Decision.REJECTED and not reason.strip():
        raise RuleError("Please give a reason for rejecting.")
    source = session.get_one(LabelVersion, revision.reviewed_id).source
    if source in APART:
        planted = source is LabelSource.PLANTED
        why = "corrects an error that was planted to measure vigilance" if planted else _DRAWN
        raise RuleError(f"Revision {revision_id} {why}; it is kept, but never accepted.")
    _settle_lock(session, revision, decision, reason, adjudicator, now)
    row = RevisionDecision(
        revision_id=revision_id,
        decision=decision,
        reason=reason.strip(),
        decided_by_id=adjudicator.id,
        decided_at_utc=now,
    )
    session.add(row)
    add_audit(
        session,
        at_utc=now,
        actor=adjudicator.name,
        action=f"revision {decision.value}",
        subject=f"revision {revision_id}",
        reason=reason.strip(),
    )
    return row


def list_revisions(session: Session, case_id: int | None = None) -> Sequence[RevisionView]:
    """Revisions, oldest first, of one case or of all, each with its newest decision."""
    reviewed = aliased(LabelVersion)
    query = (
        sa.select(
            Revision, LabelVersion, col(Case.name), col(Reader.pseudonym), col(reviewed.source)
        )
        .join(LabelVersion, col(LabelVersion.id) == Revision.label_version_id)
        .join(reviewed, col(reviewed.id) == col(Revision.reviewed_id))
        .join(Case, col(Case.id) == LabelVersion.case_id)
        .join(Reader, col(Reader.id) == Revision.reader_id)
        .order_by(col(Revision.id))
    )
    if case_id is not None:
        query = query.where(col(LabelVersion.case_id) == case_id)
    grades = list_declared_grades(session, case_id)
    newest: dict[int, RevisionDecision] = {}
    for decision in session.exec(select(RevisionDecision).order_by(col(RevisionDecision.id))):
        newest[decision.revision_id] = decision
    return [
        RevisionView(
            revision=revision,
            child=child,
            case=case,
            reader=reader,
            decision=newest.get(stored_id(revision)),
            source=LabelSource(source),
            grade=grades.get(stored_id(revision)),
        )
        for revision, child, case, reader, source in session.execute(query)
    ]


def _settle_lock(
    session: Session,
    revision: Revision,
    decision: Decision,
    reason: str,
    adjudicator: Reader,
    now: datetime,
) -> None:
    child_id = revision.label_version_id
    if decision is Decision.ACCEPTED:
        lock_structure(session, label_version_id=child_id, by=adjudicator, now=now, reason=reason)
        return
    child = session.get(LabelVersion, child_id)
    lock = None if child is None else find_lock(session, child.case_id, child.structure)
    if lock is not None and lock.label_version_id == child_id:
        unlock_structure(
            session,
            case_id=lock.case_id,
            structure=lock.structure,
            reason=reason,
            by=adjudicator,
            now=now,
        )

"""Submitted revisions: a corrected contour is a child label version; an adjudicator decides."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from han5k_review.errors import RuleError
from han5k_review.imaging.mask import StructureMask
from han5k_review.review.decisions.locking import (
    check_unlocked,
    find_lock,
    lock_structure,
    unlock_structure,
)
from han5k_review.review.declared_grades import find_given_grade, list_declared_grades
from han5k_review.review.edit_check import EditMeasure, measure_edit
from han5k_review.review.labels import list_under_review
from han5k_review.review.signatures import check_unsigned
from han5k_review.store.audit import add_audit
from han5k_review.store.identity import stored_id
from han5k_review.store.label_files import LabelFiles
from han5k_review.store.proposal_tables import Proposal
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A finished edit of the contour `reviewed`, and what it amounts to against it.

    `started_from_id` is the label version the edit began with: `reviewed` itself, or an earlier
    revision. `active_seconds` is None for a file. `smart_steps`: smart tool -> steps it made;
    `prompts`: which servers answered prompts, each with the licence of its model.
    `program`: another one that it was drawn with, where known.
    """

    reviewed: LabelVersion
    started_from_id: int
    after: StructureMask
    measure: EditMeasure
    grade_id: int | None = None
    active_seconds: float | None = None
    smart_steps: Mapping[str, int] = field(default_factory=dict)
    prompts: Sequence[str] = ()
    program: str = ""


def submit_revision(
    session: Session,
    labels: LabelFiles,
    *,
    case: Case,
    structure: str,
    before: StructureMask,
    after: StructureMask,
    reader: Reader,
    now: datetime,
    program: str = "",
) -> Revision:
    """Store `after` as the revision of the contour under review, which must be `before`.

    `program` is what it was drawn with, for the audit trail. Raises RuleError when there is no
    contour under review, or nothing changed.
    """
    if case.id is None or reader.id is None:
        raise RuleError("A stored case and reader were expected.")
    reviewed = list_under_review(session, case.id).get(structure)
    if reviewed is None or reviewed.mask_sha256 != before.sha256:
        raise RuleError(f"{case.name}: {structure} has no such contour under review to revise.")
    if after.sha256 == before.sha256:
        raise RuleError(
            f"{case.name}: a changed contour of {structure} was expected, found the same one."
        )
    check_unlocked(session, case.id, structure)
    grade = find_given_grade(session, reader.id, stored_id(reviewed))
    if grade is not None:
        check_unsigned(session, grade.assignment_id)
    return add_revision(
        session,
        labels,
        case=case,
        reader=reader,
        edit=Edit(
            reviewed=reviewed,
            started_from_id=stored_id(reviewed),
            after=after,
            measure=measure_edit(before, after),
            grade_id=None if grade is None else grade.id,
            program=program,
        ),
        now=now,
    )


def add_revision(
    session: Session,
    labels: LabelFiles,
    *,
    case: Case,
    reader: Reader,
    edit: Edit,
    now: datetime,
) -> Revision:
    """Store a finished edit as a label version and its revision of the contour under review.

    Undefined numbers (nan) are stored as NULL, and so is an infinite HD95.
    """
    reviewed, after, measure = edit.reviewed, edit.after, edit.measure
    child = LabelVersion(
        case_id=stored_id(case),
        structure=reviewed.structure,
        source=LabelSource.REVISION,
        mask_sha256=labels.put_mask(after),
        voxels=after.voxel_count,
        volume_cc=after.volume_cc,
        started_from_id=edit.started_from_id,
        reader_id=stored_id(reader),
        created_at_utc=now,
    )
    session.add(child)
    session.flush()
    revision = Revision(
        label_version_id=stored_id(child),
        reviewed_id=stored_id(reviewed),
        grade_id=edit.grade_id,
        reader_id=stored_id(reader),
        vrd=None if math.isnan(measure.vrd) else measure.vrd,
        apl_mm=None if math.isnan(measure.apl_mm) else measure.apl_mm,
        slices_edited=measure.slices_edited,
        hd95_mm=measure.hd95_mm if math.isfinite(measure.hd95_mm) else None,
        active_seconds=edit.active_seconds,
        submitted_at_utc=now,
    )
    session.add(revision)
    session.flush()
    add_audit(
        session,
        at_utc=now,
        actor=reader.name,
        action="submit revision",
        subject=f"{case.name} {reviewed.structure}",
        revision=revision.id,
        **_describe_making(session, edit),
    )
    return revision


def _describe_making(session: Session, edit: Edit) -> dict[str, Any]:
    """What an edit was made with, and the proposal that it began with, for the audit trail.

    Nothing where only a hand was.
    """
    found = session.exec(
        select(Proposal).where(Proposal.label_version_id == edit.started_from_id)
    ).one_or_none()
    begun = {} if found is None else {"proposal": stored_id(found), "round": found.round_id}
    steps, prompts = dict(edit.smart_steps), list(edit.prompts)
    made = {"smart_steps": steps, "prompts": prompts, "program": edit.program, **begun}
    return {name: what for name, what in made.items() if what}


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

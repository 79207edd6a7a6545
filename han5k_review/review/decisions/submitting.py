"""Revisions that are submitted: a corrected contour is a child label version of its case."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from han5k_review.errors import RuleError
from han5k_review.imaging.mask import StructureMask
from han5k_review.review.decisions.locking import check_unlocked
from han5k_review.review.declared_grades import find_given_grade
from han5k_review.review.edit_check import EditMeasure, measure_edit
from han5k_review.review.labels import list_under_review
from han5k_review.review.signatures import check_unsigned
from han5k_review.store.audit import add_audit
from han5k_review.store.identity import stored_id
from han5k_review.store.label_files import LabelFiles
from han5k_review.store.proposal_tables import Proposal
from han5k_review.store.tables import Case, LabelVersion, Reader, Revision
from han5k_review.store.vocabulary import LabelSource


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
    edit = Edit(
        reviewed=reviewed,
        started_from_id=stored_id(reviewed),
        after=after,
        measure=measure_edit(before, after),
        program=program,
    )
    return add_whole_revision(session, labels, case=case, reader=reader, edit=edit, now=now)


def add_whole_revision(
    session: Session, labels: LabelFiles, *, case: Case, reader: Reader, edit: Edit, now: datetime
) -> Revision:
    """Store a contour that no draft made, a file's or a proposal's; it takes its reader's grade.

    RuleError where the structure is locked, or the read in which it was graded is signed.
    """
    check_unlocked(session, stored_id(case), edit.reviewed.structure)
    grade = find_given_grade(session, stored_id(reader), stored_id(edit.reviewed))
    if grade is not None:
        check_unsigned(session, grade.assignment_id)
        edit = replace(edit, grade_id=grade.id)
    return add_revision(session, labels, case=case, reader=reader, edit=edit, now=now)


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

"""Submission: a draft becomes a child label version and a revision, with its edit measured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from han5k_review.errors import DataError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.review.assistance import count_smart_steps, list_prompt_servers
from han5k_review.review.decisions.locking import check_draft_unlocked
from han5k_review.review.decisions.submitting import Edit, add_revision
from han5k_review.review.drafts.draft_mask import MaskShelf
from han5k_review.review.drafts.journal import replay
from han5k_review.review.drafts.leases import check_holder
from han5k_review.review.drafts.opening import close_draft, get_open_draft, is_outdated
from han5k_review.review.edit_check import EditCheck, check_drawn, check_grade, measure_edit
from han5k_review.review.edit_rules import EditRules
from han5k_review.review.grading import list_current_grades
from han5k_review.review.refusals import DraftError, Reason
from han5k_review.store.draft_tables import Draft, DraftSubmission
from han5k_review.store.identity import stored_id
from han5k_review.store.label_files import LabelFiles
from han5k_review.store.tables import Assignment, Case, Grade, LabelVersion, Reader, Revision
from han5k_review.store.vocabulary import DraftState, LabelSource


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedSubmission:
    """A draft at one version, measured; a version never changes, so this stays true.

    `from_nothing`: it began with an empty contour, and no grade stands beside it.
    """

    draft_id: int
    version: int
    before: StructureMask
    after: StructureMask
    base_sha256: str
    rules: EditRules
    check: EditCheck
    from_nothing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionRequest:
    """What a reader sends to submit; `request_id` makes a repeat harmless."""

    request_id: str
    holder: str
    draft_id: int
    version: int
    active_seconds: float
    confirmed: bool


def prepare_submission(
    session: Session,
    labels: LabelFiles,
    shelf: MaskShelf,
    *,
    draft: Draft,
    grid: Grid,
    rules: EditRules,
) -> PreparedSubmission:
    """Replay and measure a draft as it is now. Only reads: no lock is held meanwhile."""
    draft_mask = replay(session, labels, shelf, draft, grid)
    after = draft_mask.to_mask()
    shelf.put(stored_id(draft), draft_mask)
    reviewed = _get_version(session, draft.reviewed_label_version_id)
    base = _get_version(session, draft.base_label_version_id)
    if base.source is LabelSource.PROPOSAL:  # to submit a proposal as it is takes it
        base = reviewed
    before = labels.get_mask(reviewed.mask_sha256, grid)
    grade = _find_grade(session, draft)
    from_nothing = reviewed.source is LabelSource.EMPTY
    measure = measure_edit(before, after)
    return PreparedSubmission(
        draft_id=stored_id(draft),
        version=draft.version,
        before=before,
        after=after,
        base_sha256=base.mask_sha256,
        check=check_drawn(draft.structure, measure)
        if from_nothing
        else check_grade(draft.structure, measure, None if grade is None else grade.level, rules),
        rules=rules,
        from_nothing=from_nothing,
    )


def find_submission(
    session: Session, assignment: Assignment, request_id: str
) -> tuple[DraftSubmission, Revision] | None:
    """What an earlier send of the same request made, None when there was none."""
    row = session.exec(
        select(DraftSubmission, Revision)
        .join(Revision)
        .where(DraftSubmission.request_id == request_id)
    ).one_or_none()
    if row is None:
        return None
    draft = session.get(Draft, row[0].draft_id)
    if draft is None or draft.assignment_id != assignment.id:
        raise DraftError(
            Reason.KEY_REUSED, "A new request id was expected; this one belongs to another draft."
        )
    return row[0], row[1]


def submit_draft(
    session: Session,
    labels: LabelFiles,
    *,
    assignment: Assignment,
    reader: Reader,
    structure: str,
    request: SubmissionRequest,
    prepared: PreparedSubmission,
    now: datetime,
) -> tuple[DraftSubmission, Revision]:
    """Make the revision and close the draft.

    DraftError when the draft moved on, is not this tab's, is unchanged, is locked, revises a
    contour that was replaced, or disagrees with the grade in force and `confirmed` is False; then
    the error's `check` is the EditCheck.
    """
    session.get(Assignment, assignment.id, with_for_update=True)  # no grade comes meanwhile
    draft = get_open_draft(session, assignment, structure, request.draft_id)
    check_draft_unlocked(session, draft)
    check_holder(draft, request.holder)
    _check_state(session, draft, request, prepared)
    grade, check = _check_now(session, draft, request, prepared)
    draft.active_seconds += request.active_seconds
    revision = add_revision(
        session,
        labels,
        case=_get_case(session, draft.case_id),
        reader=reader,
        edit=Edit(
            reviewed=_get_version(session, draft.reviewed_label_version_id),
            started_from_id=draft.base_label_version_id,
            after=prepared.after,
            measure=check.measure,
            grade_id=None if grade is None else grade.id,
            active_seconds=draft.active_seconds,
            smart_steps=count_smart_steps(session, request.draft_id),
            prompts=list_prompt_servers(session, request.draft_id),
        ),
        now=now,
    )
    submission = DraftSubmission(
        draft_id=request.draft_id,
        revision_id=stored_id(revision),
        request_id=request.request_id,
        version=draft.version,
        slices_edited=check.measure.slices_edited,
        declared_level=check.declared,
        suggested_levels=[level.value for level in check.suggested],
        question=check.question,
        confirmed=request.confirmed,
        submitted_at_utc=now,
    )
    session.add(submission)
    close_draft(session, draft, DraftState.SUBMITTED, now)
    session.flush()
    return submission, revision


def _check_state(
    session: Session, draft: Draft, request: SubmissionRequest, prepared: PreparedSubmission
) -> None:
    if not draft.version == request.version == prepared.version:
        raise DraftError(
            Reason.OLD_VERSION if request.version < draft.version else Reason.GAP,
            f"Version {draft.version} of {draft.structure} was expected to be submitted, found "
            f"version {request.version}; send what is missing and look at it again.",
            version=draft.version,
        )
    if is_outdated(session, draft):
        raise DraftError(
            Reason.CONTOUR_REPLACED,
            f"The contour of {draft.structure} under review is a newer one than this draft "
            "corrects; download the draft if you need it, discard it, and start from the new one.",
        )
    after = prepared.after.sha256
    if prepared.from_nothing and prepared.after.is_empty:
        return  # that there is nothing to draw is an answer, too, once it is confirmed
    if after in (prepared.before.sha256, prepared.base_sha256):
        raise DraftError(
            Reason.UNCHANGED,
            f"A changed contour of {draft.structure} was expected, found the one it starts from.",
        )


def _check_now(
    session: Session, draft: Draft, request: SubmissionRequest, prepared: PreparedSubmission
) -> tuple[Grade | None, EditCheck]:
    """The grade in force and the edit beside it; DraftError when they disagree, unconfirmed."""
    grade = _find_grade(session, draft)
    level = None if grade is None else grade.level
    check = prepared.check
    if not prepared.from_nothing:
        check = check_grade(draft.structure, check.measure, level, prepared.rules)
    if check.question is not None and not request.confirmed:
        raise DraftError(Reason.GRADE_DISAGREES, check.question, check=check)
    return grade, check


def _find_grade(session: Session, draft: Draft) -> Grade | None:
    grade = list_current_grades(session, draft.assignment_id).get(draft.structure)
    if grade is None or grade.label_version_id != draft.reviewed_label_version_id:
        return None
    return grade


def _get_version(session: Session, version_id: int) -> LabelVersion:
    version = session.get(LabelVersion, version_id)
    if version is None:
        raise DataError(f"A stored contour {version_id} was expected, found none.")
    return version


def _get_case(session: Session, case_id: int) -> Case:
    case = session.get(Case, case_id)
    if case is None:
        raise DataError(f"A stored case {case_id} was expected, found none.")
    return case

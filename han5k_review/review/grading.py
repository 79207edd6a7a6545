"""Grading: one append-only row for each act; the current grade is the one nobody superseded."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from han5k_review.accounts.may import TaskAct, TaskState, Whose, list_allowed
from han5k_review.errors import AccessError, ConflictError, DataError, RuleError
from han5k_review.review.drawing import list_drawn
from han5k_review.review.grade_chain import (
    find_current_grade,
    list_graded_versions,
    select_newest_acts,
)
from han5k_review.review.labels import find_shown, list_shown_ids
from han5k_review.review.preferences import is_forced_choice, list_current_choices
from han5k_review.review.signatures import check_unsigned
from han5k_review.store.audit import add_audit
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Assignment, Case, Grade, Reader
from han5k_review.store.vocabulary import GradeLevel, LabelSource, Role, SourceGuess
from han5k_review.study.scale import ISSUE_TAGS, Scale

MAX_COMMENT = 4000
MOST_CONFIDENT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeRequest:
    """What a reader sends. `code` None withdraws the present grade (undo).

    `request_id` is made by the client once per act, so that a repeated send changes nothing.
    `in_bulk`: accepted with the rest that was scrolled through. `confidence` is 1 to 5.
    """

    request_id: str
    structure: str
    label_version_id: int
    code: str | None
    tags: tuple[str, ...] = ()
    comment: str = ""
    flagged_slices: tuple[int, ...] = ()
    opened_at_utc: datetime | None = None
    active_seconds: float | None = None
    in_bulk: bool = False
    confidence: int | None = None
    source_guess: SourceGuess | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeOutcome:
    """The stored grade, whether it was new, and how far the case is.

    `turn` counts the acts on its structure in this read, this one included.
    """

    grade: Grade
    turn: int
    is_new: bool
    graded: int
    total: int


def submit_grade(
    session: Session,
    *,
    assignment_id: int,
    reader: Reader,
    scale: Scale,
    request: GradeRequest,
    now: datetime,
) -> GradeOutcome:
    """Add a grade for one structure of an assignment.

    Raises AccessError for another reader's assignment, ConflictError when the label version is no
    longer the one under review or the request id was used for something else, RuleError for a
    code or tag the study does not have.
    """
    session.get(Assignment, assignment_id, with_for_update=True)  # one writer, one chain of grades
    assignment = get_own_assignment(session, assignment_id, reader)
    known = session.exec(select(Grade).where(Grade.request_id == request.request_id)).one_or_none()
    if known is not None:
        _check_same(known, assignment_id, request)
        return _outcome(session, assignment, known, is_new=False)
    if assignment.closed_at_utc is not None:
        raise RuleError(
            "A read that goes on was expected, this one was closed by the study lead or since its "
            "time was over; its grades are kept. Open your worklist for the next case."
        )
    if assignment.is_adjudication:
        raise RuleError(
            "A read of this case was expected to grade in, found the place where an adjudicator "
            "edits it; grades are given in the worklist."
        )
    check_unsigned(session, assignment_id)
    _check_label(session, assignment, request)
    grade = _build_grade(scale, assignment_id, request, now)
    _check_words(request)
    _check_slices(session, assignment, request)
    current = find_current_grade(session, assignment_id, request.structure)
    if request.code is None and current is None:
        raise RuleError(f"{request.structure} has no grade to withdraw.")
    grade.supersedes_id = _last_id(session, assignment_id, request.structure)
    session.add(grade)
    session.flush()
    add_audit(
        session,
        at_utc=now,
        actor=reader.name,
        action="grade" if request.code is not None else "withdraw grade",
        subject=f"assignment {assignment_id} {request.structure}",
        grade=grade.id,
        old=None if current is None else current.raw_code,
        new=request.code,
    )
    return _outcome(session, assignment, grade, is_new=True)


def _build_grade(scale: Scale, assignment_id: int, request: GradeRequest, now: datetime) -> Grade:
    """The row of a request; RuleError for a code that the scale does not have.

    With the rest only the grade without revision is accepted.
    """
    code = request.code
    level = None if code is None else scale.get_grade(code).level
    if request.in_bulk and level is not GradeLevel.NO:
        raise RuleError(
            f"Only the grade without revision can be given to the rest, found {code!r} for "
            f"{request.structure}; grade it by itself."
        )
    return Grade(
        assignment_id=assignment_id,
        label_version_id=request.label_version_id,
        structure=request.structure,
        scale=scale.name,
        raw_code=code,
        level=level,
        tags=list(request.tags),
        comment=request.comment,
        flagged_slices=list(request.flagged_slices),
        opened_at_utc=request.opened_at_utc,
        graded_at_utc=now,
        active_seconds=request.active_seconds,
        in_bulk=request.in_bulk,
        confidence=request.confidence,
        source_guess=request.source_guess,
        request_id=request.request_id,
    )


def get_own_assignment(session: Session, assignment_id: int, reader: Reader) -> Assignment:
    """The assignment, if it is this reader's; AccessError otherwise."""
    assignment = session.get(Assignment, assignment_id)
    if assignment is None or assignment.reader_id != reader.id:
        raise AccessError(f"Assignment {assignment_id} is not one of yours; open your worklist.")
    check_place(assignment, reader.role, Whose.OWN)
    return assignment


def check_place(assignment: Assignment, role: Role, whose: Whose) -> None:
    """AccessError for a place of adjudication, for who may not decide on revisions (any more)."""
    state = TaskState.PLACE if assignment.is_adjudication else TaskState.OPEN
    if role not in list_allowed(TaskAct.LOOK, whose, state):
        raise AccessError(f"Assignment {assignment.id} is for adjudicators; open your worklist.")


def list_current_grades(session: Session, assignment_id: int) -> Mapping[str, Grade]:
    """Structure -> the grade in force (superseded and withdrawn ones left out)."""
    found = list_grades_in_force(session, [assignment_id])
    return {structure: grade for (_, structure), grade in found.items()}


def list_grades_in_force(
    session: Session, assignment_ids: Collection[int]
) -> Mapping[tuple[int, str], Grade]:
    """(assignment id, structure) -> the grade in force, of several assignments in one query."""
    rows = session.exec(select_newest_acts().where(col(Grade.assignment_id).in_(assignment_ids)))
    return {(row.assignment_id, row.structure): row for row in rows if row.raw_code is not None}


def count_turns(session: Session, assignment_id: int) -> dict[str, int]:
    """Structure -> how many acts of grading there were in this read: which of two is newer."""
    rows = session.exec(
        select(col(Grade.structure), func.count())
        .where(Grade.assignment_id == assignment_id)
        .group_by(col(Grade.structure))
    )
    return {structure: int(count) for structure, count in rows}


def _count_acts(session: Session, assignment_id: int, structure: str, *, up_to: int) -> int:
    return session.exec(
        select(func.count())
        .select_from(Grade)
        .where(
            Grade.assignment_id == assignment_id,
            Grade.structure == structure,
            col(Grade.id) <= up_to,
        )
    ).one()


def _last_id(session: Session, assignment_id: int, structure: str) -> int | None:
    rows = session.exec(
        select(Grade.id)
        .where(Grade.assignment_id == assignment_id, Grade.structure == structure)
        .order_by(col(Grade.id).desc())
        .limit(1)
    )
    return rows.first()


def _check_same(known: Grade, assignment_id: int, request: GradeRequest) -> None:
    same = (
        known.assignment_id == assignment_id
        and known.structure == request.structure
        and known.raw_code == request.code
    )
    if not same:
        raise ConflictError(
            f"A new request id was expected for {request.structure}; {request.request_id!r} "
            "belongs to another grade."
        )


def _check_label(session: Session, assignment: Assignment, request: GradeRequest) -> None:
    if is_forced_choice(session, stored_id(assignment)):
        raise RuleError(
            "A read whose contours are graded was expected, found a forced choice; choose one of "
            "the two contours."
        )
    present = find_shown(session, assignment, request.structure)
    if present is None:
        raise DataError(f"{request.structure} has no pseudo-label in this case to grade.")
    if present.source is LabelSource.EMPTY:
        raise RuleError(
            f"A contour of {request.structure} to grade was expected, found a read that shows "
            "none; draw it from nothing and submit it."
        )
    if present.id != request.label_version_id:
        raise ConflictError(
            f"The grade for {request.structure} is for an older contour; reload the case to see "
            "the present one, then grade again."
        )


def _check_words(request: GradeRequest) -> None:
    unknown = [tag for tag in request.tags if tag not in ISSUE_TAGS]
    if unknown:
        raise RuleError(f"Issue tags of the study were expected, found {', '.join(unknown)}.")
    if len(request.comment) > MAX_COMMENT:
        raise RuleError(
            f"A comment of at most {MAX_COMMENT} characters was expected, found "
            f"{len(request.comment)}."
        )
    if request.confidence is not None and not 1 <= request.confidence <= MOST_CONFIDENT:
        raise RuleError(
            f"A confidence from 1 to {MOST_CONFIDENT} was expected, found {request.confidence}."
        )
    if not 8 <= len(request.request_id) <= 64:
        raise RuleError("A request id of 8 to 64 characters was expected.")
    if request.active_seconds is not None and not 0 <= request.active_seconds < 86_400:
        raise RuleError("Active seconds between 0 and one day were expected.")


def _check_slices(session: Session, assignment: Assignment, request: GradeRequest) -> None:
    slices = session.get_one(Case, assignment.case_id).shape_ijk[2]
    outside = [k for k in request.flagged_slices if not 0 <= k < slices]
    if outside:
        raise RuleError(
            f"Flagged slices from 0 to {slices - 1} were expected in this CT, found {outside[0]}."
        )


def _outcome(
    session: Session, assignment: Assignment, grade: Grade, *, is_new: bool
) -> GradeOutcome:
    graded, total = count_graded(session, assignment)
    turn = _count_acts(session, grade.assignment_id, grade.structure, up_to=stored_id(grade))
    return GradeOutcome(grade=grade, turn=turn, is_new=is_new, graded=graded, total=total)


def count_graded(session: Session, assignment: Assignment) -> tuple[int, int]:
    """(structures with a grade, a choice or a drawn contour, structures that the read shows).

    DataError for an assignment that is not stored.
    """
    if assignment.id is None:
        raise DataError("A stored assignment was expected.")
    shown = list_shown_ids(session, assignment)
    done = list_graded_versions(session, assignment.id)
    drawn: Collection[str] = ()
    if assignment.protocol_id is not None:  # no other read chooses, or draws from nothing
        done |= {one.left_id for one in list_current_choices(session, assignment.id).values()}
        drawn = list_drawn(session, assignment.id)
    return sum(number in done or name in drawn for name, number in shown.items()), len(shown)

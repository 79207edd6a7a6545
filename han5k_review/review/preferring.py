"""Choosing: one append-only row for each act; the choice that counts is the one nobody superseded.

It comes by the same road as a grade (`GradeRequest`), so that what a browser keeps, sends again and
takes back works alike; it is stored apart, so that no statistic of grades can take it for one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from han5k_review.errors import ConflictError, DataError, RuleError
from han5k_review.review.grading import MAX_COMMENT, GradeRequest, get_own_assignment
from han5k_review.review.preferences import list_answers, list_current_choices, list_pairs
from han5k_review.review.signatures import check_unsigned
from han5k_review.store.audit import add_audit
from han5k_review.store.identity import stored_id
from han5k_review.store.preference_tables import Preference
from han5k_review.store.tables import Assignment, Reader
from han5k_review.store.vocabulary import Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceOutcome:
    """The stored choice, whether it was new, and how far the read is; `turn` as of a grade."""

    preference: Preference
    turn: int
    is_new: bool
    chosen: int
    total: int


def submit_choice(
    session: Session,
    *,
    assignment_id: int,
    reader: Reader,
    request: GradeRequest,
    now: datetime,
) -> ChoiceOutcome:
    """Add a choice for one structure of a forced choice; `request.code` None takes it back.

    Raises AccessError for another reader's read, ConflictError when the contours are others or the
    request id was used for something else, RuleError for an answer that the protocol does not have.
    """
    session.get(Assignment, assignment_id, with_for_update=True)  # one writer, one chain of choices
    assignment = get_own_assignment(session, assignment_id, reader)
    known = session.exec(
        select(Preference).where(Preference.request_id == request.request_id)
    ).one_or_none()
    if known is not None:
        _check_same(known, assignment_id, request)
        return _outcome(session, known, is_new=False)
    if assignment.closed_at_utc is not None:
        raise RuleError(
            "A read that goes on was expected, this one was closed by the study lead or since its "
            "time was over; its choices are kept. Open your worklist for the next case."
        )
    check_unsigned(session, assignment_id)
    row = _build(session, assignment, request, now)
    session.add(row)
    session.flush()
    add_audit(
        session,
        at_utc=now,
        actor=reader.name,
        action="choose" if row.choice is not None else "take choice back",
        subject=f"assignment {assignment_id} {request.structure}",
        preference=row.id,
        new=row.choice,
    )
    return _outcome(session, row, is_new=True)


def _build(
    session: Session, assignment: Assignment, request: GradeRequest, now: datetime
) -> Preference:
    number = stored_id(assignment)
    pair = list_pairs(session, number).get(request.structure)
    if pair is None or pair.right_id is None:
        raise DataError(
            f"A structure of this read was expected, found {request.structure!r}; reload the case."
        )
    if pair.label_version_id != request.label_version_id:
        raise ConflictError(
            f"The choice for {request.structure} is for other contours; reload the case to see "
            "those of now, then choose again."
        )
    choice = _read_choice(session, assignment, request)
    if choice is None and request.structure not in list_current_choices(session, number):
        raise RuleError(f"{request.structure} has no choice to take back.")
    return Preference(
        assignment_id=number,
        structure=request.structure,
        left_id=pair.label_version_id,
        right_id=pair.right_id,
        choice=choice,
        comment=request.comment,
        opened_at_utc=request.opened_at_utc,
        chosen_at_utc=now,
        active_seconds=request.active_seconds,
        supersedes_id=_last_id(session, number, request.structure),
        request_id=request.request_id,
    )


def _read_choice(session: Session, assignment: Assignment, request: GradeRequest) -> Choice | None:
    """The answer; RuleError for one that this read does not take, or for what belongs to grades."""
    if request.tags or request.flagged_slices or request.in_bulk or request.confidence:
        raise RuleError("A choice with a comment at most was expected, found notes of a grade.")
    if len(request.comment) > MAX_COMMENT or not 8 <= len(request.request_id) <= 64:
        raise RuleError(
            f"A comment of at most {MAX_COMMENT} characters and a request id of 8 to 64 were "
            f"expected, found {len(request.comment)} and {len(request.request_id)}."
        )
    answers = list_answers(session, assignment)
    if request.code is not None and request.code not in answers:
        raise RuleError(
            f"One of {', '.join(answers)} was expected, found {request.code!r}; choose again."
        )
    return None if request.code is None else Choice(request.code)


def _check_same(known: Preference, assignment_id: int, request: GradeRequest) -> None:
    same = (known.assignment_id, known.structure, known.choice) == (
        assignment_id,
        request.structure,
        request.code,
    )
    if not same:
        raise ConflictError(
            f"A new request id was expected for {request.structure}; {request.request_id!r} "
            "belongs to another choice."
        )


def _last_id(session: Session, assignment_id: int, structure: str) -> int | None:
    return session.exec(
        select(func.max(col(Preference.id))).where(
            Preference.assignment_id == assignment_id, Preference.structure == structure
        )
    ).one()


def _outcome(session: Session, row: Preference, *, is_new: bool) -> ChoiceOutcome:
    turn = session.exec(
        select(func.count())
        .select_from(Preference)
        .where(
            Preference.assignment_id == row.assignment_id,
            Preference.structure == row.structure,
            col(Preference.id) <= stored_id(row),
        )
    ).one()
    return ChoiceOutcome(
        preference=row,
        turn=turn,
        is_new=is_new,
        chosen=len(list_current_choices(session, row.assignment_id)),
        total=len(list_pairs(session, row.assignment_id)),
    )

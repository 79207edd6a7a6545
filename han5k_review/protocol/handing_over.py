"""Handing reads over: to another reader, or for good when a reader leaves half-way.

Done work is kept. A read that nobody began moves as it is; of one that was begun the rest goes to
the new reader, and the read is closed with the grades it has.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from han5k_review.errors import RuleError
from han5k_review.review.assigning import (
    NewRead,
    ShownContour,
    append_reads,
    list_untouched,
    unassign_cases,
)
from han5k_review.review.drawing import list_drawn
from han5k_review.review.grading import list_grades_in_force
from han5k_review.review.labels import list_shown
from han5k_review.review.preferences import list_current_choices
from han5k_review.store.audit import add_audit
from han5k_review.store.draft_tables import Draft
from han5k_review.store.engine import queue_writers
from han5k_review.store.identity import stored_id
from han5k_review.store.protocol_tables import ReadContour
from han5k_review.store.tables import ADJUDICATION_INDEX, Assignment, Case, Reader
from han5k_review.store.vocabulary import DraftState
from han5k_review.texts.counts import say_count


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """What is handed over: reads that move as they are, reads whose rest moves, closed repeats.

    `kept` are cases that the new reader reads already: these stay where they are.
    """

    whole: tuple[int, ...]
    rest: tuple[int, ...]
    repeats: tuple[int, ...]
    kept: tuple[str, ...]


def plan_hand_over(
    session: Session, *, leaving: Reader, coming: Reader, cases: Collection[str] | None = None
) -> HandOver:
    """What would move from `leaving` to `coming`; nothing is written.

    With `cases` only reads of these that nobody began (reassigning); else everything unfinished
    (replacing). RuleError for one and the same reader, or a closed account.
    """
    if leaving.id == coming.id:
        raise RuleError(f"Two different readers were expected, found {leaving.name} twice.")
    if not coming.active:
        raise RuleError(f"An open account was expected, {coming.name}'s is closed.")
    untouched = {stored_id(row) for row, _ in list_untouched(session, stored_id(leaving))}
    theirs = set(
        session.exec(
            select(Assignment.case_id).where(
                Assignment.reader_id == coming.id, Assignment.read_index > ADJUDICATION_INDEX
            )
        )
    )
    whole, rest, repeats, kept = [], [], [], []
    for row, name in _list_unfinished(session, stored_id(leaving)):
        number = stored_id(row)
        is_free = number in untouched
        if cases is not None and (name not in cases or not is_free):
            continue
        if row.repeat_of_id is not None:
            if row.repeat_of_id not in untouched:
                repeats.append(number)  # only the first reader could repeat it
        elif row.case_id in theirs:
            kept.append(name)
        elif is_free:
            whole.append(number)
        else:
            rest.append(number)
    return HandOver(
        whole=tuple(whole), rest=tuple(rest), repeats=tuple(repeats), kept=tuple(sorted(set(kept)))
    )


def describe_hand_over(plan: HandOver, leaving: str, coming: str) -> str:
    """What moves, what is closed, and what stays, by the names of both readers."""
    said = []
    if plan.whole:
        said.append(f"{say_count(len(plan.whole), 'read')} that nobody began")
    if plan.rest:
        said.append(f"the rest of {say_count(len(plan.rest), 'begun read')}")
    sentences = [f"No unfinished read can go to {coming}."]
    if said:
        sentences = [f"{' and '.join(said)} can go to {coming}; done work is kept."]
        sentences = [sentences[0][0].upper() + sentences[0][1:]]
    if plan.repeats:
        closed = say_count(len(plan.repeats), "repeat is", "repeats are")
        sentences.append(f"{closed} closed: only {leaving} could repeat what was read first.")
    if plan.kept:
        sentences.append(f"{coming} reads these already, they stay: {', '.join(plan.kept)}.")
    return " ".join(sentences)


def hand_over(
    session: Session,
    plan: HandOver,
    *,
    leaving: Reader,
    coming: Reader,
    actor: str,
    now: datetime,
) -> int:
    """Do it; how many reads came to the end of the new reader's list.

    RuleError when nothing moves, or when a read was begun meanwhile.
    """
    queue_writers(session, "assignment")
    if not (plan.whole or plan.rest or plan.repeats):
        raise RuleError(
            f"Reads that can go from {leaving.name} to {coming.name} were expected, found none."
        )
    rows = {n: session.get_one(Assignment, n) for n in (*plan.whole, *plan.rest)}
    new = [_copy(session, row) for n, row in rows.items() if n in plan.whole]
    new += [_rest(session, row) for n, row in rows.items() if n in plan.rest]
    repeats = _list_repeats(session, plan.whole)
    if plan.whole:
        unassign_cases(session, reader=leaving, assignment_ids=plan.whole, actor=actor, now=now)
    for number in (*plan.rest, *plan.repeats):
        _close(session, session.get_one(Assignment, number), now)
    moved = append_reads(
        session, stored_id(coming), [r for r in new if r.contours or not r.protocol_id], now=now
    )
    _repeat_again(session, coming, plan.whole, repeats, moved, now)
    add_audit(
        session,
        at_utc=now,
        actor=actor,
        action="hand reads over",
        subject=f"reader {leaving.pseudonym} to reader {coming.pseudonym}",
        whole=len(plan.whole),
        rest=len(plan.rest),
        closed=len(plan.rest) + len(plan.repeats),
        kept=list(plan.kept),
    )
    return len(moved)


def _list_unfinished(session: Session, reader_id: int) -> list[tuple[Assignment, str]]:
    """A reader's open reads with something left to grade, in list order, with the case's name."""
    rows = session.exec(
        select(Assignment, Case.name)
        .join(Case, col(Case.id) == col(Assignment.case_id))
        .where(
            Assignment.reader_id == reader_id,
            Assignment.read_index > ADJUDICATION_INDEX,
            col(Assignment.closed_at_utc).is_(None),
        )
        .order_by(col(Assignment.presentation_order))
    ).all()
    return [(row, name) for row, name in rows if _left(session, row)]


def _left(session: Session, row: Assignment) -> dict[str, ShownContour]:
    """Structure -> what this read still has to grade, to choose from or to draw."""
    number = stored_id(row)
    graded = {one.label_version_id for one in list_grades_in_force(session, [number]).values()}
    graded |= {one.left_id for one in list_current_choices(session, number).values()}
    drawn = list_drawn(session, number)
    own = _list_own(session, row)
    return {
        structure: own.get(structure, ShownContour(label_version_id=stored_id(version)))
        for structure, version in list_shown(session, row).items()
        if version.id not in graded and structure not in drawn
    }


def _copy(session: Session, row: Assignment) -> NewRead:
    return _read(row, _list_own(session, row))


def _list_own(session: Session, row: Assignment) -> dict[str, ShownContour]:
    """Structure -> what a read of a protocol shows of it."""
    own = session.exec(select(ReadContour).where(ReadContour.assignment_id == row.id))
    return {
        one.structure: ShownContour(
            label_version_id=one.label_version_id,
            right_id=one.right_id,
            left_source=one.left_source,
            right_source=one.right_source,
        )
        for one in own
    }


def _rest(session: Session, row: Assignment) -> NewRead:
    """What is left of a begun read; one without a protocol is read anew as a whole."""
    return _read(row, {} if row.protocol_id is None else _left(session, row))


def _read(row: Assignment, contours: dict[str, ShownContour]) -> NewRead:
    return NewRead(
        case_id=row.case_id,
        protocol_id=row.protocol_id,
        contours=contours,
        alias=None if row.alias is None else f"{row.alias}H",
        is_calibration=row.is_calibration,
        blinded=row.blinded,
    )


def _list_repeats(session: Session, whole: Sequence[int]) -> dict[int, NewRead]:
    """First read -> its repeat, of the reads that move as they are."""
    rows = session.exec(select(Assignment).where(col(Assignment.repeat_of_id).in_(whole)))
    return {row.repeat_of_id: _copy(session, row) for row in rows if row.repeat_of_id is not None}


def _repeat_again(
    session: Session,
    coming: Reader,
    whole: Sequence[int],
    repeats: dict[int, NewRead],
    moved: Sequence[Assignment],
    now: datetime,
) -> None:
    """The repeats of the reads that moved, now of the new rows."""
    again = [
        NewRead(
            case_id=found.case_id,
            protocol_id=found.protocol_id,
            contours=found.contours,
            alias=found.alias,
            repeats=row.id,
            blinded=found.blinded,
        )
        for number, row in zip(whole, moved, strict=False)
        if (found := repeats.get(number)) is not None
    ]
    append_reads(session, stored_id(coming), again, now=now)


def _close(session: Session, row: Assignment, now: datetime) -> None:
    """No more is graded or edited here; what is there stays."""
    row.closed_at_utc = now
    session.add(row)
    for draft in session.exec(
        select(Draft).where(Draft.assignment_id == row.id, Draft.state == DraftState.OPEN)
    ):
        draft.state, draft.changed_at_utc = DraftState.DISCARDED, now
        draft.lease_holder = draft.lease_until_utc = None
        session.add(draft)

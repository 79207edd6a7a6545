"""Signatures that stand: which reads are signed, and may therefore not be changed.

check_unsigned(session, assignment_id=12)      # RuleError when the read is signed
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlmodel import Session, col, func, select

from han5k_review.accounts.may import TaskAct, TaskState, Whose, list_allowed
from han5k_review.errors import AccessError, RuleError
from han5k_review.store.signature_tables import ReadSignature
from han5k_review.store.tables import ADJUDICATION_INDEX, Assignment
from han5k_review.store.vocabulary import SignatureAct


def list_signatures(
    session: Session,
    assignment_ids: Collection[int] | None = None,
    *,
    reader_id: int | None = None,
) -> Mapping[int, ReadSignature]:
    """Assignment id -> the signature that stands on it: of these reads, a reader's, or all."""
    newest = select(func.max(col(ReadSignature.id))).group_by(col(ReadSignature.assignment_id))
    if assignment_ids is not None:
        newest = newest.where(col(ReadSignature.assignment_id).in_(assignment_ids))
    if reader_id is not None:
        own = select(Assignment.id).where(Assignment.reader_id == reader_id)
        newest = newest.where(col(ReadSignature.assignment_id).in_(own))
    rows = session.exec(
        select(ReadSignature).where(
            col(ReadSignature.id).in_(newest), ReadSignature.act == SignatureAct.SIGNED
        )
    )
    return {row.assignment_id: row for row in rows}


def find_signature(session: Session, assignment_id: int) -> ReadSignature | None:
    """The signature that stands on a read, None when it is open."""
    newest = session.exec(
        select(ReadSignature)
        .where(ReadSignature.assignment_id == assignment_id)
        .order_by(col(ReadSignature.id).desc())
        .limit(1)
    ).first()
    return newest if newest is not None and newest.act is SignatureAct.SIGNED else None


def check_unsigned(session: Session, assignment_id: int) -> None:
    """RuleError when the read is signed: nothing in it changes until a lead unlocks it."""
    found = find_signature(session, assignment_id)
    if found is not None and not list_allowed(TaskAct.CHANGE, Whose.OWN, TaskState.SIGNED):
        raise RuleError(
            f"An open read was expected, found one signed by {found.signer} on "
            f"{found.at_utc:%Y-%m-%d %H:%M} UTC; ask the study lead to unlock it."
        )


def check_sees_sources(session: Session, reader_id: int, case_id: int) -> None:
    """AccessError while this person has a blinded read of the case that is not signed.

    A role that may see every contour of a case must not, before its own blinded read is final.
    """
    if case_id in list_blind_cases(session, reader_id, case_id):
        raise AccessError(
            "You read this case blind: its other contours, metrics and grades are shown once you "
            "have graded it and signed your read."
        )


def list_blind_cases(session: Session, reader_id: int, case_id: int | None = None) -> set[int]:
    """The cases that a person reads blind and has not signed, of which they may see nothing else.

    `case_id`: only whether this one is among them.
    """
    if list_allowed(TaskAct.LOOK, Whose.OTHERS, TaskState.BLIND):
        return set()
    wanted = select(Assignment.id, Assignment.case_id).where(
        Assignment.reader_id == reader_id,
        col(Assignment.blinded),
        Assignment.read_index > ADJUDICATION_INDEX,
    )
    if case_id is not None:
        wanted = wanted.where(Assignment.case_id == case_id)
    reads = {read: case for read, case in session.exec(wanted) if read is not None}
    signed = list_signatures(session, reads.keys()) if reads else {}
    return {case for read, case in reads.items() if read not in signed}

"""Pauses: reading stops for one reader or for all, and goes on; what is done stays."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, or_, select

from han5k_review.errors import RuleError
from han5k_review.store.audit import add_audit
from han5k_review.store.protocol_tables import ReadingPause
from han5k_review.store.tables import Reader


def find_pause(session: Session, reader_id: int) -> ReadingPause | None:
    """The pause that holds this reader back now, None while they may read."""
    rows = session.exec(
        select(ReadingPause)
        .where(or_(ReadingPause.reader_id == reader_id, col(ReadingPause.reader_id).is_(None)))
        .order_by(col(ReadingPause.id))
    )
    newest = {row.reader_id: row for row in rows}
    return next((row for row in newest.values() if row.paused), None)


def pause_reading(
    session: Session, reader: Reader | None, *, reason: str, actor: str, now: datetime
) -> None:
    """No further case is offered to this reader, or to anybody (None), until reading is resumed.

    RuleError without a reason, or where it is paused already.
    """
    if not reason.strip():
        raise RuleError("A reason for the pause was expected, found none; the readers see it.")
    _write(session, reader, paused=True, reason=reason, actor=actor, now=now)


def resume_reading(session: Session, reader: Reader | None, *, actor: str, now: datetime) -> None:
    """Reading goes on; RuleError where it is not paused."""
    _write(session, reader, paused=False, reason="", actor=actor, now=now)


def _write(
    session: Session,
    reader: Reader | None,
    *,
    paused: bool,
    reason: str,
    actor: str,
    now: datetime,
) -> None:
    number = None if reader is None else reader.id
    whose = "all readers" if reader is None else reader.name
    present = session.exec(
        select(ReadingPause)
        .where(
            col(ReadingPause.reader_id).is_(None)
            if number is None
            else ReadingPause.reader_id == number
        )
        .order_by(col(ReadingPause.id).desc())
        .limit(1)
    ).first()
    if (present is not None and present.paused) == paused:
        raise RuleError(f"Reading of {whose} is {'paused already' if paused else 'not paused'}.")
    session.add(
        ReadingPause(
            reader_id=number, paused=paused, reason=reason.strip(), actor=actor, at_utc=now
        )
    )
    add_audit(
        session,
        at_utc=now,
        actor=actor,
        action="pause reading" if paused else "resume reading",
        subject=whose if reader is None else f"reader {reader.pseudonym}",
        reason=reason.strip(),
    )

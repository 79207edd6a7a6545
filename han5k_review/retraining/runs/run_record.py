"""The run's record: each change of state is a transition of the table, an event, an audit row."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from han5k_review.errors import DataError
from han5k_review.retraining.runs.lifecycle import WORK, Event, Step, advance
from han5k_review.store.audit import add_audit
from han5k_review.store.identity import stored_id
from han5k_review.store.run_tables import RetrainRun, RunEvent


def get_run(session: Session, run_id: int) -> RetrainRun:
    """The run; DataError when there is none."""
    run = session.get(RetrainRun, run_id)
    if run is None:
        raise DataError(f"A retraining run {run_id} was expected, found none.")
    return run


def move_run(
    session: Session,
    run: RetrainRun,
    event: Event,
    *,
    actor: str,
    now: datetime,
    reason: str = "",
    **detail: Any,
) -> Step:
    """Apply `event`; RuleError when the run's state does not allow it."""
    before = run.state
    step = advance(before, event)
    run.state = step.state
    if step.state not in WORK:
        run.worker = run.pid = run.pid_started = None
        run.finished_at_utc = now
    if event is Event.FAILED:
        run.error = reason
    session.add(run)
    payload = {"from": before.value, "to": step.state.value, "by": event.value, **detail}
    note_event(session, run, "state", now, reason=reason, **payload)
    add_audit(
        session,
        at_utc=now,
        actor=actor,
        action=f"run {event.value}",
        subject=f"run {run.id}",
        reason=reason,
        **payload,
    )
    return step


def note_event(session: Session, run: RetrainRun, kind: str, now: datetime, **payload: Any) -> None:
    """Append one event to the run's history."""
    session.add(RunEvent(run_id=stored_id(run), at_utc=now, kind=kind, payload=payload))


def list_events(session: Session, run_id: int, kind: str | None = None) -> list[RunEvent]:
    """Events of a run, oldest first."""
    query = select(RunEvent).where(RunEvent.run_id == run_id).order_by(col(RunEvent.id))
    if kind is not None:
        query = query.where(RunEvent.kind == kind)
    return list(session.exec(query))


def count_epochs(session: Session, run_id: int) -> int:
    """How many epochs are in the run's history."""
    query = select(func.count()).where(
        col(RunEvent.run_id) == run_id, col(RunEvent.kind) == "epoch"
    )
    return session.exec(query).one()

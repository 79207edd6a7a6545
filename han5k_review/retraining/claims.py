"""Claims: which worker holds a run or a prediction. One conditional UPDATE decides."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Engine
from sqlmodel import Session, col, select, update

from han5k_review.errors import ConflictError
from han5k_review.retraining.launcher import ProcessId, identify
from han5k_review.retraining.lifecycle import WORK, Event
from han5k_review.retraining.machine import gpu_numbers
from han5k_review.retraining.prediction_record import get_prediction, move_prediction
from han5k_review.retraining.record import get_run, move_run
from han5k_review.store.engine import transaction
from han5k_review.store.prediction_tables import PredictionRun
from han5k_review.store.run_tables import RetrainRun
from han5k_review.store.tables import StudyInfo
from han5k_review.store.vocabulary import PredictionState, RunState

LEASE = timedelta(seconds=60)
_Table = type[RetrainRun] | type[PredictionRun]


def make_worker_name() -> str:
    """host/pid/start/token: tells on this machine whether the worker still lives."""
    me = identify(os.getpid())
    return f"{socket.gethostname()}/{me.pid}/{me.started}/{uuid.uuid4().hex[:6]}"


def claim_run(
    engine: Engine, device: str, worker: str, now: datetime, *, only: int | None = None
) -> int | None:
    """Take an orphaned run of the device, or the oldest queued one when the device is free.

    A run is orphaned when its worker let go of it, is dead on this machine, or has not been
    heard of for `LEASE`. With `only`, no other run is taken. None when there is nothing to take.
    """
    try:
        with transaction(engine) as session:
            _queue_up(session)
            found = _adopt(session, RetrainRun, list(WORK), device, worker, now, only)
            if found is None:
                found = _take(session, RetrainRun, RunState.QUEUED, device, worker, now, only)
                if found is not None:
                    run = get_run(session, found)
                    session.refresh(run)
                    move_run(session, run, Event.CLAIMED, actor=worker, now=now)
                    session.flush()
            return found
    except ConflictError:  # another worker took the device in this very moment
        return None


def claim_prediction(
    engine: Engine, device: str, worker: str, now: datetime, *, only: int | None = None
) -> int | None:
    """The same for a prediction; one device draws or trains, never both."""
    drawing, queued = PredictionState.DRAWING, PredictionState.QUEUED
    try:
        with transaction(engine) as session:
            _queue_up(session)
            found = _adopt(session, PredictionRun, [drawing], device, worker, now, only)
            if found is None:
                found = _take(session, PredictionRun, queued, device, worker, now, only)
                if found is not None:
                    row = get_prediction(session, found)
                    session.refresh(row)
                    move_prediction(session, row, drawing, actor=worker, now=now)
                    session.flush()
            return found
    except ConflictError:
        return None


def release_run(engine: Engine, run_id: int, worker: str) -> None:
    """Let go of a run that is still being worked on, so that another worker adopts it at once."""
    _release(engine, RetrainRun, run_id, worker)


def release_prediction(engine: Engine, prediction_id: int, worker: str) -> None:
    """Let go of a prediction likewise."""
    _release(engine, PredictionRun, prediction_id, worker)


def _release(engine: Engine, table: _Table, row_id: int, worker: str) -> None:
    with transaction(engine) as session:
        session.exec(
            update(table)
            .where(col(table.id) == row_id, col(table.worker) == worker)
            .values(worker=None)
        )


def _queue_up(session: Session) -> None:
    """One claim after the other, on PostgreSQL too, where two writers do not wait by themselves."""
    session.exec(select(StudyInfo.id).with_for_update()).first()


def _adopt(
    session: Session,
    table: _Table,
    working: Sequence[str],
    device: str,
    worker: str,
    now: datetime,
    only: int | None,
) -> int | None:
    query = select(table).where(col(table.state).in_(working), table.device == device)
    rows = cast("Sequence[RetrainRun | PredictionRun]", session.exec(query).all())
    for row in rows:
        if (only is None or row.id == only) and _is_orphaned(row, now):
            changed = session.exec(
                update(table)
                .where(col(table.id) == row.id, col(table.worker) == row.worker)
                .where(col(table.heartbeat_at_utc) == row.heartbeat_at_utc)
                .values(worker=worker, heartbeat_at_utc=now)
            )
            if changed.rowcount == 1:
                return row.id
    return None


def _take(
    session: Session,
    table: _Table,
    queued: str,
    device: str,
    worker: str,
    now: datetime,
    only: int | None,
) -> int | None:
    query = (
        select(table.id)
        .where(table.state == queued, table.device == device)
        .order_by(col(table.id))
    )
    row_id = next((i for i in session.exec(query) if only in (None, i)), None)
    if row_id is None or _device_is_busy(session, device):
        return None
    changed = session.exec(
        update(table)
        .where(col(table.id) == row_id, col(table.state) == queued)
        .where(col(table.worker).is_(None))
        .values(worker=worker, heartbeat_at_utc=now, started_at_utc=now, attempt=1)
    )
    return row_id if changed.rowcount == 1 else None


def _device_is_busy(session: Session, device: str) -> bool:
    """True while a run or a prediction is worked on there; `cuda:0,1` takes both GPUs."""
    wanted = _parts(device)
    held = (
        (RetrainRun, list(WORK)),
        (PredictionRun, [PredictionState.DRAWING]),
    )
    for table, states in held:
        query = select(table.device).where(col(table.state).in_(states))
        if any(_parts(other) & wanted for other in session.exec(query)):
            return True
    return False


def _parts(device: str) -> frozenset[str]:
    return frozenset(f"GPU {n}" for n in gpu_numbers(device)) or frozenset({device})


def _is_orphaned(run: RetrainRun | PredictionRun, now: datetime) -> bool:
    if run.worker is None or run.heartbeat_at_utc is None:
        return True
    host, pid, started, _ = run.worker.split("/")
    if host == socket.gethostname():
        return not ProcessId(pid=int(pid), started=started).is_alive
    return now - run.heartbeat_at_utc > LEASE

"""Claims: which worker holds a run. One conditional UPDATE decides, so that two never hold one."""

from __future__ import annotations

import os
import socket
import uuid
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session, col, select, update

from han5k_review.errors import ConflictError
from han5k_review.retraining.launcher import ProcessId, identify
from han5k_review.retraining.lifecycle import WORK, Event
from han5k_review.retraining.record import get_run, move_run
from han5k_review.store.engine import transaction
from han5k_review.store.run_tables import RetrainRun
from han5k_review.store.vocabulary import RunState

LEASE = timedelta(seconds=60)


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
            return _adopt(session, device, worker, now, only) or _take(
                session, device, worker, now, only
            )
    except ConflictError:  # another worker took the device in this very moment
        return None


def release_run(engine: Engine, run_id: int, worker: str) -> None:
    """Let go of a run that is still being worked on, so that another worker adopts it at once."""
    with transaction(engine) as session:
        session.exec(
            update(RetrainRun)
            .where(col(RetrainRun.id) == run_id, col(RetrainRun.worker) == worker)
            .values(worker=None)
        )


def _adopt(
    session: Session, device: str, worker: str, now: datetime, only: int | None
) -> int | None:
    query = select(RetrainRun).where(
        col(RetrainRun.state).in_(list(WORK)), RetrainRun.device == device
    )
    for run in session.exec(query):
        if (only is None or run.id == only) and _is_orphaned(run, now):
            changed = session.exec(
                update(RetrainRun)
                .where(col(RetrainRun.id) == run.id, col(RetrainRun.worker) == run.worker)
                .where(col(RetrainRun.heartbeat_at_utc) == run.heartbeat_at_utc)
                .values(worker=worker, heartbeat_at_utc=now)
            )
            if changed.rowcount == 1:
                return run.id
    return None


def _take(
    session: Session, device: str, worker: str, now: datetime, only: int | None
) -> int | None:
    query = (
        select(RetrainRun.id)
        .where(RetrainRun.state == RunState.QUEUED, RetrainRun.device == device)
        .order_by(col(RetrainRun.id))
    )
    run_id = next((i for i in session.exec(query) if only in (None, i)), None)
    if run_id is None or _device_is_busy(session, device):
        return None
    changed = session.exec(
        update(RetrainRun)
        .where(col(RetrainRun.id) == run_id, col(RetrainRun.state) == RunState.QUEUED)
        .where(col(RetrainRun.worker).is_(None))
        .values(worker=worker, heartbeat_at_utc=now, started_at_utc=now, attempt=1)
    )
    if changed.rowcount != 1:
        return None
    run = get_run(session, run_id)
    session.refresh(run)
    move_run(session, run, Event.CLAIMED, actor=worker, now=now)
    session.flush()
    return run_id


def _device_is_busy(session: Session, device: str) -> bool:
    query = select(RetrainRun.id).where(
        col(RetrainRun.state).in_(list(WORK)), RetrainRun.device == device
    )
    return session.exec(query).first() is not None


def _is_orphaned(run: RetrainRun, now: datetime) -> bool:
    if run.worker is None or run.heartbeat_at_utc is None:
        return True
    host, pid, started, _ = run.worker.split("/")
    if host == socket.gethostname():
        return not ProcessId(pid=int(pid), started=started).is_alive
    return now - run.heartbeat_at_utc > LEASE

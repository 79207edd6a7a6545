"""Claims: which worker holds a run, a prediction or an import. One conditional UPDATE decides."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Engine
from sqlmodel import Session, col, select, update

from han5k_review.errors import ConflictError
from han5k_review.retraining.jobs.launcher import ProcessId, identify
from han5k_review.retraining.jobs.machine import gpu_numbers
from han5k_review.store.engine import transaction
from han5k_review.store.import_tables import IMPORT_HOLDS_DEVICE, TreeImport
from han5k_review.store.prediction_tables import PREDICTION_HOLDS_DEVICE, PredictionRun
from han5k_review.store.run_tables import RUN_HOLDS_DEVICE, RetrainRun
from han5k_review.store.tables import StudyInfo

LEASE = timedelta(seconds=60)
_QUEUED = "queued"
_Row = RetrainRun | PredictionRun | TreeImport
_Table = type[RetrainRun] | type[PredictionRun] | type[TreeImport]
_HOLDS: dict[_Table, Sequence[str]] = {
    RetrainRun: RUN_HOLDS_DEVICE,
    PredictionRun: PREDICTION_HOLDS_DEVICE,
    TreeImport: IMPORT_HOLDS_DEVICE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A wish of `worker` for work on `device`; with `only`, for no other row than this."""

    device: str
    worker: str
    now: datetime
    only: int | None = None

    def wants(self, row_id: int | None) -> bool:
        """True for a row that may be taken."""
        return self.only in (None, row_id)


def make_worker_name() -> str:
    """host/pid/start/token: tells on this machine whether the worker still lives."""
    me = identify(os.getpid())
    return f"{socket.gethostname()}/{me.pid}/{me.started}/{uuid.uuid4().hex[:6]}"


def claim_row(
    engine: Engine, table: _Table, claim: Claim, begin: Callable[[Session, int], None]
) -> int | None:
    """Take an orphaned row of the device, or the oldest queued one when the device is free.

    A row is orphaned when its worker let go of it, is dead on this machine, or has not been heard
    of for `LEASE`. `begin` moves a queued row to its first state at work, in the same transaction.
    One device trains or predicts, never both. None when there is nothing to take.
    """
    try:
        with transaction(engine) as session:
            _queue_up(session)
            found = _adopt(session, table, claim)
            if found is None:
                found = _take(session, table, claim)
                if found is not None:
                    begin(session, found)
                    session.flush()
            return found
    except ConflictError:  # another worker took the device in this very moment
        return None


def release_row(engine: Engine, table: _Table, row_id: int, worker: str) -> None:
    """Let go of a row that is still being worked on, so that another worker adopts it at once."""
    with transaction(engine) as session:
        session.exec(
            update(table)
            .where(col(table.id) == row_id, col(table.worker) == worker)
            .values(worker=None)
        )


def _queue_up(session: Session) -> None:
    """One claim after the other, on PostgreSQL too, where two writers do not wait by themselves."""
    session.exec(select(StudyInfo.id).with_for_update()).first()


def _adopt(session: Session, table: _Table, claim: Claim) -> int | None:
    query = select(table).where(col(table.state).in_(_HOLDS[table]), table.device == claim.device)
    rows = cast("Sequence[_Row]", session.exec(query).all())
    for row in rows:
        if claim.wants(row.id) and _is_orphaned(row, claim.now):
            changed = session.exec(
                update(table)
                .where(col(table.id) == row.id, col(table.worker) == row.worker)
                .where(col(table.heartbeat_at_utc) == row.heartbeat_at_utc)
                .values(worker=claim.worker, heartbeat_at_utc=claim.now)
            )
            if changed.rowcount == 1:
                return row.id
    return None


def _take(session: Session, table: _Table, claim: Claim) -> int | None:
    query = (
        select(table.id)
        .where(table.state == _QUEUED, table.device == claim.device)
        .order_by(col(table.id))
    )
    row_id = next((i for i in session.exec(query) if claim.wants(i)), None)
    if row_id is None or _device_is_busy(session, claim.device):
        return None
    changed = session.exec(
        update(table)
        .where(col(table.id) == row_id, col(table.state) == _QUEUED)
        .where(col(table.worker).is_(None))
        .values(
            worker=claim.worker, heartbeat_at_utc=claim.now, started_at_utc=claim.now, attempt=1
        )
    )
    return row_id if changed.rowcount == 1 else None


def _device_is_busy(session: Session, device: str) -> bool:
    """True while a run or a prediction is worked on there; `cuda:0,1` takes both GPUs."""
    wanted = _parts(device)
    for table, states in _HOLDS.items():
        query = select(table.device).where(col(table.state).in_(states))
        if any(_parts(other) & wanted for other in session.exec(query)):
            return True
    return False


def _parts(device: str) -> frozenset[str]:
    return frozenset(f"GPU {n}" for n in gpu_numbers(device)) or frozenset({device})


def is_worker_alive(
    worker: str, seen_at_utc: datetime | None, now: datetime, patience: timedelta = LEASE
) -> bool:
    """True while the worker's process runs; on another machine: while it is heard of."""
    host, pid, started, _ = worker.split("/")
    if host == socket.gethostname():
        return ProcessId(pid=int(pid), started=started).is_alive
    return seen_at_utc is not None and now - seen_at_utc <= patience


def _is_orphaned(run: _Row, now: datetime) -> bool:
    if run.worker is None or run.heartbeat_at_utc is None:
        return True
    return not is_worker_alive(run.worker, run.heartbeat_at_utc, now)

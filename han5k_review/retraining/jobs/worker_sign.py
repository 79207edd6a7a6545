"""The sign of life of a worker: a small file per device, so that pages can say when none lives."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from han5k_review.retraining.jobs.device_claims import is_worker_alive
from han5k_review.store.files import write_atomically
from han5k_review.store.study import Study

EVERY = timedelta(seconds=5)
PATIENCE = timedelta(seconds=120)
"""A worker of another machine that was not heard of for so long is taken for dead."""


@dataclass(slots=True, kw_only=True)
class WorkerSign:
    """Says again and again that a worker lives; `forget` when it ends."""

    study: Study
    device: str
    worker: str
    shown_at_utc: datetime | None = None

    def show(self, now: datetime) -> None:
        """Write the sign, unless it was written just now."""
        if self.shown_at_utc is not None and now - self.shown_at_utc < EVERY:
            return
        self.shown_at_utc = now
        text = json.dumps({"worker": self.worker, "at_utc": now.isoformat()})
        write_atomically(_path(self.study, self.device), text.encode())

    def forget(self) -> None:
        """Take the sign away, if it is still this worker's."""
        path = _path(self.study, self.device)
        if _read(path)[0] == self.worker:
            path.unlink(missing_ok=True)


def is_device_served(study: Study, device: str, now: datetime) -> bool:
    """True while a worker of this device lives, as far as can be told from here."""
    worker, at_utc = _read(_path(study, device))
    return worker is not None and is_worker_alive(worker, at_utc, now, PATIENCE)


def _path(study: Study, device: str) -> Path:
    return study.runs / "workers" / (re.sub(r"[^a-z0-9]+", "-", device) + ".json")


def _read(path: Path) -> tuple[str | None, datetime | None]:
    try:
        found = json.loads(path.read_text())
        return str(found["worker"]), datetime.fromisoformat(found["at_utc"])
    except (OSError, ValueError, KeyError):
        return None, None

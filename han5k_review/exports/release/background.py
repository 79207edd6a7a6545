"""A release that is made in the background of a long-lived process, with a record anyone can read.

Releases made so lie in `releases/` of the study, where they are found again.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from han5k_review.errors import DataError, Han5kError, RuleError
from han5k_review.exports.release.checksums import SUMS_NAME
from han5k_review.exports.release.making import ReleaseReport, make_release
from han5k_review.exports.release.plan import plan_release
from han5k_review.exports.release.request import ReleaseRequest
from han5k_review.store.columns import utc_now
from han5k_review.store.study import Study

_BROKE_OFF = "It broke off by a fault of the software; the log of the server has the details."
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


class MakingState(StrEnum):
    """Where a release in the background stands."""

    RUNNING = "running"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class MakingRecord:
    """What is known of the present or last release of this process; `done` counts steps."""

    folder: Path
    actor: str
    state: MakingState
    started_at_utc: datetime
    done: int = 0
    total: int = 0
    cancel_requested: bool = False
    finished_at_utc: datetime | None = None
    report: ReleaseReport | None = None
    error: str | None = None

    @property
    def is_running(self) -> bool:
        """True while it works."""
        return self.state is MakingState.RUNNING


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRelease:
    """A finished release in the study's folder, as its datasheet tells."""

    folder: Path
    title: str
    version: str
    cases: int
    contours: int


def list_releases(study: Study) -> list[FoundRelease]:
    """The finished releases in `releases/` of the study, by name."""
    found = []
    for sums in sorted(_folder(study).glob(f"*/{SUMS_NAME}")):
        try:
            facts = json.loads((sums.parent / "datasheet.json").read_bytes())
            release = FoundRelease(
                folder=sums.parent,
                title=str(facts["title"]),
                version=str(facts["version"]),
                cases=int(facts["cases"]),
                contours=int(facts["contours"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            continue  # no release of ours, or one that was altered: `verify` tells
        found.append(release)
    return found


def propose_name(study: Study) -> str:
    """A free folder name for the next release."""
    taken = {path.name for path in _folder(study).glob("*")}
    return next(f"release-{n}" for n in range(1, len(taken) + 2) if f"release-{n}" not in taken)


def place_release(study: Study, name: str) -> Path:
    """The folder of this name; DataError for a name that is no plain folder name."""
    if not _NAME.fullmatch(name):
        raise DataError(
            "A folder name of letters, digits, '.', '_' and '-' was expected for the release, "
            f"found {name!r}."
        )
    return _folder(study) / name


def _folder(study: Study) -> Path:
    return study.root / "releases"


class BackgroundRelease:
    """One release at a time of one study, in threads of this process.

    No page needs to stay open. When the process ends in between nothing is released.
    """

    def __init__(self, study: Study, *, threads: int, clock: Callable[[], datetime] = utc_now):
        self._study = study
        self._threads = threads
        self._clock = clock
        self._lock = threading.Lock()
        self._cancel = threading.Event()
        self._ended = threading.Event()
        self._record: MakingRecord | None = None

    @property
    def record(self) -> MakingRecord | None:
        """The present release, else the last one of this process."""
        with self._lock:
            return self._record

    def start(self, request: ReleaseRequest, out: Path, *, actor: str) -> None:
        """Begin to plan and make a release of this moment; RuleError while another is made."""
        with self._lock:
            if self._record is not None and self._record.is_running:
                raise RuleError(
                    f"One release at a time was expected; {self._record.actor} started "
                    f"{self._record.folder.name}, wait for it or cancel it."
                )
            self._record = MakingRecord(
                folder=out,
                actor=actor,
                state=MakingState.RUNNING,
                started_at_utc=self._clock(),
            )
            self._cancel.clear()
            self._ended.clear()
        threading.Thread(
            target=self._work, args=(request, out, actor), name="release", daemon=True
        ).start()

    def cancel(self) -> None:
        """Ask the present release to stop; nothing of it is kept."""
        self._cancel.set()
        self._change(cancel_requested=True)

    def wait(self, seconds: float) -> bool:
        """Wait until none is made, at most so long; True when none is."""
        return self._ended.wait(seconds)

    def _work(self, request: ReleaseRequest, out: Path, actor: str) -> None:
        report: ReleaseReport | None = None
        error: str | None = _BROKE_OFF
        try:
            with ThreadPoolExecutor(self._threads, thread_name_prefix="releasing") as threads:
                report = make_release(
                    self._study,
                    plan_release(self._study, request),
                    out,
                    actor=actor,
                    executor=threads,
                    progress=lambda done, total: self._change(done=done, total=total),
                    cancel=self._cancel.is_set,
                    clock=self._clock,
                )
            error = None
        except Han5kError as found:
            error = str(found)
        finally:
            state = MakingState.FINISHED if report else MakingState.CANCELLED
            self._change(
                state=MakingState.STOPPED if error else state,
                report=report,
                error=error,
                finished_at_utc=self._clock(),
            )
            self._ended.set()

    def _change(self, **new: object) -> None:
        with self._lock:
            if self._record is not None and self._record.is_running:
                self._record = replace(self._record, **new)  # type: ignore[arg-type]

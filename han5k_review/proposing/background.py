"""A round in the background of a long-lived process, with a record that anyone can read.

A round takes ten seconds and about one more for each case, so it needs no process of its own; when
the web app ends meanwhile nothing was stored, and a person starts it again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from han5k_review.errors import Han5kError, RuleError
from han5k_review.proposing.rounds import RoundReport, RoundStep, RoundWatch, make_round
from han5k_review.store.columns import utc_now
from han5k_review.store.study import Study

_BROKE_OFF = "It broke off by a fault of the software; the log of the server has the details."


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundRecord:
    """The present or last round; `report` when it ended, `error` when it could not."""

    structure: str
    actor: str
    started_at_utc: datetime
    step: RoundStep | None = None
    report: RoundReport | None = None
    error: str | None = None
    cancel_requested: bool = False

    @property
    def is_running(self) -> bool:
        """True while it works."""
        return self.report is None and self.error is None


class BackgroundRound:
    """One round at a time of one study, in a thread of this process."""

    def __init__(self, study: Study, *, clock: Callable[[], datetime] = utc_now):
        self._study = study
        self._clock = clock
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._cancel = threading.Event()
        self._record: RoundRecord | None = None

    @property
    def record(self) -> RoundRecord | None:
        """The present round, else the last one of this process."""
        with self._lock:
            return self._record

    def start(self, structure: str, *, actor: str) -> None:
        """Begin a round on this structure; RuleError while another one runs."""
        with self._lock:
            if self._record is not None and self._record.is_running:
                raise RuleError(
                    f"One round at a time was expected; {self._record.actor} learns "
                    f"{self._record.structure} now, wait for it or cancel it."
                )
            self._cancel.clear()
            self._ended.clear()
            self._record = RoundRecord(
                structure=structure, actor=actor, started_at_utc=self._clock()
            )
        threading.Thread(
            target=self._work, args=(structure, actor), name="proposing", daemon=True
        ).start()

    def cancel(self) -> None:
        """Ask the present round to stop after the case in hand."""
        self._cancel.set()
        self._change(cancel_requested=True)

    def wait(self, seconds: float) -> bool:
        """Wait until no round runs, at most so long; True when none runs."""
        return self._ended.wait(seconds)

    def _work(self, structure: str, actor: str) -> None:
        report, error = None, _BROKE_OFF
        watch = RoundWatch(progress=lambda step: self._change(step=step), cancel=self._cancel)
        try:
            report = make_round(self._study, structure, actor=actor, clock=self._clock, watch=watch)
        except Han5kError as found:
            error = str(found)
        finally:
            self._change(report=report, error=None if report is not None else error)
            self._ended.set()

    def _change(self, **changes: object) -> None:
        with self._lock:
            if self._record is not None:
                self._record = replace(self._record, **changes)  # type: ignore[arg-type]

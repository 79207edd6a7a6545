"""Work in the background of a long-lived process: one of a kind at a time in a study.

Who works, how far it is and the wish that it stops are one row in the database, so that every
process of the study refuses a second one, shows the first, and can cancel it. The process that
works says every few seconds that it lives; one that was killed is taken for dead soon after, and a
person starts anew.

    desk = Desk(study=study, kind=WorkKind.ROUND)
    desk.start("ParotidL", lambda hand: Ending(text="nothing to learn"), actor="lena")
    desk.find_record().is_running
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from han5k_review.errors import Han5kError, RuleError
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import LockLine, queue_by_number, reading, transaction
from han5k_review.store.study import Study
from han5k_review.store.work_tables import BackgroundWork, WorkKind, WorkState

LOOK_SECONDS = 1.0
"""How often a work looks whether it should stop, and writes how far it is when that changed."""
HEARTBEAT = timedelta(seconds=5)
LEASE = timedelta(seconds=40)
"""A work that was not heard of for so long is dead; a change may wait 15 s for its turn."""
_BROKE_OFF = "It broke off by a fault of the software; the log of the server has the details."
_DEAD = "The program that worked on it has ended before its time; start it again."
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Steps done of all: `first_done` of them before the work began, `failed` of them in vain."""

    done: int = 0
    total: int = 0
    first_done: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What came of a work, in words."""

    text: str = ""
    is_cancelled: bool = False


@dataclass(slots=True, kw_only=True)
class Hand:
    """What a work is given: where it tells its steps and its end, and whether it should stop.

    `ended` is set when the work is over and its end is written down.
    """

    cancel: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    steps: Steps = Steps()
    ending: Ending = Ending()


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The works of one kind of one study, whichever process does them."""

    study: Study
    kind: WorkKind
    clock: Callable[[], datetime] = utc_now

    def find_record(self) -> BackgroundWork | None:
        """The present work of any process, else the last one; a dead one is told as stopped."""
        with reading(self.study.engine) as session:
            row = session.get(BackgroundWork, self.kind)
            if row is not None:
                session.expunge(row)
        if row is not None and row.is_running and not self._is_alive(row):
            row.state, row.said = WorkState.STOPPED, _DEAD
            row.finished_at_utc = row.heartbeat_at_utc
        return row

    def start(self, title: str, work: Callable[[Hand], Ending], *, actor: str) -> Hand:
        """Do it in a thread of this process; RuleError while another one of the kind works."""
        claim, hand = self._claim(title, actor), Hand()

        def do() -> None:
            with suppress(Han5kError), self._holding(claim, hand):
                hand.ending = work(hand)

        threading.Thread(target=do, name=self.kind.value, daemon=True).start()
        return hand

    @contextmanager
    def hold(self, title: str, hand: Hand, *, actor: str) -> Iterator[None]:
        """Do it right here, within the block; RuleError while another one of the kind works."""
        with self._holding(self._claim(title, actor), hand):
            yield

    def cancel(self) -> None:
        """Ask the present work, of whichever process, to stop after what it has in hand."""
        with self._changing() as row:
            if row is not None and row.is_running:
                row.cancel_requested = True

    def _claim(self, title: str, actor: str) -> str:
        now, claim = self.clock(), uuid.uuid4().hex
        with transaction(self.study.engine) as session:
            queue_by_number(session, LockLine.BACKGROUND_WORK, list(WorkKind).index(self.kind))
            row = session.get(BackgroundWork, self.kind, with_for_update=True)
            if row is not None and row.is_running and self._is_alive(row):
                raise RuleError(
                    f"One {self.kind} at a time was expected; {row.actor} started {row.title}, "
                    "wait for it or cancel it."
                )
            session.merge(
                BackgroundWork(
                    kind=self.kind,
                    title=title,
                    actor=actor,
                    state=WorkState.RUNNING,
                    claim=claim,
                    started_at_utc=now,
                    heartbeat_at_utc=now,
                )
            )
        return claim

    @contextmanager
    def _holding(self, claim: str, hand: Hand) -> Iterator[None]:
        """Beat while the block works, and write down how it ended."""
        is_over = threading.Event()
        beat = threading.Thread(target=self._beat, args=(claim, hand, is_over), daemon=True)
        beat.start()
        state, said = WorkState.STOPPED, _BROKE_OFF
        try:
            yield
            state = WorkState.CANCELLED if hand.ending.is_cancelled else WorkState.FINISHED
            said = hand.ending.text
        except Han5kError as error:
            said = str(error)
            raise
        finally:
            is_over.set()
            beat.join()
            with self._tolerating(), self._changing(claim) as row:
                if row is not None:
                    self._write(row, hand.steps)
                    row.state, row.said, row.finished_at_utc = state, said, self.clock()
            hand.ended.set()

    def _beat(self, claim: str, hand: Hand, is_over: threading.Event) -> None:
        written, written_at = hand.steps, self.clock()
        while not is_over.wait(LOOK_SECONDS):
            steps, now = hand.steps, self.clock()
            with self._tolerating():
                if steps != written or abs(now - written_at) >= HEARTBEAT:
                    with self._changing(claim) as row:
                        if row is not None:
                            self._write(row, steps)
                            written, written_at = steps, now
                        is_asked = row is None or row.cancel_requested
                else:
                    found = self.find_record()
                    is_asked = found is None or found.claim != claim or found.cancel_requested
                if is_asked:  # or another process took it over, since it heard nothing of this one
                    hand.cancel.set()

    def _write(self, row: BackgroundWork, steps: Steps) -> None:
        row.done, row.total = steps.done, steps.total
        row.first_done, row.failed = steps.first_done, steps.failed
        row.heartbeat_at_utc = self.clock()

    @contextmanager
    def _changing(self, claim: str | None = None) -> Iterator[BackgroundWork | None]:
        """The row, to be changed; None when there is none, or none of this claim."""
        with transaction(self.study.engine) as session:
            row = session.get(BackgroundWork, self.kind, with_for_update=True)
            yield row if row is None or claim in (None, row.claim) else None

    @contextmanager
    def _tolerating(self) -> Iterator[None]:
        """The database may be away for a while: what it does not hear the next look tells."""
        try:
            yield
        except Han5kError as error:
            _log.warning("a work in the background was not written down: %s", error)

    def _is_alive(self, row: BackgroundWork) -> bool:
        return abs(self.clock() - row.heartbeat_at_utc) <= LEASE  # a clock may jump back

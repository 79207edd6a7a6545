"""The supervisor: one machine that finds, starts, adopts and stops the processes of jobs.

Everything it knows is in the database and the job's folder, so that another supervisor goes on
where this one stopped: it adopts the living process of the job or starts it again. What a job is -
its row, its folder, how long a stop may take, what becomes of a result - its kind says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from han5k_review.errors import Han5kError
from han5k_review.retraining.jobs.folders import JobFolder, tail_log
from han5k_review.retraining.jobs.launcher import ProcessId
from han5k_review.retraining.jobs.results import JobOutcome, JobResult
from han5k_review.retraining.jobs.watch import Watch
from han5k_review.store.columns import utc_now

_LAST_LINES = 5


class JobRow(Protocol):
    """What the supervisor reads of a job's row in the database."""

    cancel_requested: bool
    progress: dict[str, Any]


RowT = TypeVar("RowT", bound=JobRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """A process that ended without a result: why, as far as is known, and its last words."""

    why: str
    last_words: tuple[str, ...]

    def describe(self, what: str) -> str:
        """One sentence or three: `what` happened, why, and the last words."""
        said = f"{what}. {self.why} Its last words: {' | '.join(self.last_words)}"
        return said.replace(".  ", ". ")


class JobKind(Protocol[RowT]):
    """A kind of job, for one device and in the name of one worker."""

    @property
    def grace_s(self) -> float:
        """How long a process that was asked to stop may go on before it is ended."""

    def claim(self, only: int | None = None) -> int | None:
        """The id of a row to work on, now this worker's: an orphaned one, or the oldest queued."""

    def look(self, row_id: int) -> RowT:
        """Heartbeat, take over the process's progress, and read the row anew."""

    def is_at_work(self, row: RowT) -> bool:
        """True while there is something to do for this worker."""

    def prepare(self, row: RowT) -> JobFolder | None:
        """The folder with the job to be done now; None when the row moved instead."""

    def note_start(self, row: RowT, process: ProcessId) -> None:
        """A process was started for the row."""

    def take_result(self, row: RowT, folder: JobFolder, result: JobResult) -> None:
        """Store what a process that was done produced, and move the row."""

    def cancel(self, row: RowT) -> None:
        """The process ended because it was asked to, or never began."""

    def fail(self, row: RowT, reason: str) -> None:
        """The row fails with a sentence."""

    def count_death(self, row: RowT, death: Death) -> None:
        """A process died: one more try, or the end."""

    def let_go(self, row_id: int) -> None:
        """The supervisor stops here: the row is free for another one, its files go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervisor(Generic[RowT]):
    """Works on the rows of one kind."""

    kind: JobKind[RowT]
    watch: Watch = field(default_factory=Watch)

    def claim(self, only: int | None = None) -> int | None:
        """A row to work on, or None."""
        return self.kind.claim(only)

    def work_on_next(self) -> bool:
        """Work on a row if there is one to claim."""
        row_id = self.claim()
        if row_id is not None:
            self.work_on(row_id)
        return row_id is not None

    def work_on(self, row_id: int) -> RowT:
        """Work on a claimed row until it waits for a person, is finished, or is another's."""
        try:
            while True:
                row = self.kind.look(row_id)
                self.watch.tell(row.progress)
                if not self.kind.is_at_work(row):
                    return row
                if not self._advance(row):
                    self.watch.wait()
        finally:
            self.kind.let_go(row_id)

    def _advance(self, row: RowT) -> bool:
        """Do one look's worth of work; True when the row moved on."""
        try:
            folder = self.kind.prepare(row)
            if folder is None:
                return True
            result = self._follow(row, folder)
            if result is None:
                return False
            self.watch.launcher.clear(folder)
            self._settle(row, folder, result)
        except Han5kError as error:
            self.kind.fail(row, str(error))
        return True

    def _follow(self, row: RowT, folder: JobFolder) -> JobResult | None:
        """Start, watch or restart the process of a job; its result once there is one."""
        launcher = self.watch.launcher
        process = launcher.find(folder)  # before the result: it may end in between
        result = folder.find_result()
        if result is not None:
            return result
        if process is not None:
            self._stop_if_asked(row, folder)
        elif row.cancel_requested:
            return JobResult(outcome=JobOutcome.CANCELLED)
        elif launcher.was_started(folder):
            why = launcher.explain_end(folder)
            launcher.clear(folder)
            death = Death(why=why, last_words=tuple(tail_log(folder, _LAST_LINES)))
            self.kind.count_death(row, death)
        else:
            self.kind.note_start(row, launcher.start(folder, folder.read_job()))
        return None

    def _stop_if_asked(self, row: RowT, folder: JobFolder) -> None:
        asked = folder.stop_asked_at
        if row.cancel_requested and asked is None:
            folder.ask_to_stop()
        elif asked is not None and utc_now().timestamp() - asked > self.kind.grace_s:
            self.watch.launcher.clear(folder)

    def _settle(self, row: RowT, folder: JobFolder, result: JobResult) -> None:
        if result.outcome is JobOutcome.CANCELLED:
            self.kind.cancel(row)
        elif result.outcome is JobOutcome.FAILED:
            self.kind.fail(row, result.error)
        else:
            self.kind.take_result(row, folder, result)

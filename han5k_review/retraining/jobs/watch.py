"""How a job's process is started and looked after, and a job followed to its end in one call."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from han5k_review.errors import DataError
from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.launcher import Launcher, LocalLauncher
from han5k_review.retraining.jobs.results import JobOutcome, JobResult

_QUICK_LOOK_S = 1.0


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Where processes are started, and what happens between two looks at them.

    `pause` waits; tests put their own in. `on_progress` gets the job's progress at each look;
    `stop_asked` is asked then whether the job should end.
    """

    launcher: Launcher = field(default_factory=LocalLauncher)
    poll_seconds: float = 2.0
    pause: Callable[[float], None] = time.sleep
    on_progress: Callable[[dict[str, Any]], None] | None = None
    stop_asked: Callable[[], bool] = _never

    def tell(self, progress: dict[str, Any]) -> None:
        """Hand the progress on, when somebody wants it."""
        if self.on_progress is not None:
            self.on_progress(progress)

    def wait(self) -> None:
        """Wait until the next look."""
        self.pause(self.poll_seconds)


QUICK = Watch(poll_seconds=_QUICK_LOOK_S)
"""Here, with a look every second: for a person who waits."""


def follow_to_end(folder: JobFolder, watch: Watch) -> JobResult:
    """Start the folder's job and wait for it; DataError when it failed or broke off."""
    launcher = watch.launcher
    launcher.start(folder, folder.read_job())
    while launcher.find(folder) is not None:
        if watch.stop_asked() and not folder.stop_asked:
            folder.ask_to_stop()
        watch.tell(folder.find_progress())
        watch.wait()
    result = folder.find_result()
    why = launcher.explain_end(folder)
    launcher.clear(folder)
    if result is None:
        raise DataError(f"The process broke off; see {folder.log}. {why}".strip())
    if result.outcome is JobOutcome.FAILED:
        raise DataError(result.error)
    return result

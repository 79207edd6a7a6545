"""How far the proof is, said while it works, and how it stops when asked to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from han5k_review.retraining.jobs.folders import JobFolder


class Interrupted(Exception):  # noqa: N818 - somebody asked
    """Raised where a training waits, once the proof was asked to stop."""


@dataclass
class Progress:
    """How far the proof is, said every half minute with what is left.

    A unit is one step of a training; `units` are those that were not done before this start.
    """

    units: float = 0.0
    started: float = field(default_factory=time.monotonic)
    stop: threading.Event = field(default_factory=threading.Event)
    _before: dict[str, int] = field(default_factory=dict)
    _done: dict[str, float] = field(default_factory=dict)
    _said: float = 0.0

    def say(self, text: str) -> None:
        print(f"[{self._clock(time.monotonic() - self.started)}] {text}", flush=True)

    def pause(self, name: str, folder: JobFolder, iterations: int) -> Callable[[float], None]:
        """What a worker calls while it waits: looks at the epochs, stops when asked to."""

        def wait_a_little(seconds: float) -> None:
            if self.stop.wait(seconds):
                raise Interrupted
            epochs = len(folder.list_epochs())
            first = self._before.setdefault(name, epochs)
            self.note(name, (epochs - first) * iterations)

        return wait_a_little

    def note(self, name: str, units: float) -> None:
        """So many units of `name` are done since this start."""
        self._done[name] = units
        now, done = time.monotonic(), sum(self._done.values())
        if now - self._said < 30 or not done:
            return
        self._said = now
        left = (now - self.started) / done * max(self.units - done, 0)
        self.say(f"{name}: {units:.0f} steps; about {self._clock(left)} left")

    @staticmethod
    def _clock(seconds: float) -> str:
        return f"{int(seconds) // 60:02}:{int(seconds) % 60:02}"

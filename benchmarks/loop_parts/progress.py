"""How far the proof is, said while it works, and how it stops when asked to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from han5k_review.retraining.jobs.folders import JobFolder


class Interrupted(Exception):  # noqa: N818 - somebody asked
    """Raised where a run waits, once the proof was asked to stop."""


@dataclass
class Progress:
    """How far the proof is, said every half minute with what is left."""

    units: float
    started: float = field(default_factory=time.monotonic)
    earlier_s: float = 0.0
    stop: threading.Event = field(default_factory=threading.Event)
    _done: dict[str, tuple[int, float]] = field(default_factory=dict)
    _said: float = 0.0

    def say(self, text: str) -> None:
        print(f"[{self._clock(time.monotonic() - self.started)}] {text}", flush=True)

    def pause(self, name: str, folder: JobFolder, weight: float) -> Callable[[float], None]:
        """What a worker calls while it waits: looks at the epochs, stops when asked to."""

        def wait_a_little(seconds: float) -> None:
            if self.stop.wait(seconds):
                raise Interrupted
            self._done[name] = (len(folder.list_epochs()), weight)
            self._tick()

        return wait_a_little

    def _tick(self) -> None:
        now = time.monotonic()
        done = sum(epochs * weight for epochs, weight in self._done.values())
        if now - self._said < 30 or not done:
            return
        self._said = now
        left = (now - self.started) / done * max(self.units - done, 0)
        epochs = ", ".join(
            f"{name} epoch {n}" for name, (n, weight) in self._done.items() if weight
        )
        self.say(f"{epochs}; about {self._clock(left)} left")

    @staticmethod
    def _clock(seconds: float) -> str:
        return f"{int(seconds) // 60:02}:{int(seconds) % 60:02}"

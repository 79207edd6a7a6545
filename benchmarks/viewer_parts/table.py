"""What is printed: the viewers beside each other, and the reach line by line."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from benchmarks.viewer_parts.measures import Steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One line of the reach: `value` must stand on the right side of `limit`."""

    what: str
    value: float
    limit: float
    at_least: bool = False
    unit: str = "ms"

    @property
    def met(self) -> bool:
        """Is it reached?"""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def line(self) -> str:
        """As it is printed."""
        sign = ">=" if self.at_least else "<="
        word = "met" if self.met else "MISSED"
        return f"  {self.what:<52} {self.value:9.1f} {self.unit:<4} {sign} {self.limit:g}  {word}"


def p95(values: list[float]) -> float:
    return sorted(values)[max(0, round(0.95 * len(values)) - 1)]


def show_table(rows: dict[str, Steps]) -> None:
    """`input` is what the browser took from the input event to its handlers, part of the step."""
    ours = median(rows["ours"].frame_ms)
    head = f"{'viewer':<28} {'step median':>12} {'p95':>8} {'input':>9} {'main thread p95':>16}"
    head += f" {'MB/step':>8} {'ours is':>10}"
    print(head)
    for name, steps in rows.items():
        ratio = median(steps.frame_ms) / ours
        print(
            f"{name:<28} {median(steps.frame_ms):9.1f} ms {p95(steps.frame_ms):5.0f} ms"
            f" {median(steps.input_ms):6.1f} ms {p95(steps.main_ms):13.1f} ms"
            f" {median(steps.received) / 1e6:8.2f} {ratio:8.1f} x"
        )

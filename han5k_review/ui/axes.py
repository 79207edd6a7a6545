"""Axes of charts that count: patients, epochs."""

from __future__ import annotations

_MOST_TICKS = 10


def choose_whole_step(largest: int) -> int:
    """The step of ticks from 0 to `largest`: 1, 2, 5, 10, 20, ... so that at most ten steps stand.

    Left to itself, Plotly puts ticks at halves, which `d` shows as the same whole number twice.
    """
    step, power = 1, 1
    while largest > _MOST_TICKS * step:
        step = {1: 2, 2: 5, 5: 10}[step // power] * power
        power = step if step == 10 * power else power
    return step

"""The table of strokes: what each arm needed, beside the brush alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from statistics import median

import numpy as np

from benchmarks.assist_parts.strokes import ARMS, BRUSH, MOST_ENTRIES, Sitting

_DRAWS = 2_000
Count = Callable[[Sitting], int]


def build_table(sittings: Sequence[Sitting]) -> list[str]:
    """A row for each structure and arm, then how often each tool made an entry."""
    words = ("contours", "reached", "entries", "seeds")
    lines = [
        f"{'strokes':10} {'arm':20} {' '.join(f'{word:>8}' for word in words)} "
        f"{'ratio (95 %)':>20} {'with seeds (95 %)':>20}"
    ]
    names = sorted({one.structure for one in sittings})
    for structure in (*names, *(["both"] if len(names) > 1 else [])):
        own = [one for one in sittings if structure in (one.structure, "both")]
        lines += _list_rows(structure, own)
    for arm in ARMS:
        own = [one for one in sittings if one.arm == arm]
        if own:
            tools = sum((Counter(one.tools) for one in own), Counter[str]())
            said = ", ".join(f"{tool} {count}" for tool, count in tools.most_common())
            lines.append(f"entries of {arm}: {said}")
    before = {(one.structure, one.patient): one.first for one in sittings}
    lines.append(
        "surface Dice before: "
        + ", ".join(
            f"{name} {median(v for (s, _), v in before.items() if s == name):.3f}" for name in names
        )
        + f"; at most {MOST_ENTRIES} entries a contour, which is what one that was not reached "
        "counts as"
    )
    return lines


def _list_rows(structure: str, sittings: Sequence[Sitting]) -> Iterator[str]:
    for arm in ARMS:
        own = [one for one in sittings if one.arm == arm]
        if not own:
            continue
        row = (
            f"{structure:10} {arm:20} {len(own):8} "
            f"{100 * sum(one.is_reached for one in own) / len(own):6.0f} % "
            f"{median(one.counted for one in own):8.1f} {median(one.seeds for one in own):8.1f}"
        )
        counts: tuple[Count, ...] = (lambda one: one.counted, lambda one: one.counted + one.seeds)
        said = [_say_ratio(sittings, arm, count) if arm != BRUSH else "" for count in counts]
        yield f"{row} {said[0]:>20} {said[1]:>20}".rstrip()


def _say_ratio(sittings: Sequence[Sitting], arm: str, count: Count) -> str:
    """Median over the contours of `arm` to brush alone; 95 % of bootstraps over the patients."""
    alone = {(s.structure, s.patient): count(s) for s in sittings if s.arm == BRUSH}
    ratios: dict[str, list[float]] = {}
    for one in sittings:
        if one.arm == arm:
            beside = alone[one.structure, one.patient]
            ratios.setdefault(one.patient, []).append(count(one) / beside)
    patients = list(ratios.values())
    random = np.random.default_rng(0)
    drawn = [
        median(
            value
            for n in random.integers(len(patients), size=len(patients))
            for value in patients[n]
        )
        for _ in range(_DRAWS)
    ]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return f"{median(v for own in patients for v in own):.2f} ({low:.2f} to {high:.2f})"

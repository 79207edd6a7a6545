"""Summaries per structure: medians, quartiles and counts that an empty mask cannot upset."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from han5k_review.evaluation.rows import PairMetrics
from han5k_review.metrics import Definition, Panel


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Median and quartiles of the defined values of one measure, and what is left out or far.

    `defined` counts values that are not nan, `infinite` those of them that are inf. Quartiles are
    interpolated linearly between neighbours; with an infinite neighbour they are inf, never nan.
    `mean` is over the defined values, and nan as soon as one of them is infinite.
    """

    defined: int
    undefined: int
    infinite: int
    median: float
    quartile_1: float
    quartile_3: float
    mean: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureSummary:
    """One structure over many cases, under one definition in one version."""

    structure: str
    definition: Definition
    definition_version: str
    tolerance_mm: float
    measured: int
    not_measured: int
    dice: Spread
    hd95_mm: Spread
    surface_dice: Spread
    volume_difference_percent: Spread


def build_summary(rows: Iterable[PairMetrics]) -> list[StructureSummary]:
    """Summarise rows per structure, in the order in which structures first appear.

    Rows of different definitions, versions or tolerances never share a summary: each combination
    gets its own. A structure without any panel has no summary, its rows say why.
    """
    panels: dict[tuple[str, Definition, str, float], list[Panel]] = {}
    without: dict[str, int] = {}
    order: dict[str, int] = {}
    for row in rows:
        order.setdefault(row.structure, len(order))
        if row.panel is None:
            without[row.structure] = without.get(row.structure, 0) + 1
            continue
        panel = row.panel
        key = (row.structure, panel.definition, panel.definition_version, panel.tolerance_mm)
        panels.setdefault(key, []).append(panel)
    return [
        StructureSummary(
            structure=structure,
            definition=definition,
            definition_version=version,
            tolerance_mm=tolerance_mm,
            measured=len(group),
            not_measured=without.get(structure, 0),
            dice=_spread(group, lambda panel: panel.dice),
            hd95_mm=_spread(group, lambda panel: panel.hd95_mm),
            surface_dice=_spread(group, lambda panel: panel.surface_dice),
            volume_difference_percent=_spread(group, lambda panel: panel.volume_difference_percent),
        )
        for (structure, definition, version, tolerance_mm), group in sorted(
            panels.items(), key=lambda item: order[item[0][0]]
        )
    ]


def build_spread(values: Sequence[float]) -> Spread:
    """Median, quartiles and counts of `values`, which may hold nan (undefined) and inf."""
    defined = sorted(value for value in values if not math.isnan(value))
    infinite = sum(math.isinf(value) for value in defined)
    return Spread(
        defined=len(defined),
        undefined=len(values) - len(defined),
        infinite=infinite,
        median=_quantile(defined, 0.5),
        quartile_1=_quantile(defined, 0.25),
        quartile_3=_quantile(defined, 0.75),
        mean=math.fsum(defined) / len(defined) if defined and not infinite else math.nan,
    )


def _spread(panels: Sequence[Panel], read: Callable[[Panel], float]) -> Spread:
    return build_spread([read(panel) for panel in panels])


def _quantile(ordered: Sequence[float], share: float) -> float:
    if not ordered:
        return math.nan
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    low, high = ordered[below], ordered[min(below + 1, len(ordered) - 1)]
    if place == below or low == high:
        return low
    return high if math.isinf(high) else low + (high - low) * (place - below)

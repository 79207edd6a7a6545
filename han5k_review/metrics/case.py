"""Measure all structures of one case: one row each, and a reason where there is no number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from han5k_review.errors import DataError
from han5k_review.metrics.definition import Definition, Engine
from han5k_review.metrics.inputs import check_spacing, check_tolerance
from han5k_review.metrics.measure import DEFAULT_TOLERANCE_MM, measure_pair
from han5k_review.metrics.pair_box import CroppedMask
from han5k_review.metrics.panel import Panel

NO_REFERENCE = "no reference mask"
NO_PREDICTION = "no prediction mask"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One structure of one case: its panel, or the reason why there is none (never both)."""

    structure: str
    panel: Panel | None
    reason: str | None


def measure_case(
    references: Mapping[str, CroppedMask],
    predictions: Mapping[str, CroppedMask],
    spacing_mm: Sequence[float],
    *,
    tolerances_mm: Mapping[str, float] | None = None,
    default_tolerance_mm: float = DEFAULT_TOLERANCE_MM,
    definition: Definition = Definition.SURFEL,
    engine: Engine = Engine.FAST,
) -> tuple[Outcome, ...]:
    """Measure every structure either side names, in the order references, then predictions.

    All masks lie in one grid with `spacing_mm` along (i, j, k); the full grid is never built.
    `tolerances_mm` gives a structure's own surface-Dice tolerance. A structure that one side does
    not have, or whose mask cannot be measured, is a row with its reason. GeometryError for a bad
    spacing, DataError for a bad tolerance.
    """
    spacing = check_spacing(spacing_mm)
    fallback = check_tolerance(default_tolerance_mm)
    tolerances = {name: check_tolerance(value) for name, value in (tolerances_mm or {}).items()}
    names = list(references) + [name for name in predictions if name not in references]
    rows: list[Outcome] = []
    for name in names:
        reference, prediction = references.get(name), predictions.get(name)
        if reference is None or prediction is None:
            reason = NO_REFERENCE if reference is None else NO_PREDICTION
            rows.append(Outcome(structure=name, panel=None, reason=reason))
            continue
        try:
            panel = measure_pair(
                reference,
                prediction,
                spacing,
                tolerance_mm=tolerances.get(name, fallback),
                definition=definition,
                engine=engine,
            )
        except DataError as error:
            rows.append(Outcome(structure=name, panel=None, reason=str(error)))
        else:
            rows.append(Outcome(structure=name, panel=panel, reason=None))
    return tuple(rows)

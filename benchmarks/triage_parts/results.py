"""What the triage benchmark found: areas under the ROC curve, in one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from han5k_review.imaging.flaws import PseudoError
from han5k_review.statistics.against_metrics import GradedMetric, measure_against_grades
from han5k_review.statistics.estimates import Estimate
from triage_parts.planting import ORGANS, PlantedContour


@dataclass(frozen=True, kw_only=True, eq=False)
class Results:
    """Contours that were judged, and three scores of each: learned, cohort alone, rules alone."""

    contours: Sequence[PlantedContour]
    learned: NDArray[np.float64]
    cohort: NDArray[np.float64]
    rules: NDArray[np.float64]


def print_table(results: Results, rng: np.random.Generator) -> tuple[float, float]:
    """Print all areas; the learned one and that of the rules alone."""
    columns = {"learned": results.learned, "cohort alone": results.cohort, "rules": results.rules}
    print(f"\n{'':28}{'contours':>9}{'wrong':>7}" + "".join(f"{name:>22}" for name in columns))
    wrong = np.array([one.is_wrong for one in results.contours])
    structures = np.array([one.measures.structure for one in results.contours])
    errors = np.array([one.error.value for one in results.contours])
    parts = {"all": np.ones(len(wrong), dtype=np.bool_)}
    parts |= {name: structures == name for name in ORGANS}
    kinds = [error.value for error in PseudoError if error is not PseudoError.NONE]
    parts |= {f"good and {kind}": ~wrong | (errors == kind) for kind in kinds}
    areas: dict[str, list[Estimate]] = {}
    for name, chosen in parts.items():
        areas[name] = [_measure(results, values, chosen, rng) for values in columns.values()]
        cells = "".join(f"{_say(area):>22}" for area in areas[name])
        print(f"{name:28}{chosen.sum():>9}{wrong[chosen].sum():>7}{cells}")
    learned, _, rules = (area.value or 0.0 for area in areas["all"])
    return learned, rules


def _measure(
    results: Results,
    values: NDArray[np.float64],
    chosen: NDArray[np.bool_],
    rng: np.random.Generator,
) -> Estimate:
    pairs = [
        GradedMetric(
            patient=results.contours[n].patient,
            value=float(values[n]),
            level=int(results.contours[n].is_wrong),
            acceptable=not results.contours[n].is_wrong,
        )
        for n in np.flatnonzero(chosen)
    ]
    return measure_against_grades(pairs, higher_is_better=False, generator=rng).auc


def _say(area: Estimate) -> str:
    if area.value is None:
        return "-"
    interval = area.interval
    return f"{area.value:.3f}" + (f" ({interval.low:.2f}-{interval.high:.2f})" if interval else "")

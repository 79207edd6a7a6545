"""The SegRap2023 preset scores as the challenge's evaluator does."""

from __future__ import annotations

import numpy as np
import pytest

from han5k_review.errors import DataError
from han5k_review.metrics import Definition, measure, segrap
from tests.metrics.phantoms import box

NOTHING = np.zeros((9, 9, 9), dtype=np.bool_)
CUBE = box((9, 9, 9), (1, 1, 1), (4, 4, 4))
SHIFTED = box((9, 9, 9), (2, 1, 1), (4, 4, 4))


def score(reference: np.ndarray, prediction: np.ndarray, structure: str) -> segrap.SegrapScore:
    tolerance_mm = segrap.tolerance_mm(structure)
    return segrap.score(measure(reference, prediction, (1, 1, 3), tolerance_mm=tolerance_mm))


def test_tolerances_are_those_of_the_evaluator() -> None:
    found = {name: segrap.tolerance_mm(name) for name in ("Brain", "Larynx", "OralCavity")}
    assert found == {"Brain": 1.0, "Larynx": 2.0, "OralCavity": 3.0}


@pytest.mark.parametrize(
    ("reference", "prediction", "expected"),
    [(NOTHING, NOTHING, 1.0), (NOTHING, CUBE, 0.0), (CUBE, NOTHING, 0.0), (CUBE, CUBE, 1.0)],
)
def test_empty_masks_score_one_or_zero(
    reference: np.ndarray, prediction: np.ndarray, expected: float
) -> None:
    found = score(reference, prediction, "Brain")
    assert (found.dice, found.surface_dice) == (expected, expected)


def test_scores_are_rounded_to_four_decimals() -> None:
    found = score(CUBE, box((9, 9, 9), (2, 2, 1), (3, 4, 4)), "Brain")
    assert found.dice == round(2 * 36 / (64 + 48), 4)
    assert found.preset == "segrap"


def test_a_shift_within_the_tolerance_is_forgiven() -> None:
    found = score(CUBE, SHIFTED, "Larynx")
    assert found.dice == 0.75
    assert found.surface_dice == 1.0


def test_another_definition_is_refused() -> None:
    panel = measure(CUBE, CUBE, (1, 1, 3), definition=Definition.VOXEL_POOLED)
    with pytest.raises(DataError, match="surfel"):
        segrap.score(panel)

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from han5k_review.errors import DataError
from han5k_review.statistics.components import VarianceComponents, measure_components
from han5k_review.statistics.mixed import (
    CrossedRead,
    TimedRead,
    fit_crossed,
    measure_time_saved,
)
from han5k_review.statistics.ratings import Ratings
from tests.statistics.tables import read_ratings


def crossed_levels(patients: int, readers: int, seed: int) -> NDArray[np.int_]:
    rng = np.random.default_rng(seed)
    level = 2 + rng.normal(0, 1, (patients, 1)) + rng.normal(0, 0.7, (1, readers))
    return np.clip(np.rint(level + rng.normal(0, 0.6, (patients, readers))), 0, 4).astype(int)


def rows_of(levels: NDArray[np.int_]) -> list[str]:
    return ["".join(map(str, row)) for row in levels]


def test_components_of_a_complete_table_are_those_of_the_analysis_of_variance() -> None:
    # By hand: rows 0 2 / 1 3 / 2 4. Means 1, 2, 3 and 1, 3; nothing left over.
    found = measure_components(read_ratings(["02", "13", "24"], level_count=5))
    assert found is not None
    assert found.mean == pytest.approx(2.0)
    # Mean squares: patients 2 x 2 / 2 = 2, readers 3 x 2 / 1 = 6, rest 0; over 2 and 3 reads.
    assert found.patient.value == pytest.approx(1.0)
    assert found.reader.value == pytest.approx(2.0)
    assert found.rest.value == pytest.approx(0.0, abs=1e-12)
    assert found.reader_share == pytest.approx(2 / 3)


@pytest.mark.parametrize("seed", [1, 2])
def test_components_equal_statsmodels_mixed_model_on_a_complete_study(seed: int) -> None:
    levels = crossed_levels(24, 5, seed)
    found = measure_components(read_ratings(rows_of(levels), level_count=5))
    assert found is not None
    # The arm alternates within patients, so it moves neither the means of patients nor of readers
    # by more than the noise; the model without it is the same table.
    model = fit_crossed(
        [
            CrossedRead(
                patient=f"p{i}", reader=f"r{j}", value=float(level), arm=(i + j) % 2, order=1
            )
            for (i, j), level in np.ndenumerate(levels)
        ]
    )
    assert model.converged
    assert found.patient.value == pytest.approx(model.patient_variance, rel=0.05, abs=0.02)
    assert found.reader.value == pytest.approx(model.reader_variance, rel=0.05, abs=0.02)
    assert found.rest.value == pytest.approx(model.rest_variance, rel=0.05, abs=0.02)


def test_components_are_found_at_full_size_with_two_readers_of_twelve_in_each_case() -> None:
    rng = np.random.default_rng(6)
    levels = crossed_levels(3346, 12, 6)
    rows = [["."] * 12 for _ in levels]
    for place, row in enumerate(levels):
        for reader in rng.choice(12, 2, replace=False):
            rows[place][reader] = str(row[reader])
    part = measure_components(read_ratings(["".join(row) for row in rows], level_count=5))
    whole = measure_components(read_ratings(rows_of(levels), level_count=5))
    assert part is not None
    assert whole is not None
    assert part.patient.value == pytest.approx(whole.patient.value, rel=0.08)
    assert part.reader.value == pytest.approx(whole.reader.value, rel=0.15)
    assert part.reader.interval is not None
    assert part.reader.interval.low < whole.reader.value < part.reader.interval.high  # type: ignore[operator]


def test_the_interval_of_the_reader_variance_holds_the_truth_in_about_95_percent() -> None:
    rng = np.random.default_rng(8)
    hits = 0
    for _ in range(300):
        # Levels 0 to 99 are nearly continuous.
        level = (
            50 + rng.normal(0, 10, (20, 1)) + rng.normal(0, 8, (1, 5)) + rng.normal(0, 5, (20, 5))
        )
        found = _components_of(np.clip(np.rint(level), 0, 99).astype(np.int8))
        interval = found.reader.interval if found else None
        hits += interval is not None and interval.low <= 64 <= interval.high
    assert 0.92 <= hits / 300 <= 0.98


def _components_of(levels: NDArray[np.int8]) -> VarianceComponents | None:
    patients = tuple(f"p{number:02d}" for number in range(len(levels)))
    return measure_components(
        Ratings(
            levels=levels,
            level_count=100,
            units=patients,
            readers=tuple(f"r{number}" for number in range(levels.shape[1])),
            patients=patients,
            patient_of=np.arange(len(levels)),
        )
    )


@pytest.mark.parametrize("rows", [["0", "1", "2"], ["012"], ["0.", ".1"]])
def test_tables_that_cannot_tell_patients_from_readers_say_so(rows: list[str]) -> None:
    found = measure_components(read_ratings(rows))
    assert found is not None
    assert "cannot be told apart" in found.reader.reason
    assert found.reader_share is None


def test_equal_levels_have_no_variance_and_no_grade_no_components() -> None:
    found = measure_components(read_ratings(["11", "11", "11"]))
    assert found is not None
    assert (found.patient.value, found.reader.value) == (0.0, 0.0)
    assert found.reader_share is None
    assert measure_components(read_ratings([])) is None


def timed_study(ratio: float, faster: float, seed: int = 3) -> list[TimedRead]:
    """8 readers contour 12 patients, half of them assisted; `faster` per tenfold order."""
    rng = np.random.default_rng(seed)
    pace, size = rng.normal(0, 0.3, 8), rng.normal(0, 0.4, 12)
    reads = []
    for reader in range(8):
        for order, patient in enumerate(rng.permutation(12), start=1):
            assisted = bool((patient + reader) % 2)
            log = 6 + pace[reader] + size[patient] + faster * np.log10(order)
            log += np.log(ratio) * assisted + rng.normal(0, 0.15)
            reads.append(
                TimedRead(
                    patient=f"p{patient}",
                    reader=f"r{reader}",
                    seconds=float(np.exp(log)),
                    assisted=assisted,
                    order=order,
                )
            )
    return reads


def test_time_saved_is_found_with_readers_patients_and_order_in_the_model() -> None:
    saved = measure_time_saved(timed_study(0.6, -0.3))
    assert saved.ratio.value == pytest.approx(0.6, rel=0.06)
    assert saved.ratio.interval is not None
    assert saved.ratio.interval.low < 0.6 < saved.ratio.interval.high
    assert saved.seconds_saved.value == pytest.approx(np.exp(5.8) * 0.4, rel=0.35)
    assert saved.model.order.value == pytest.approx(-0.3, abs=0.12)
    assert saved.model.reads == 96


@pytest.mark.parametrize(
    ("keep", "words"),
    [
        (lambda read: read.reader == "r0", "two readers"),
        (lambda read: read.assisted, "two arms"),
        (lambda read: read.patient == "p1", "two patients"),
    ],
)
def test_models_that_lack_a_side_are_refused(keep, words: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(DataError, match=words):
        measure_time_saved([read for read in timed_study(0.6, 0) if keep(read)])


def test_a_time_of_0_is_refused() -> None:
    read = TimedRead(patient="p", reader="r", seconds=0.0, assisted=True, order=1)
    with pytest.raises(DataError, match="above 0 s"):
        measure_time_saved([read])

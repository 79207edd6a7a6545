from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from han5k_review.evaluation import build_summary, list_metrics, plan_evaluation, run_evaluation
from han5k_review.evaluation.frames import build_metrics_frame, build_summary_frame
from han5k_review.evaluation.summary import build_spread
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from tests.evaluation.phantom_study import CATALOGUE


@settings(deadline=None)
@given(st.lists(st.floats(min_value=-1e6, max_value=1e6), min_size=1, max_size=40))
def test_quartiles_of_finite_values_are_numpys(values: list[float]) -> None:
    spread = build_spread(values)
    expected = np.percentile(values, [25, 50, 75])
    assert [spread.quartile_1, spread.median, spread.quartile_3] == pytest.approx(
        expected, rel=1e-9, abs=1e-6
    )


def test_an_infinite_distance_is_counted_and_never_averaged() -> None:
    spread = build_spread([1.0, 2.0, 3.0, math.inf, math.nan])
    assert (spread.defined, spread.undefined, spread.infinite) == (4, 1, 1)
    assert spread.median == 2.5
    assert spread.quartile_3 == math.inf
    assert math.isnan(spread.mean)


def test_quartiles_are_never_nan_because_of_infinities() -> None:
    spread = build_spread([1.0, math.inf, math.inf, math.inf])
    assert (spread.median, spread.quartile_3) == (math.inf, math.inf)


def test_nothing_defined_leaves_everything_undefined() -> None:
    spread = build_spread([math.nan, math.nan])
    assert (spread.defined, spread.undefined) == (0, 2)
    assert math.isnan(spread.median)


def test_a_summary_counts_what_is_missing(study: Study) -> None:
    with reading(study.engine) as session:
        plan = plan_evaluation(session, CATALOGUE)
    run_evaluation(study, plan)
    with reading(study.engine) as session:
        rows = list_metrics(session, plan)
    summaries = {s.structure: s for s in build_summary(rows)}
    assert list(summaries) == ["LenL", "LenR", "BrainStem"]
    stem = summaries["BrainStem"]
    # blocks of 6 voxels, shifted by 0, 1, 2, 3: Dice 1, 5/6, 4/6, 3/6
    assert (stem.measured, stem.not_measured) == (4, 0)
    assert stem.dice.mean == pytest.approx(0.75)
    assert stem.dice.median == pytest.approx(0.75)
    assert stem.hd95_mm.median == pytest.approx(3.0)
    assert summaries["LenL"].hd95_mm.infinite == 4
    assert summaries["LenL"].dice.mean == 0.0
    assert summaries["LenR"].dice.undefined == 4
    frame = build_summary_frame(summaries.values())
    assert frame.loc[frame.structure == "BrainStem", "dice_median"].item() == pytest.approx(0.75)
    assert len(build_metrics_frame(rows)) == len(rows)


def test_frames_of_nothing_have_their_columns() -> None:
    assert build_metrics_frame([]).empty
    assert "hd95_mm_median" in build_summary_frame([]).columns

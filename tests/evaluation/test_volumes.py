from __future__ import annotations

import math

import numpy as np
import pytest

from han5k_review.evaluation import list_metrics, run_evaluation
from han5k_review.evaluation.frames import build_volume_frame
from han5k_review.evaluation.volumes import build_limits
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from tests.evaluation.test_run import plan_of

# Bland and Altman 1986, table 1: peak expiratory flow (l/min), Wright meter and mini meter, first
# reading each of 17 people. They give a mean difference of -2.1 and a standard deviation of 38.8.
WRIGHT = (494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427)
MINI = (512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451)


def test_limits_are_those_of_the_paper() -> None:
    limits = build_limits(one - other for one, other in zip(WRIGHT, MINI, strict=True))
    assert limits.pairs == 17
    assert limits.bias == pytest.approx(-2.1, abs=0.05)
    assert limits.high - limits.bias == pytest.approx(1.96 * 38.8, abs=0.1)
    assert limits.bias - limits.low == pytest.approx(limits.high - limits.bias)


def test_one_pair_has_a_bias_and_no_limits() -> None:
    assert build_limits([3.0]).bias == 3.0
    assert math.isnan(build_limits([3.0]).low)
    assert math.isnan(build_limits([]).bias)


def test_volumes_are_prediction_minus_reference_and_empty_pairs_stay_out(study: Study) -> None:
    plan = plan_of(study)
    run_evaluation(study, plan)
    with reading(study.engine) as session:
        frame = build_volume_frame(list_metrics(session, plan))
    assert set(frame["structure"]) == {"BrainStem", "LenL"}
    # LenL: an empty pseudo-label against a reference of 2 x 8 x 5 voxels of 12 mm3
    lens = frame[frame["structure"] == "LenL"].iloc[0]
    assert lens["difference_cc"] == pytest.approx(-0.96)
    assert lens["mean_cc"] == pytest.approx(0.48)
    assert lens["difference_percent"] == pytest.approx(-200.0)
    assert np.allclose(frame[frame["structure"] == "BrainStem"]["difference_cc"], 0)

from __future__ import annotations

import numpy as np
import pytest

from han5k_review.errors import DataError
from han5k_review.statistics.audit import (
    AuditDesign,
    AuditRead,
    measure_audited_evidence,
    measure_audited_share,
)
from han5k_review.statistics.sequential import measure_evidence

# A cohort of two strata: 10 % doubtful cases with 40 % failures, the rest with 2 %. A design that
# reads as many of each stratum weighs doubtful reads with 0.1 / 0.5, the others with 0.9 / 0.5.
DOUBTFUL, EASY = 0.2, 1.8
TRUE_SHARE = 1 - (0.1 * 0.4 + 0.9 * 0.02)


def draw(
    rng: np.random.Generator, number: int, failing: tuple[float, float], *, scored: bool
) -> list[AuditRead]:
    doubtful = rng.random(number) < 0.5
    failed = rng.random(number) < np.where(doubtful, *failing)
    return [
        AuditRead(
            failed=bool(f),
            weight=DOUBTFUL if d else EASY,
            expected_failure=(failing[0] if d else failing[1]) if scored else 0.0,
        )
        for d, f in zip(doubtful, failed, strict=True)
    ]


def test_the_weighted_share_is_the_cohorts_and_not_that_of_the_reads() -> None:
    reads = draw(np.random.default_rng(1), 20_000, (0.4, 0.02), scored=False)
    plain = 1 - np.mean([read.failed for read in reads])
    measured = measure_audited_share(reads, AuditDesign(largest_weight=EASY))
    assert plain == pytest.approx(0.79, abs=0.01)
    assert measured.value == pytest.approx(TRUE_SHARE, abs=0.005)


def test_a_good_triage_score_makes_the_interval_narrower_and_a_bad_one_does_no_harm() -> None:
    rng = np.random.default_rng(2)
    plain = draw(rng, 4000, (0.4, 0.02), scored=False)
    scored = [
        AuditRead(
            failed=read.failed,
            weight=read.weight,
            expected_failure=0.4 if read.weight == DOUBTFUL else 0.02,
        )
        for read in plain
    ]
    useless = [
        AuditRead(failed=read.failed, weight=read.weight, expected_failure=0.3) for read in plain
    ]
    widths = []
    for reads, expected in ((plain, 0.0), (scored, 0.058), (useless, 0.3)):
        design = AuditDesign(largest_weight=EASY, cohort_expected_failure=expected)
        measured = measure_audited_share(reads, design)
        assert measured.interval is not None
        assert measured.value == pytest.approx(TRUE_SHARE, abs=0.015)
        widths.append(measured.interval.high - measured.interval.low)
    assert widths[1] < widths[0]


def test_with_all_weights_1_the_curve_is_nearly_that_of_the_sequential_certificate() -> None:
    outcomes = np.random.default_rng(3).random(120) < 0.98
    reads = [AuditRead(failed=not good, weight=1.0) for good in outcomes]
    weighted = measure_audited_evidence(reads, AuditDesign(largest_weight=1.0), limit=0.9)
    # A grid of 40 bets against the integral over all shares.
    assert weighted == pytest.approx(measure_evidence(outcomes, limit=0.9), abs=0.02)


@pytest.mark.parametrize("scored", [False, True])
def test_weighted_certificates_are_false_in_at_most_5_percent(scored: bool) -> None:
    rng = np.random.default_rng(4)
    failing = (0.46, 0.06)  # 0.1 x 0.46 + 0.9 x 0.06: a cohort of exactly 90 %
    expected = 0.1 if scored else 0.0
    design = AuditDesign(largest_weight=EASY, cohort_expected_failure=expected)
    false = sum(
        bool(
            (
                measure_audited_evidence(draw(rng, 150, failing, scored=scored), design, limit=0.9)
                >= np.log(20)
            ).any()
        )
        for _ in range(400)
    )
    assert false <= 30  # 5 % of 400 and two and a half standard deviations


def test_designs_that_do_not_fit_the_reads_are_refused() -> None:
    heavy = [AuditRead(failed=False, weight=3.0)]
    with pytest.raises(DataError, match="at most 2, as the design says"):
        measure_audited_share(heavy, AuditDesign(largest_weight=2.0))
    odd = [AuditRead(failed=False, weight=1.0, expected_failure=1.5)]
    with pytest.raises(DataError, match="Rescale the scores"):
        measure_audited_evidence(odd, AuditDesign(largest_weight=2.0), limit=0.9)


def test_without_reads_or_with_equal_ones_it_is_said_why_there_is_no_interval() -> None:
    design = AuditDesign(largest_weight=1.0)
    assert "No read of the random arm" in measure_audited_share([], design).reason
    alike = measure_audited_share([AuditRead(failed=False, weight=1.0)] * 5, design)
    assert (alike.value, alike.interval) == (1.0, None)
    assert "All reads agree" in alike.reason

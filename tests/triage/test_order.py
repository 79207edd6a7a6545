"""Order by gain: chance times gain over minutes, with quotas, learned from past readings."""

from __future__ import annotations

import numpy as np
import pytest

from han5k_review.triage.order import (
    QUOTA,
    Expected,
    PastReading,
    PastRevision,
    learn_expected,
    order_by_gain,
)

STRUCTURES = ("BrainStem", "ParotidL")
EXPECTED = {
    "BrainStem": Expected(read_seconds=12, revise_seconds=120, gain=0.4),
    "ParotidL": Expected(read_seconds=12, revise_seconds=60, gain=0.1),
}
NAN = float("nan")


def test_items_come_by_their_expected_gain_a_minute() -> None:
    """By hand: 0.5 x 0.4 in 72 s; 0.9 x 0.1 in 66 s; 0.1 x 0.4 in 24 s; the last has both."""
    chances = np.array([[0.5, NAN], [NAN, 0.9], [0.1, NAN], [0.5, 0.9]])
    found = order_by_gain(chances, STRUCTURES, EXPECTED)
    assert [item for item, _ in found] == [0, 3, 2, 1]
    by_hand = [0.2 / 1.2, 0.29 / 2.3, 0.04 / 0.4, 0.09 / 1.1]
    assert [value for _, value in found] == pytest.approx(by_hand)


def test_a_structure_that_was_revised_often_counts_less() -> None:
    """Twice the quota was revised: half the gain, and the other structure comes first."""
    chances = np.array([[0.5, NAN], [NAN, 0.9]])
    found = order_by_gain(chances, STRUCTURES, EXPECTED, {"BrainStem": 2 * int(QUOTA) + 20})
    assert [item for item, _ in found] == [1, 0]
    assert found[1][1] == pytest.approx(0.4 * 0.2 / 1.2)


def test_one_structure_does_not_fill_the_list_beyond_its_quota() -> None:
    """300 sure errors of each: gains of 0.30 and 0.15 in equal time fall alike beyond the quota."""
    same = {
        "BrainStem": Expected(read_seconds=12, revise_seconds=60, gain=0.3),
        "ParotidL": Expected(read_seconds=12, revise_seconds=60, gain=0.15),
    }
    chances = np.full((600, 2), NAN)
    chances[:300, 0], chances[300:, 1] = 1.0, 1.0
    first = [item for item, _ in order_by_gain(chances, STRUCTURES, same)[:240]]
    assert all(item < 300 for item in first[:80])  # 0.30 x 40 / 80 is 0.15: now both count alike
    assert sum(item >= 300 for item in first) == pytest.approx(80, abs=2)  # 160 to 80, as 2 to 1


def test_seconds_and_gains_are_learned_from_what_was_measured() -> None:
    """Seconds of 30 and 0.1 a mm are found again; a structure nobody read has the mean of all."""
    revisions = [
        PastRevision(structure="BrainStem", added_path_mm=path, gain=0.3, seconds=30 + 0.1 * path)
        for path in np.linspace(100, 900, 15).tolist()
    ]
    readings = [PastReading(structure="BrainStem", seconds=20)] * 5
    found = learn_expected(STRUCTURES, readings, revisions)
    for name in STRUCTURES:
        assert found[name].revise_seconds == pytest.approx(30 + 0.1 * 500)
        assert (found[name].read_seconds, found[name].gain) == pytest.approx((20, 0.3))
    unread = learn_expected(STRUCTURES, [], [])["ParotidL"]
    assert (unread.read_seconds, unread.revise_seconds) == pytest.approx((12, 60 + 0.05 * 1000))

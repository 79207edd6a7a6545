"""The scripted reader's hand is the product's editor, and mends a small patient."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks.assist_parts.strokes import (
    BRUSH,
    QUICK_ARMS,
    QUICK_PATIENT,
    measure_strokes,
)
from benchmarks.assist_parts.strokes_hand import Hand, Stroke, reaching_out
from benchmarks.assist_parts.strokes_table import build_table

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("HAN5K_SHARED_DATA", ROOT.parent / "shared" / "data"))
SHAPE = (24, 24, 12)
HEART = np.zeros(SHAPE, bool)
HEART[8:16, 8:16, 3:9] = True


def take(hand: Hand) -> None:
    """A block of 60 HU in water, of which the lower half is drawn; voxels of 1 x 1 x 2 mm."""
    lower = HEART & (np.arange(SHAPE[2]) < 6)
    hand.open((60 * HEART).astype(np.int16), lower, (1.0, 1.0, 2.0))


def test_strokes_and_tools_are_entries_and_seeds_are_none() -> None:
    with reaching_out() as hand:
        take(hand)
        hand.draw(Stroke(tool="eraser", k=3, points=[(8, 8), (8, 15)], size_mm=2))
        assert not hand.now[8:10, 8:16, 3].any()  # 1 mm around the line: two rows of the block
        assert hand.now[10:16, 8:16, 3].all()
        hand.draw(Stroke(tool="seed-in", k=6, points=[(9, 11), (14, 11)]))
        assert hand.entries == 1
        hand.use("grow", 6, whole=False, reachMm=20)
        assert (hand.entries, hand.tools) == (2, ["eraser", "smart-grow"])
        assert np.array_equal(hand.now[10:14, 10:14, 6], HEART[10:14, 10:14, 6])


def test_what_was_tried_leaves_nothing() -> None:
    with reaching_out() as hand:
        take(hand)
        before = hand.now.copy()
        with hand.trying():
            hand.draw(Stroke(tool="brush", k=7, points=[(11, 11)], size_mm=6))
            # Centres within 3 mm of one: 29 in a plane of 1 mm (Gauss's circle problem, r = 3).
            assert int((hand.now ^ before).sum()) == 29
            assert len(hand.fill_between(6))
        assert np.array_equal(hand.now, before)
        assert hand.entries == 0
        assert not len(hand.use("grow", 7, whole=True, reachMm=5))  # no seed is left either


def test_a_small_patient_is_mended_with_and_without_smart_tools() -> None:
    if not (SHARED / "openkbp-pool").is_dir():
        pytest.fail(f"OpenKBP was expected in {SHARED}; set HAN5K_SHARED_DATA.")
    found = measure_strokes(SHARED, [QUICK_PATIENT], QUICK_ARMS)
    assert [(one.structure, one.arm) for one in found] == [
        (name, arm) for name in ("Mandible", "ParotidL") for arm in QUICK_ARMS
    ]
    assert all(one.first < 0.7 and one.is_reached for one in found)
    assert all(set(one.tools) <= {"brush", "eraser"} for one in found if one.arm == BRUSH)
    assert any("smart-grow" in one.tools for one in found if one.arm != BRUSH)
    [head, *rows] = build_table(found)
    assert head.split()[:3] == ["strokes", "arm", "contours"]
    [row] = [line for line in rows if line.startswith("Mandible   brush alone")]
    entries = found[0].entries
    assert row.split()[3:] == ["1", "100", "%", f"{entries}.0", "0.0"]

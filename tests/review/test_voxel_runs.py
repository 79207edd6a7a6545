"""Runs say which voxels of a box are marked, in exactly one way, and nothing larger."""

from __future__ import annotations

import numpy as np
import pytest

from han5k_review.errors import DataError
from han5k_review.review.drafts.voxel_runs import decode_runs, encode_runs


@pytest.mark.parametrize(
    ("picture", "runs"),
    [
        ("....", b"\x04"),
        ("####", b"\x00\x04"),
        (".##.", b"\x01\x02\x01"),
        ("#..#", b"\x00\x01\x02\x01"),
    ],
)
def test_a_row_of_four_voxels(picture: str, runs: bytes) -> None:
    marked = np.array([[[mark == "#"]] for mark in picture])
    assert encode_runs(marked) == runs
    assert np.array_equal(decode_runs(runs, (4, 1, 1)), marked)


def test_a_long_run_is_an_leb128_number() -> None:
    # 624485 is E5 8E 26 in the example of the DWARF 5 standard, 7.6.
    assert encode_runs(np.zeros((624485, 1, 1), dtype=bool)) == b"\xe5\x8e\x26"


def test_i_runs_fastest_then_j_then_k() -> None:
    marked = np.zeros((3, 4, 2), dtype=bool)
    marked[2, 1, 0] = marked[0, 2, 0] = True  # voxels 5 and 6
    assert encode_runs(marked) == bytes([5, 2, 17])


@pytest.mark.parametrize("seed", range(20))
def test_any_box_comes_back(seed: int) -> None:
    random = np.random.default_rng(seed)
    shape = tuple(int(n) for n in random.integers(1, 40, 3))
    marked = random.random(shape) < random.random()
    assert np.array_equal(decode_runs(encode_runs(marked), shape), marked)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("runs", "sentence"),
    [
        (b"", "cut one or none"),
        (b"\x80", "cut one or none"),
        (b"\x03", "found 3"),
        (b"\x05", "found 5"),
        (b"\x01\x00\x03", "found none"),
        (b"\x01\x01\x00\x02", "found none"),
        (b"\x84\x80\x80\x80\x80\x00", "longer number"),
        (b"\xff\xff\xff\xff\x7f" * 10, "expected, found"),
    ],
)
def test_runs_that_do_not_fill_the_box_are_refused(runs: bytes, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        decode_runs(runs, (4, 1, 1))

"""Compiling works where nothing may be written, and bit operations are the processor's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from han5k_review.metrics.compiled import compiled, count_ones, zeros_above, zeros_below


@compiled
def count_all(word: int) -> tuple[int, int, int]:
    return count_ones(word), zeros_above(word), zeros_below(word)


@pytest.mark.parametrize(
    ("word", "expected"),
    [(0, (0, 64, 64)), (1, (1, 63, 0)), (40, (2, 58, 3)), (2**64 - 1, (64, 0, 0))],
)
def test_bits_are_counted(word: int, expected: tuple[int, int, int]) -> None:
    assert count_all(np.uint64(word)) == expected


def test_a_function_without_a_place_for_its_cache_is_compiled_all_the_same() -> None:
    names: dict[str, object] = {"compiled": compiled}
    source = "@compiled\ndef double(number):\n    return 2 * number\n"
    exec(compile(source, "<nowhere>", "exec"), names)
    double = names["double"]
    assert callable(double)
    assert double(21) == 42


def test_a_second_process_measures_without_compiling_again(tmp_path: Path) -> None:
    program = (
        "import time, numpy as np\n"
        "from han5k_review.metrics import measure\n"
        "mask = np.ones((3, 3, 3), dtype=np.bool_)\n"
        "began = time.perf_counter()\n"
        "measure(mask, np.roll(mask, 1, 0), (1, 1, 1))\n"
        "print(time.perf_counter() - began)\n"
    )
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    first, second = (
        float(
            subprocess.run(
                [sys.executable, "-c", program],
                env=environment,
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        )
        for _ in range(2)
    )
    assert any(tmp_path.rglob("*.nbi"))
    assert second < first / 3

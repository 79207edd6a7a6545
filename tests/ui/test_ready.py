"""A web process does beforehand what readers would otherwise wait for."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

SCRIPT = """
import gc, json, sys
from han5k_review.metrics import bit_rows, components, facts, row_search
from han5k_review.ui.ready import get_ready_in_background

get_ready_in_background().join()
walked, set_aside, known = len(gc.get_objects()), gc.get_freeze_count(), set(sys.modules)
import numpy as np
from han5k_review.metrics import measure
from han5k_review.ui.cases import query
from han5k_review.viewer import mount

modules = [bit_rows, components, facts, row_search]
functions = {
    f"{m.__name__}.{n}": f for m in modules for n, f in vars(m).items() if hasattr(f, "signatures")
}
before = {name: len(f.signatures) for name, f in functions.items()}
ball = np.linalg.norm(np.indices((40, 36, 30)) - 15.0, axis=0) <= 11
measure(ball, np.roll(ball, 4, axis=2), (0.9, 0.9, 2.5), tolerance_mm=2.0)
after = {name: len(f.signatures) for name, f in functions.items()}
later = sorted(name for name in set(sys.modules) - known if name.startswith("han5k_review"))
print(json.dumps([before, after, later, walked, set_aside]))
"""


@pytest.fixture(scope="module")
def told() -> Any:
    """What a process says once it is ready."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, timeout=300
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_nothing_is_compiled_or_imported_any_more_once_the_server_is_ready(told: Any) -> None:
    before, after, later, _, _ = told
    assert before == after
    assert sum(before.values()) > 0
    assert later == []


def test_the_search_for_dropped_rings_leaves_out_all_that_was_imported(told: Any) -> None:
    """Streamlit asks for it after each run of a page; everybody else waits meanwhile."""
    *_, walked, set_aside = told
    assert set_aside > 200_000
    assert walked < set_aside / 20

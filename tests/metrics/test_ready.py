"""A server compiles the measures before the first reader needs them."""

from __future__ import annotations

import json
import subprocess
import sys

SCRIPT = """
import json
from han5k_review.metrics import bit_rows, components, facts, row_search
from han5k_review.metrics.ready import compile_in_background

compile_in_background().join()
import numpy as np
from han5k_review.metrics import measure

modules = [bit_rows, components, facts, row_search]
functions = {
    f"{m.__name__}.{n}": f for m in modules for n, f in vars(m).items() if hasattr(f, "signatures")
}
before = {name: len(f.signatures) for name, f in functions.items()}
ball = np.linalg.norm(np.indices((40, 36, 30)) - 15.0, axis=0) <= 11
measure(ball, np.roll(ball, 4, axis=2), (0.9, 0.9, 2.5), tolerance_mm=2.0)
after = {name: len(f.signatures) for name, f in functions.items()}
print(json.dumps([before, after]))
"""


def test_nothing_is_compiled_any_more_once_the_server_is_ready() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, timeout=300
    )
    before, after = json.loads(done.stdout)
    assert before == after
    assert sum(before.values()) > 0

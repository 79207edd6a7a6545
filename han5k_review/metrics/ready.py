"""Compile the fast path ahead of the first measurement of an installation.

Compiling takes seconds and is cached on disk; whoever serves people starts it beside its other work
at start, so that no reader's first submission waits for it.
"""

from __future__ import annotations

import numpy as np

from han5k_review.metrics.measure import measure


def compile_ahead() -> None:
    """Measure two small blocks that differ, which needs every compiled function once."""
    block = np.zeros((12, 12, 12), dtype=bool)
    block[3:8, 3:9, 2:9] = True
    measure(block, np.roll(block, 1, axis=0), (1.0, 1.0, 2.0))

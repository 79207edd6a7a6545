"""The losses are timed in turns; the whole is `python benchmarks/network.py --quick`."""

from __future__ import annotations

import numpy as np

from network_parts.losses import time_losses
from network_parts.patients import _walk


def test_the_losses_are_timed_in_turns() -> None:
    found = time_losses(1, (4, 4, 4))
    assert min(found.nnunet_ms, found.trusted_ms, found.partial_ms) > 0


def test_a_ct_that_is_too_small_goes_on_there_and_back() -> None:
    assert np.array_equal(_walk(8, 3), [0, 1, 2, 2, 1, 0, 0, 1])

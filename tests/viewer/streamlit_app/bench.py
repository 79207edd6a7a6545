"""The cases of the test app, built once per process."""

from __future__ import annotations

from functools import cache

import numpy as np

from rigs.viewer_cases import block_case, lps_grid, patient_case
from rigs.viewer_desk import Desk


@cache
def desk() -> Desk:
    """A synthetic patient, and a phantom as the next case: a patient takes seconds to build."""
    first = patient_case(3, assignment=1, next_assignment=2)
    shape = (64, 64, 24)
    second = block_case(
        np.zeros(shape, dtype=np.int16),
        lps_grid(shape, (3.0, 3.0, 3.0)),
        {"BrainStem": (slice(20, 40), slice(20, 40), slice(5, 15))},
        assignment=2,
        case="HN-002",
    )
    return Desk(cases={1: first, 2: second})

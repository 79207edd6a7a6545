"""The cases of the test app, built once per process."""

from __future__ import annotations

from functools import cache

from tests.viewer.cases import patient_case
from tests.viewer.desk import Desk


@cache
def desk() -> Desk:
    """Two synthetic patients, the second one the first's next case."""
    first = patient_case(3, assignment=1, next_assignment=2)
    second = patient_case(5, assignment=2)
    return Desk(cases={1: first, 2: second})

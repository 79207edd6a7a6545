"""Two synthetic patients and their pseudo-labels, made once for this room's tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from han5k_review.anatomy.catalogue import Catalogue, read_catalogue
from han5k_review.demo.case import DemoCase, build_case
from han5k_review.demo.pseudo import PseudoLabels, build_pseudo_labels
from han5k_review.demo.study import DemoEntry, iterate_demo_cases

ROOT = Path(__file__).resolve().parents[2]
SEED = 11


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return read_catalogue(ROOT / "data" / "structures.csv")


@pytest.fixture(scope="session")
def case(catalogue: Catalogue) -> DemoCase:
    return build_case(SEED, catalogue)


@pytest.fixture(scope="session")
def other_case(catalogue: Catalogue) -> DemoCase:
    return build_case(SEED + 1, catalogue)


@pytest.fixture(scope="session")
def entries(catalogue: Catalogue) -> list[DemoEntry]:
    """A study's first cases, of the seeds of the two patients and of a third."""
    return list(iterate_demo_cases(catalogue, cases=3, references_for=2, seed=SEED))


@pytest.fixture(scope="session")
def pseudo(case: DemoCase, catalogue: Catalogue) -> PseudoLabels:
    return build_pseudo_labels(case, catalogue, np.random.default_rng(1))

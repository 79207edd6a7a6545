"""A stored cohort of twelve synthetic heads; one contour is truncated, one pair is swapped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from han5k_review.imaging.mask import StructureMask
from han5k_review.store.engine import transaction
from han5k_review.store.study import Study
from rigs.databases import copy_study, open_new_study
from rigs.phantom_study import GRID, build_head
from rigs.studies import add_case, add_identity, add_label, add_reader

CASES = 14
TRUNCATED, SWAPPED = "case-03", "case-07"


def make_cohort(root: Path) -> None:
    study = open_new_study(root)
    add_identity(study)
    with transaction(study.engine) as session:
        add_reader(session, "anna")
        for number in range(CASES):
            head = build_head(number)
            name = f"case-{number:02d}"
            image = study.volumes.put_volume(head.volume)
            case = add_case(session, name, GRID, image_sha256=image)
            for structure, mask in spoil(name, head.masks).items():
                add_label(session, study, case, structure, mask)
    study.engine.dispose()


def spoil(case: str, masks: dict[str, StructureMask]) -> dict[str, StructureMask]:
    found = dict(masks)
    if case == TRUNCATED:
        stem = masks["BrainStem"]
        lower_half = stem.voxels[:, :, : stem.voxels.shape[2] // 2]
        found["BrainStem"] = StructureMask.from_box(lower_half, stem.start_ijk, GRID)
    if case == SWAPPED:
        found["ParotidL"], found["ParotidR"] = masks["ParotidR"], masks["ParotidL"]
    return found


@pytest.fixture(scope="session")
def made_cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("cohort") / "study"
    make_cohort(root)
    return root


@pytest.fixture
def cohort(made_cohort: Path, tmp_path: Path) -> Iterator[Study]:
    """A copy of the cohort that a test may change."""
    study = copy_study(made_cohort, tmp_path / "study")
    yield study
    study.engine.dispose()

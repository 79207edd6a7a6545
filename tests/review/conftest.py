"""A small stored study: one case with three pseudo-labels, two readers, one assignment each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.review.assigning import assign_cases
from han5k_review.review.scale import Scale, read_scale
from han5k_review.store.engine import transaction
from han5k_review.store.study import Study
from han5k_review.store.tables import Case, LabelVersion, Reader
from han5k_review.store.vocabulary import LabelSource, Role, Split
from tests.databases import open_new_study

ROOT = Path(__file__).resolve().parents[2]
NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
GRID = Grid.from_affine((12, 12, 6), np.diag([-2.0, -2.0, 3.0, 1.0]))
STRUCTURES = ("BrainStem", "ParotidL", "ParotidR")


def block(start: int) -> StructureMask:
    dense = np.zeros(GRID.shape, dtype=bool)
    dense[start : start + 4, 2:6, 1:4] = True
    return StructureMask.from_dense(dense, GRID)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    study: Study
    scale: Scale
    case: Case
    anna: Reader
    ben: Reader
    assignment_id: int
    versions: dict[str, int]


@pytest.fixture(params=["sqlite", "postgresql"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    study = open_new_study(tmp_path / "study", url)
    with transaction(study.engine) as session:
        session.expire_on_commit = False
        case = Case(
            name="HN-001",
            patient="P1",
            split=Split.TRAIN,
            image_sha256="0" * 64,
            shape_ijk=list(GRID.shape),
            affine_ras=[list(row) for row in GRID.affine_ras],
        )
        anna = Reader(name="anna", pseudonym="R1", role=Role.READER, password_hash="x")
        ben = Reader(name="ben", pseudonym="R2", role=Role.ADJUDICATOR, password_hash="x")
        session.add_all([case, anna, ben])
        session.flush()
        versions = {}
        for n, name in enumerate(STRUCTURES):
            mask = block(n)
            row = LabelVersion(
                case_id=case.id or 0,
                structure=name,
                source=LabelSource.PSEUDO,
                mask_sha256=study.labels.put_mask(mask),
                voxels=mask.voxel_count,
                volume_cc=mask.volume_cc,
            )
            session.add(row)
            session.flush()
            versions[name] = row.id or 0
        assign_cases(session, reader=anna, cases=[case], actor="lead", now=NOON)
        assign_cases(session, reader=ben, cases=[case], actor="lead", now=NOON)
    yield Bench(
        study=study,
        scale=read_scale(ROOT / "data" / "scales.csv", "han5k-3"),
        case=case,
        anna=anna,
        ben=ben,
        assignment_id=1,
        versions=versions,
    )
    study.engine.dispose()

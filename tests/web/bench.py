"""A small stored study with real files: two cases, contours of each kind, an account per role."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np

from han5k_review.accounts.passwords import hash_password
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume
from han5k_review.review.assigning import assign_cases
from han5k_review.store.engine import transaction
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, Case, LabelVersion, Reader, StudyInfo
from han5k_review.store.vocabulary import LabelSource, Role, Split
from tests.databases import open_new_study

ROOT = Path(__file__).resolve().parents[2]
NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
GRID = Grid.from_affine((24, 20, 19), np.diag([-2.0, -2.0, 3.0, 1.0]))
PASSWORD = "correct horse battery"
PEOPLE = {
    "anna": Role.READER,
    "ben": Role.READER,
    "carla": Role.ADJUDICATOR,
    "lena": Role.LEAD,
    "emil": Role.ENGINEER,
    "adele": Role.ADMIN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebBench:
    """The study, what is in its first case, and whose assignment is which."""

    study: Study
    database_url: str | None
    hu: np.ndarray
    masks: dict[str, StructureMask]
    versions: dict[str, int]
    assignments: dict[str, int]
    case_id: int


def build_bench(root: Path, database_url: str | None) -> WebBench:
    """Case 1 is assigned to anna (blinded) and ben (not blinded), case 2 to ben."""
    study = open_new_study(root, database_url)
    # The tables only: the demo study of scripts/serve may lie beside them.
    study.tables.mkdir()
    for table in (ROOT / "data").glob("*.csv"):
        shutil.copy(table, study.tables)
    shutil.copytree(ROOT / "data" / "label_maps", study.tables / "label_maps")
    hu = _hounsfield()
    image = study.volumes.put_volume(CtVolume(grid=GRID, hu=hu))
    masks = {"BrainStem": _box(4, 9), "ParotidL": _box(1, 4), "ParotidR": StructureMask.empty(GRID)}
    versions: dict[str, int] = {}
    with transaction(study.engine) as session:
        session.add(StudyInfo(name="bench", protocol_version="1", scale="han5k-3"))
        people = {
            name: Reader(name=name, pseudonym=f"R{n:02d}", role=role, password_hash=_hash())
            for n, (name, role) in enumerate(PEOPLE.items(), start=1)
        }
        session.add_all(people.values())
        cases = [_case(f"HN-00{n}", image) for n in (1, 2)]
        session.add_all(cases)
        session.flush()
        for name, mask in masks.items():
            version = _version(study, cases[0], name, mask, LabelSource.PSEUDO)
            session.add(version)
            session.flush()
            versions[name] = version.id or 0
        session.add(_version(study, cases[0], "ParotidL", _box(2, 5), LabelSource.REFERENCE))
        session.add(_version(study, cases[1], "ParotidL", _box(2, 5), LabelSource.PSEUDO))
        assign_cases(session, reader=people["anna"], cases=cases[:1], actor="test", now=NOON)
        assign_cases(session, reader=people["ben"], cases=cases, actor="test", now=NOON)
        session.flush()
        bens = session.get(Assignment, 2)
        if bens is not None:
            bens.blinded = False
    return WebBench(
        study=study,
        database_url=database_url,
        hu=hu,
        masks=masks,
        versions=versions,
        assignments={"anna": 1, "ben": 2, "ben, second case": 3},
        case_id=1,
    )


@cache
def _hash() -> str:
    return hash_password(PASSWORD)


def _hounsfield() -> np.ndarray:
    random = np.random.default_rng(7)
    return random.integers(-1024, 3071, GRID.shape, dtype=np.int16)


def _box(first: int, last: int) -> StructureMask:
    dense = np.zeros(GRID.shape, dtype=bool)
    dense[first:last, 3:8, 2:7] = True
    dense[first, 3, 2] = False
    return StructureMask.from_dense(dense, GRID)


def _case(name: str, image: str) -> Case:
    return Case(
        name=name,
        patient=name,
        split=Split.TRAIN,
        image_sha256=image,
        shape_ijk=list(GRID.shape),
        affine_ras=[list(row) for row in GRID.affine_ras],
    )


def _version(
    study: Study, case: Case, structure: str, mask: StructureMask, source: LabelSource
) -> LabelVersion:
    return LabelVersion(
        case_id=case.id or 0,
        structure=structure,
        source=source,
        mask_sha256=study.labels.put_mask(mask),
        voxels=mask.voxel_count,
        volume_cc=mask.volume_cc,
        note=f"made by {source.value} maker",
    )

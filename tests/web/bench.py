"""A small stored study with real files: two cases, contours of each kind, an account per role."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from han5k_review.accounts.passwords import hash_password
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume
from han5k_review.review.assigning import assign_cases
from han5k_review.review.row_numbers import RowKind, number_task
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, Reader, StudyInfo
from han5k_review.store.vocabulary import LabelSource, Role
from rigs.databases import copy_study, open_new_study
from rigs.studies import NOON, ROOT, add_case, add_label, make_box, make_grid

GRID = make_grid((24, 20, 19))
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

    def number(self, structure: str, assignment: int = 1) -> int:
        """What the browser of this task has for the contour under review."""
        numbers = number_task(self.study.root, assignment)
        return numbers.show(RowKind.LABEL_VERSION, self.versions[structure])

    def find_version(self, number: int, assignment: int = 1) -> int:
        """The label version behind a number of this task."""
        return number_task(self.study.root, assignment).find(RowKind.LABEL_VERSION, number)


def build_bench(root: Path, database_url: str | None) -> WebBench:
    """Case 1 is assigned to anna (blinded) and ben (not blinded), case 2 to ben.

    Without a URL it is a copy of one that is made once in this process.
    """
    if database_url is not None:
        return _build_bench(root, database_url)
    made = _template()
    return replace(made, study=copy_study(made.study.root, root))


@cache
def _template() -> WebBench:
    folder = tempfile.mkdtemp(prefix="han5k-bench-")
    atexit.register(shutil.rmtree, folder)
    made = _build_bench(Path(folder) / "study", None)
    made.study.engine.dispose()
    return made


def _build_bench(root: Path, database_url: str | None) -> WebBench:
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
        cases = [add_case(session, f"HN-00{n}", GRID, image_sha256=image) for n in (1, 2)]
        for name, mask in masks.items():
            label = add_label(session, study, cases[0], name, mask, note="made by pseudo maker")
            versions[name] = stored_id(label)
        note = "made by reference maker"
        other = _box(2, 5)
        add_label(session, study, cases[0], "ParotidL", other, LabelSource.REFERENCE, note=note)
        add_label(session, study, cases[1], "ParotidL", other, note="made by pseudo maker")
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
    whole = make_box(GRID, (first, last), (3, 8), (2, 7))
    dense = whole.dense()
    dense[first, 3, 2] = False
    return StructureMask.from_dense(dense, GRID)

"""A small stored study: one case with three pseudo-labels, two readers, one assignment each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from han5k_review.imaging.mask import StructureMask
from han5k_review.review.assigning import assign_cases
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import Case, Reader
from han5k_review.store.vocabulary import Role
from han5k_review.study.scale import Scale, read_scale
from rigs.databases import open_new_study
from rigs.studies import NOON, ROOT, add_case, add_label, add_reader, make_box, make_grid

GRID = make_grid((12, 12, 6))
STRUCTURES = ("BrainStem", "ParotidL", "ParotidR")


def block(start: int) -> StructureMask:
    return make_box(GRID, (start, start + 4), (2, 6), (1, 4))


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
        case = add_case(session, "HN-001", GRID, patient="P1")
        anna = add_reader(session, "anna", pseudonym="R1")
        ben = add_reader(session, "ben", Role.ADJUDICATOR, pseudonym="R2")
        versions = {
            name: stored_id(add_label(session, study, case, name, block(n)))
            for n, name in enumerate(STRUCTURES)
        }
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

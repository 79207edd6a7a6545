"""A small study for tests of pages: boxes for contours on noise for a CT, made in a second."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sqlmodel import Session

from han5k_review.accounts.readers import add_reader
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume
from han5k_review.importing.made_cases import MadeCase, store_case
from han5k_review.importing.study import create_study
from han5k_review.review.assigning import assign_cases
from han5k_review.review.decisions.submitting import submit_revision
from han5k_review.review.labels import list_under_review
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import Reader, Revision
from han5k_review.store.vocabulary import Role, Split
from han5k_review.study import get_case, list_cases
from rigs.studies import make_box, make_grid
from tests.browser.desk import PASSWORD

GRID = make_grid((48, 48, 24))
PEOPLE = (
    ("anna", Role.READER),
    ("ben", Role.READER),
    ("carla", Role.READER),
    ("ada", Role.ADJUDICATOR),
    ("lead", Role.LEAD),
)
STRUCTURES = ("BrainStem", "ParotidL", "ParotidR")


def box(structure: str, grown: int = 0) -> StructureMask:
    """Each structure a box of its own, `grown` voxels longer towards the head."""
    low = 4 + 12 * STRUCTURES.index(structure)
    return make_box(GRID, (low, low + 8), (16, 28), (6, 14 + grown))


def build_small_study(root: Path, cases: int = 3) -> Study:
    """`cases` with three structures each, on the list of `anna`; the second one has references."""
    study = create_study(root, "Small study", now_utc=utc_now())
    for number in range(1, cases + 1):
        hu = np.random.default_rng(number).integers(-40, 80, GRID.shape).astype(np.int16)
        masks = {name: box(name) for name in STRUCTURES}
        store_case(
            study,
            MadeCase(
                name=f"HN-{number:03}",
                patient=f"P{number:03}",
                split=Split.TRAIN,
                volume=CtVolume(grid=GRID, hu=hu),
                pseudo=masks,  # type: ignore[arg-type]
                reference={},
                origin="test",
            ),
            actor="test",
            now=utc_now(),
        )
    with transaction(study.engine) as session:
        for name, role in PEOPLE:
            reader = add_reader(
                session, name=name, password=PASSWORD, role=role, actor="test", now=utc_now()
            )
            if name == "anna":
                rows = list_cases(session)
                assign_cases(session, reader=reader, cases=rows, actor="test", now=utc_now())
    return study


def submit(
    session: Session, study: Study, case_name: str, structure: str, reader: Reader, grown: int
) -> Revision:
    """A revision of `structure` that is `grown` voxels longer."""
    case = get_case(session, case_name)
    before = list_under_review(session, stored_id(case))[structure]
    return submit_revision(
        session,
        study.labels,
        case=case,
        structure=structure,
        before=study.labels.get_mask(before.mask_sha256, GRID),
        after=box(structure, grown),
        reader=reader,
        now=utc_now(),
    )

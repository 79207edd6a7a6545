"""A small study with accepted, certified and other contours, copied for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlmodel import Session

from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume
from han5k_review.store.draft_tables import StructureLock
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, Case, LabelVersion, ModelVersion, Reader
from han5k_review.store.vocabulary import Decision, GradeLevel, LabelSource
from rigs.databases import copy_study, open_new_study
from rigs.phantom_study import add_grade, add_revision
from rigs.studies import NOON, add_case, add_identity, add_label, add_reader, make_box, make_grid

GRID = make_grid((24, 20, 10))
CASES = ("HN-001", "HN-002", "HN-003", "HN-004")
BRAIN, STEM = (
    make_box(GRID, (2, 20), (3, 17), (2, 9)),
    make_box(GRID, (8, 14), (8, 13), (2, 6)),
)
PAROTID = make_box(GRID, (1, 5), (5, 12), (1, 6))  # meets the brain


def build_release_study(root: Path) -> Study:
    """Four cases whose brain is accepted as a model drew it.

    HN-001: brain stem and parotid accepted too. HN-002: brain stem graded major, a revision of the
    parotid waits. HN-003: parotid accepted as absent. HN-004: parotid graded only.
    """
    study = open_new_study(root)
    add_identity(study)
    image = study.volumes.put_volume(
        CtVolume(grid=GRID, hu=np.arange(4800, dtype=np.int16).reshape(GRID.shape) - 1000)
    )
    with transaction(study.engine) as session:
        model = ModelVersion(
            name="model-1", folder="m", checkpoint_sha256="ab" * 32, labels={}, created_at_utc=NOON
        )
        session.add(model)
        reader, judge = (
            add_reader(session, "rita.login", pseudonym="R1"),
            add_reader(session, "judy.login", pseudonym="R2"),
        )
        session.flush()
        cases = [add_case(session, name, GRID, image_sha256=image) for name in CASES]
        for case in cases:
            _fill(session, study, case, reader, judge, stored_id(model))
    return study


def _fill(
    session: Session, study: Study, case: Case, reader: Reader, judge: Reader, model: int
) -> None:
    assignment = Assignment(
        case_id=stored_id(case), reader_id=stored_id(reader), presentation_order=1
    )
    session.add(assignment)
    session.flush()
    pseudo = LabelSource.PSEUDO
    stem = add_label(session, study, case, "BrainStem", STEM, pseudo, created_at_utc=NOON)
    brain = add_label(
        session,
        study,
        case,
        "Brain",
        BRAIN,
        LabelSource.PREDICTION,
        model_version_id=model,
        created_at_utc=NOON,
    )
    parotid = add_label(session, study, case, "ParotidL", PAROTID, pseudo, created_at_utc=NOON)
    _lock(session, brain, judge)
    if case.name == "HN-002":
        add_grade(session, assignment, stem, GradeLevel.MAJOR)
        add_revision(session, study, case, parotid, STEM, reader, None)
    elif case.name == "HN-003":
        _lock(session, stem, judge)
        add_revision(
            session, study, case, parotid, StructureMask.empty(GRID), reader, Decision.ACCEPTED
        )
    elif case.name == "HN-004":
        _lock(session, stem, judge)
        add_grade(session, assignment, parotid, GradeLevel.NO)
    else:
        _lock(session, stem, judge)
        add_revision(session, study, case, parotid, PAROTID, reader, Decision.ACCEPTED)


def _lock(session: Session, label: LabelVersion, judge: Reader) -> None:
    session.add(
        StructureLock(
            case_id=label.case_id,
            structure=label.structure,
            locked=True,
            label_version_id=stored_id(label),
            by_id=stored_id(judge),
            at_utc=NOON,
        )
    )
    session.flush()


@pytest.fixture(scope="session")
def release_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release") / "study"
    build_release_study(folder).engine.dispose()
    return folder


@pytest.fixture
def study(release_folder: Path, tmp_path: Path) -> Iterator[Study]:
    made = copy_study(release_folder, tmp_path / "study")
    yield made
    made.engine.dispose()

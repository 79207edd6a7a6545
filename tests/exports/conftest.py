"""A graded study: two readers, grades changed and withdrawn, one revision, measured pairs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from han5k_review.evaluation import plan_evaluation, run_evaluation
from han5k_review.imaging.mask import StructureMask
from han5k_review.review.assigning import assign_cases
from han5k_review.review.decisions.submitting import submit_revision
from han5k_review.review.grading import GradeRequest, submit_grade
from han5k_review.review.labels import list_under_review
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, Case, Reader
from han5k_review.store.vocabulary import Role
from han5k_review.study.scale import read_scale
from rigs.databases import copy_study, open_new_study
from rigs.studies import add_identity
from tests.evaluation.phantom_study import CATALOGUE, GRID, ROOT, block, build_study

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 5, 5, 8, 30, tzinfo=UTC)
SCALE = read_scale(ROOT / "data" / "scales.csv", "han5k-3")
COMMENT = '=HYPERLINK("http://example.org","Ödem, 声門 🙂")\nzweite Zeile'


def grade_study(study: Study) -> None:
    """Anna reads all cases, Ben the first two; everything at times that are one minute apart."""
    with transaction(study.engine) as session:
        people = [
            Reader(name="anna.login", pseudonym="R1", role=Role.READER, password_hash="argon-a"),
            Reader(name="ben.login", pseudonym="R2", role=Role.LEAD, password_hash="argon-b"),
        ]
        session.add_all(people)
        session.flush()
        cases = list(session.exec(select(Case).order_by(col(Case.name))))
        for case in cases:
            case.imported_at_utc = NOON
        assign_cases(session, reader=people[0], cases=cases, actor="lead", now=NOON)
        assign_cases(session, reader=people[1], cases=cases[:2], actor="lead", now=NOON)
    steps: list[tuple[str, str, str, str | None]] = [
        ("R1", "HN-001", "BrainStem", "no"),
        ("R1", "HN-002", "BrainStem", "no"),
        ("R1", "HN-003", "BrainStem", "minor"),
        ("R1", "HN-003", "BrainStem", "major"),
        ("R1", "HN-004", "BrainStem", "minor"),
        ("R1", "HN-001", "ParotidL", "no"),
        ("R1", "HN-001", "ParotidL", None),
        ("R1", "HN-001", "LenR", "not_assessable"),
        ("R2", "HN-001", "BrainStem", "minor"),
        ("R2", "HN-002", "BrainStem", "minor"),
    ]
    for number, step in enumerate(steps):
        with transaction(study.engine) as session:
            _grade(session, *step, number=number)
    _revise(study)


def _grade(
    session: Session, reader: str, case: str, structure: str, code: str | None, *, number: int
) -> None:
    person = session.exec(select(Reader).where(Reader.pseudonym == reader)).one()
    found = session.exec(select(Case).where(Case.name == case)).one()
    assignment = session.exec(
        select(Assignment).where(Assignment.case_id == found.id, Assignment.reader_id == person.id)
    ).one()
    label = list_under_review(session, stored_id(found))[structure]
    submit_grade(
        session,
        assignment_id=stored_id(assignment),
        reader=person,
        scale=SCALE,
        request=GradeRequest(
            request_id=f"request-{number:04d}",
            structure=structure,
            label_version_id=stored_id(label),
            code=code,
            tags=("over", "island") if number == 0 else (),
            comment=COMMENT if number == 0 else "",
            flagged_slices=(3, 4) if number == 0 else (),
            opened_at_utc=NOON + timedelta(minutes=number, seconds=-20),
            active_seconds=12.25,
        ),
        now=NOON + timedelta(minutes=number),
    )


def _revise(study: Study) -> None:
    with transaction(study.engine) as session:
        case = session.exec(select(Case).where(Case.name == "HN-003")).one()
        anna = session.exec(select(Reader).where(Reader.pseudonym == "R1")).one()
        dense = block(4).dense()
        dense[4] = False  # one of six layers
        submit_revision(
            session,
            study.labels,
            case=case,
            structure="BrainStem",
            before=block(4),
            after=StructureMask.from_dense(dense, GRID),
            reader=anna,
            now=NOON + timedelta(hours=1),
        )


def measure_study(study: Study) -> None:
    with reading(study.engine) as session:
        plan = plan_evaluation(session, CATALOGUE)
    run_evaluation(study, plan, clock=lambda: NOON)


def build_graded_study(folder: Path, url: str | None = None) -> Study:
    made = build_study(folder, url)
    add_identity(made)
    grade_study(made)
    measure_study(made)
    return made


@pytest.fixture(scope="session")
def graded_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The graded study, built once; tests work on copies."""
    folder = tmp_path_factory.mktemp("graded") / "study"
    build_graded_study(folder).engine.dispose()
    return folder


@pytest.fixture
def study(graded_folder: Path, tmp_path: Path) -> Iterator[Study]:
    made = copy_study(graded_folder, tmp_path / "study")
    yield made
    made.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_study(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Study]:
    if request.param == "sqlite":
        yield request.getfixturevalue("study")
        return
    made = build_graded_study(tmp_path / "other", request.getfixturevalue("postgres_url"))
    yield made
    made.engine.dispose()


@pytest.fixture
def empty_study(tmp_path: Path) -> Iterator[Study]:
    made = open_new_study(tmp_path / "empty")
    add_identity(made)
    yield made
    made.engine.dispose()

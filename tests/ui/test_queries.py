"""However many cases a study has: a page's lists take the same number of queries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, event
from sqlmodel import Session, select

from han5k_review.review.assigning import assign_cases
from han5k_review.review.decisions.adjudication import list_questions
from han5k_review.review.decisions.locking import lock_structure
from han5k_review.review.decisions.submitting import submit_revision
from han5k_review.review.labels import list_under_review
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, Case, Reader
from han5k_review.study import get_case, list_cases
from han5k_review.study.scale import read_scale
from han5k_review.ui.cases.frames import build_case_frame
from han5k_review.ui.cases.query import CaseSummary, CaseWish, list_case_summaries
from han5k_review.ui.revisions.locks import list_locked
from rigs.studies import ROOT, add_case, add_reader
from tests.evaluation.phantom_study import CASES, CATALOGUE, GRID, block, build_study


@pytest.fixture
def study(tmp_path: Path) -> Iterator[Study]:
    made = build_study(tmp_path / "study")
    with transaction(made.engine) as session:
        for name in ("anna", "ben", "carla"):
            add_reader(session, name)
    yield made
    made.engine.dispose()


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield said
    event.remove(engine, "before_cursor_execute", note)


def list_frame(session: Session) -> list[object]:
    scale = read_scale(ROOT / "data" / "scales.csv", "han5k-3")
    frame = build_case_frame(session, CATALOGUE, scale, get_case(session, CASES[0]))
    return list(frame.columns)


def ask_questions(session: Session) -> list[object]:
    return list(list_questions(session, names_reads=True))


def work_on(study: Study, number: int) -> None:
    """Three more cases, which another reader reads; a contour is revised and another locked."""
    with transaction(study.engine) as session:
        for letter in "abc":
            add_case(session, f"NEW-{number}{letter}", GRID)
        reader = session.get_one(Reader, number + 1)
        assign_cases(session, reader=reader, cases=list_cases(session), actor="lead", now=utc_now())
        case = get_case(session, CASES[number])
        revise(session, study, case, reader, number)
        locked = list_under_review(session, stored_id(case))["ParotidL"]
        lock_structure(session, label_version_id=stored_id(locked), by=reader, now=utc_now())


def revise(session: Session, study: Study, case: Case, reader: Reader, number: int) -> None:
    submit_revision(
        session,
        study.labels,
        case=case,
        structure="BrainStem",
        before=block(2 + number),
        after=block(9 + number),
        reader=reader,
        now=utc_now(),
    )


def list_summaries(session: Session) -> list[CaseSummary]:
    return list_case_summaries(session, CaseWish(), most=50)


@pytest.mark.parametrize(
    ("ask", "counts"),
    [
        (list_summaries, [7, 13]),
        (list_locked, [1, 3]),
        (list_frame, [1, 3]),
        (ask_questions, [1, 3]),
    ],
    ids=["cases", "locks", "case", "questions"],
)
def test_more_rows_take_no_more_queries(
    study: Study, ask: Callable[[Session], list[object]], counts: list[int]
) -> None:
    taken, sizes = [], []
    for steps in (1, 2):
        for step in range(steps):
            work_on(study, len(taken) + step)
        with reading(study.engine) as session:
            session.exec(select(Case).limit(1)).all()
            with counted(study.engine) as said:
                sizes.append(len(ask(session)))
        taken.append(len(said))
    assert taken[0] == taken[1] <= 10
    assert sizes[1] - sizes[0] == counts[1] - counts[0]


def test_the_list_of_cases_counts_what_each_has(study: Study) -> None:
    work_on(study, 0)
    with transaction(study.engine) as session:
        read = session.exec(select(Assignment)).first()
        assert read is not None
        again = Assignment(case_id=read.case_id, reader_id=read.reader_id, is_repeat=True)
        again.read_index, again.presentation_order = 7, 99
        session.add(again)
    with reading(study.engine) as session:
        first, *_ = list_summaries(session)
    # BrainStem, LenR, ParotidL and LenL under review; BrainStem, LenR, ParotidR and LenL to compare
    assert (first.pseudo_labels, first.references, first.readers) == (4, 4, 1)

"""The weeks of the lived-in demo, played on small blocks: every page finds something, seeded."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from han5k_review.cli.demo_calendar import Calendar
from han5k_review.cli.demo_life import live
from han5k_review.cli.demo_reading import Story
from han5k_review.protocol.due_contours import list_due
from han5k_review.review.decisions.revising import list_revisions
from han5k_review.store.consensus_tables import ConsensusGrade
from han5k_review.store.engine import reading, transaction
from han5k_review.store.signature_tables import ReadSignature
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, Grade, LabelVersion
from han5k_review.store.vocabulary import LabelSource, Role, Split
from rigs.databases import open_new_study
from rigs.studies import NOON, add_case, add_identity, add_label, add_reader, make_box, make_grid

GRID = make_grid((24, 24, 12))
STRUCTURES = ("BrainStem", "MandibleL", "ParotidL", "ParotidR")
CASES = 7
TRAINING = 2


def play(folder: Path) -> Study:
    """Seven cases, of which two train; contours of different worth."""
    study = open_new_study(folder)
    add_identity(study)
    calendar = Calendar(end=NOON)
    with transaction(study.engine) as session:
        for number in range(CASES):
            split = Split.TRAIN if number < TRAINING else Split.HELD_OUT
            case = add_case(session, f"demo-{number + 1:02d}", GRID, split=split)
            for place, name in enumerate(STRUCTURES):
                mask = make_box(GRID, (4 + place, 14), (6, 16), (2, 9))
                add_label(session, study, case, name, mask, created_at_utc=calendar.begin)
        for name, role in (("anna", Role.READER), ("ben", Role.READER), ("ada", Role.ADJUDICATOR)):
            add_reader(session, name, role)
        add_reader(session, "lead", Role.LEAD)
    better = make_box(GRID, (4, 12), (6, 16), (2, 9))
    story = Story(
        study=study,
        calendar=calendar,
        truth={f"demo-{n + 1:02d}": dict.fromkeys(STRUCTURES, better) for n in range(TRAINING)},  # type: ignore[arg-type]
        worth={
            (f"demo-{n + 1:02d}", name): -0.02 * n
            for n in range(CASES)
            for name in ("BrainStem", "ParotidR")
        },
        seed=7,
    )
    with transaction(study.engine) as session:
        live(session, story)
    return study


def list_acts(session: Session) -> list[tuple[object, ...]]:
    rows = session.exec(select(Grade).order_by(col(Grade.id)))
    return [(row.structure, row.raw_code, row.active_seconds, row.graded_at_utc) for row in rows]


def test_the_demo_is_at_work_and_equal_seeds_give_equal_grades(tmp_path: Path) -> None:
    study = play(tmp_path / "one")
    with reading(study.engine) as session:
        acts = list_acts(session)
        assert {code for _, code, _, _ in acts} == {"no", "minor", "major"}
        reads = session.exec(select(Assignment)).all()
        graded = set(session.exec(select(Grade.assignment_id).distinct()))
        assert {row.is_repeat for row in reads if row.id in graded} == {True, False}
        assert any(row.is_calibration for row in reads if row.id in graded)
        first = [row for row in reads if not (row.is_repeat or row.is_calibration)]
        assert any(row.id not in graded for row in first)  # something is left to read
        decided = [view.decision is None for view in list_revisions(session)]
        assert set(decided) == {True, False}  # some wait, some were accepted
        assert len(session.exec(select(ReadSignature)).all()) == 4
        assert session.exec(select(ConsensusGrade)).first() is not None
        assert list_due(session)
        made = {row.id: row.created_at_utc for row in session.exec(select(LabelVersion))}
        for row in session.exec(select(Grade)):
            assert made[row.label_version_id] < row.graded_at_utc <= NOON
        planted = select(LabelVersion.id).where(LabelVersion.source == LabelSource.PLANTED)
        assert session.exec(planted).first() is not None
    again = play(tmp_path / "two")
    with reading(again.engine) as session:
        assert list_acts(session) == acts
    for one in (study, again):
        one.engine.dispose()


@pytest.mark.parametrize("days", [0.0, 35.5])
def test_an_empty_demo_has_one_moment_only(days: float) -> None:
    assert Calendar(end=NOON, is_empty=True).day(days) == NOON
    assert Calendar(end=NOON).day(days) == NOON - timedelta(days=days)

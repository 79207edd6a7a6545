"""Forced choice: both sides by chance, choices stored apart from grades, and what they say."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from dataclasses import replace

import pandas as pd
import pytest
from scipy.stats import binomtest
from sqlmodel import Session, select, text
from statsmodels.stats.proportion import proportion_confint

from han5k_review.errors import ConflictError, RuleError
from han5k_review.exports.csv_files import build_csv_archive
from han5k_review.exports.frames import build_export
from han5k_review.exports.preference_rows import build_preference_rows
from han5k_review.exports.report import build_report
from han5k_review.protocol.handing_over import hand_over, plan_hand_over
from han5k_review.protocol.presets import build_preset
from han5k_review.protocol.reads import ReadWish, assign_reads, plan_reads
from han5k_review.protocol.record import find_freeze
from han5k_review.review.assignment import list_worklist
from han5k_review.review.grading import GradeRequest, submit_grade
from han5k_review.review.label_sets import list_label_sets, view_task
from han5k_review.review.preferences import list_given_choices, list_pairs
from han5k_review.review.preferring import ChoiceOutcome, submit_choice
from han5k_review.review.results import count_grades
from han5k_review.review.signing import is_as_signed, sign_read
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Assignment, Case, Reader
from han5k_review.store.vocabulary import Choice, LabelSource, Preset
from han5k_review.ui.results.preferences import build_preference_chart
from rigs.studies import NOON, add_label, make_box, make_grid
from tests.exports.test_report import read_table
from tests.protocol.conftest import CASES, SCALE, STRUCTURES, Room


@pytest.fixture
def pairs(room: Room) -> Room:
    """The room with a newer reference of the parotid: the first one is the AI's very contour."""
    grid = make_grid((24, 24, 12))
    with transaction(room.study.engine) as session:
        for case in session.exec(select(Case)).all():
            mask = make_box(grid, (5, 16), (6, 16), (2, 9))
            add_label(session, room.study, case, "ParotidL", mask, LabelSource.REFERENCE)
    return room


def begin(room: Room, session: Session, *names: str) -> list[Assignment]:
    wish = ReadWish(reader_ids=tuple(room.readers[name] for name in names))
    plan = plan_reads(session, wish)
    assign_reads(session, room.study, wish, seen=plan, actor="lead", now=NOON)
    return room.list_reads(session)


def choose(
    session: Session, row: Assignment, structure: str, code: str | None, *, act: str = "first"
) -> ChoiceOutcome:
    pair = list_pairs(session, stored_id(row))[structure]
    return submit_choice(
        session,
        assignment_id=stored_id(row),
        reader=session.get_one(Reader, row.reader_id),
        request=GradeRequest(
            request_id=f"request-{row.id}-{structure}-{act}",
            structure=structure,
            label_version_id=pair.label_version_id,
            code=code,
            active_seconds=4.0,
        ),
        now=NOON,
    )


def read_sheet(room: Room, key: str) -> pd.DataFrame:
    export = build_export(room.study, export_id="E1", now=NOON)
    with zipfile.ZipFile(io.BytesIO(build_csv_archive(export))) as archive:
        return pd.read_csv(io.BytesIO(archive.read(f"{key}.csv")))


def test_sides_are_drawn_by_the_seed_and_a_blind_reader_sees_no_source(room: Room) -> None:
    room.set(build_preset(Preset.FORCED_CHOICE, room.facts()))
    with transaction(room.study.engine) as session:
        wish = ReadWish(reader_ids=(room.readers["anna"],))
        assert plan_reads(session, wish) == plan_reads(session, wish)
        reads = begin(room, session, "anna")
        assert len(reads) == CASES
        found = [pair for row in reads for pair in list_pairs(session, stored_id(row)).values()]
        sides = Counter((pair.left_source, pair.right_source) for pair in found)
        assert set(sides) == {("ai", "reference"), ("reference", "ai")}
        # 12 fair coins: one side at most twice has a chance of 4 %; the seed is fixed.
        assert min(sides.values()) >= 3
        assert {pair.structure for pair in found} == {"BrainStem"}  # the parotids are the same
        shown = list_label_sets(session, reads[0].case_id, view_task(reads[0]))
        assert [(one.key, one.name, one.style.line) for one in shown] == [
            ("a", "Left", "solid"),
            ("d", "Right", "solid"),
        ]
        for structure, pair in list_pairs(session, stored_id(reads[0])).items():
            assert shown[0].versions[structure].id == pair.label_version_id
            assert shown[1].versions[structure].id == pair.right_id


def test_choices_fill_the_worklist_are_signed_and_are_no_grades(pairs: Room) -> None:
    pairs.set(replace(build_preset(Preset.FORCED_CHOICE, pairs.facts()), allows_neither=False))
    with transaction(pairs.study.engine) as session:
        row = begin(pairs, session, "anna")[0]
        first, second = STRUCTURES
        anna = session.get_one(Reader, row.reader_id)
        assert choose(session, row, first, "left").chosen == 1
        assert choose(session, row, first, "left").is_new is False
        with pytest.raises(ConflictError, match="belongs to another choice"):
            choose(session, row, first, "right")
        assert choose(session, row, first, "right", act="again").turn == 2
        with pytest.raises(RuleError, match="One of left, right was expected, found 'neither'"):
            choose(session, row, second, "neither")
        with pytest.raises(RuleError, match="A grade for each of the 2 structures"):
            sign_read(session, assignment_id=stored_id(row), reader=anna, now=NOON)
        choose(session, row, second, "left")
        entry = next(
            e for e in list_worklist(session, stored_id(anna)) if e.assignment_id == row.id
        )
        assert (entry.graded, entry.total, entry.is_done) == (2, 2, True)
        assert find_freeze(session) == NOON
        assert count_grades(session) == {}
        signed = sign_read(session, assignment_id=stored_id(row), reader=anna, now=NOON)
        assert (signed.grades, is_as_signed(session, signed)) == (2, True)
        with pytest.raises(RuleError, match="An open read was expected"):
            choose(session, row, first, "left", act="late")
        with pytest.raises(RuleError, match="found a forced choice"):
            submit_grade(
                session,
                assignment_id=stored_id(pairs.list_reads(session)[1]),
                reader=anna,
                scale=SCALE,
                request=GradeRequest(
                    request_id="request-grade", structure=first, label_version_id=1, code="no"
                ),
                now=NOON,
            )
    for act in ("UPDATE preference SET choice = 'left'", "DELETE FROM preference"):
        with (
            pytest.raises(ConflictError, match="rows of preference are never"),
            transaction(pairs.study.engine) as session,
        ):
            session.execute(text(act))


def test_the_rest_of_a_read_moves_with_both_contours_on_their_sides(pairs: Room) -> None:
    pairs.set(build_preset(Preset.FORCED_CHOICE, pairs.facts()))
    with transaction(pairs.study.engine) as session:
        row = begin(pairs, session, "anna")[0]
        left, kept = STRUCTURES
        before = list_pairs(session, stored_id(row))[kept]
        choose(session, row, left, "left")
        anna, ben = (session.get_one(Reader, pairs.readers[name]) for name in ("anna", "ben"))
        plan = plan_hand_over(session, leaving=anna, coming=ben)
        assert (plan.rest, len(plan.whole)) == ((row.id,), CASES - 1)
        hand_over(session, plan, leaving=anna, coming=ben, actor="lead", now=NOON)
        moved = session.exec(
            select(Assignment).where(
                Assignment.reader_id == ben.id, Assignment.case_id == row.case_id
            )
        ).one()
        after = list_pairs(session, stored_id(moved))
        assert list(after) == [kept]
        assert (after[kept].right_id, after[kept].left_source) == (
            before.right_id,
            before.left_source,
        )


def test_the_report_says_what_its_own_csv_gives(pairs: Room) -> None:
    protocol = build_preset(Preset.FORCED_CHOICE, pairs.facts())
    pairs.set(replace(protocol, reads_per_case=2, repeat_share=0.25, repeat_weeks=0))
    answers = ("ai", "ai", "reference", "ai", Choice.NEITHER, "ai", Choice.BOTH_POOR)
    with transaction(pairs.study.engine) as session:
        for n, row in enumerate(begin(pairs, session, "anna", "ben")):
            for m, (structure, pair) in enumerate(list_pairs(session, stored_id(row)).items()):
                wanted = answers[(3 * n + m) % len(answers)]
                sides = {pair.left_source: Choice.LEFT, pair.right_source: Choice.RIGHT}
                choose(session, row, structure, sides.get(wanted, wanted))
    given = read_sheet(pairs, "preferences")
    assert given["is_repeat"].sum() == 2 * 3 * len(STRUCTURES)
    first = given[~given["is_repeat"]]
    decided = first.dropna(subset="preferred_source")
    wins = int((decided["preferred_source"] == "ai").sum())
    line = read_table(build_report(pairs.study), "preference-table")[0]
    assert (line["Structure"], line["First"]) == ("all structures", str(wins))
    assert line["Second"] == str(len(decided) - wins)
    assert line["Both poor"] == str(int((first["choice"] == "both_poor").sum()))
    shares = read_sheet(pairs, "preference-shares").iloc[0]
    wilson = proportion_confint(wins, len(decided), method="wilson")
    assert (shares["share_wilson_low"], shares["share_wilson_high"]) == pytest.approx(wilson)
    assert shares["share_clustered_low"] < shares["share_first"] < shares["share_clustered_high"]
    lead = (
        decided.assign(vote=(decided["preferred_source"] == "ai").map({True: 1, False: -1}))
        .groupby("patient")["vote"]
        .sum()
    )
    test = binomtest(int((lead > 0).sum()), int((lead != 0).sum()))
    assert shares["p_value"] == pytest.approx(test.pvalue)
    with transaction(pairs.study.engine) as session:
        rows = build_preference_rows(list_given_choices(session), STRUCTURES)
    (points,) = build_preference_chart(rows).data
    assert points.y == ("all structures", *STRUCTURES)
    assert points.x[0] == pytest.approx(100 * shares["share_first"])
    assert shares["share_left"] == pytest.approx((decided["choice"] == "left").mean())

"""Reads by protocol: what is planted, repeated and trained on never counts; done work is kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from han5k_review.errors import ConflictError, RuleError
from han5k_review.evaluation.choice import find_labels as find_chosen
from han5k_review.evaluation.choice import list_choices
from han5k_review.exports.frames import build_export, build_frame
from han5k_review.protocol.handing_over import hand_over, plan_hand_over
from han5k_review.protocol.presets import build_preset
from han5k_review.protocol.reads import ReadPlan, ReadWish, assign_reads, plan_reads
from han5k_review.retraining.teaching.review_records import read_records
from han5k_review.review.assignment import find_next_assignment, list_worklist
from han5k_review.review.labels import list_shown
from han5k_review.review.pauses import pause_reading, resume_reading
from han5k_review.review.progress import measure_progress
from han5k_review.review.results import count_grades
from han5k_review.review.visible_case import get_visible_task
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.protocol_tables import PlantedContour
from han5k_review.store.tables import Assignment, LabelVersion, Reader
from han5k_review.store.vocabulary import GradeLevel, LabelSource, Preset
from rigs.studies import NOON
from tests.protocol.conftest import CASES, STRUCTURES, Room

MINOR = "minor"


def assign(room: Room, session: Session, *names: str) -> ReadPlan:
    wish = ReadWish(reader_ids=tuple(room.readers[name] for name in names))
    plan = plan_reads(session, wish)
    assign_reads(session, room.study, wish, seen=plan, actor="lead", now=NOON)
    return plan


def finish(room: Room, session: Session, row: Assignment) -> None:
    for structure in list_shown(session, row):
        room.grade(session, row, structure, MINOR)


def test_planted_errors_are_shown_and_never_counted(room: Room) -> None:
    room.set(replace(build_preset(Preset.ACCEPTANCE, room.facts()), planted_share=0.2))
    with transaction(room.study.engine) as session:
        plan = assign(room, session, "anna", "ben")
        for row in room.list_reads(session):
            finish(room, session, row)
    planted = sum(share.planted for share in plan.shares)
    with reading(room.study.engine) as session:
        versions = session.exec(
            select(LabelVersion).where(LabelVersion.source == LabelSource.PLANTED)
        ).all()
        assert len(versions) == planted == 4  # a fifth of 12 contours of each reader
        rows = session.exec(select(PlantedContour)).all()
        assert {row.label_version_id for row in rows} == {version.id for version in versions}
        counted = sum(count for found in count_grades(session).values() for count in found.values())
        assert counted == CASES * len(STRUCTURES) - planted
        numbers = {version.id for version in versions}
        for choice in list_choices(session).values():
            chosen = find_chosen(session, choice).values()
            assert numbers.isdisjoint(label.label_version_id for label in chosen)
        levels = [r.levels for r in read_records(session, STRUCTURES).values()]
        assert sum(found == (GradeLevel.MINOR,) for found in levels) == counted
        assert all(p.is_done for p in measure_progress(session).values())


def test_a_repeat_stays_hidden_until_its_weeks_have_passed(room: Room) -> None:
    protocol = replace(build_preset(Preset.INTRA_READER, room.facts()), repeat_share=0.25)
    room.set(protocol)
    anna = room.readers["anna"]
    with transaction(room.study.engine) as session:
        assign(room, session, "anna")
        reads = room.list_reads(session)
        repeats = {row.id for row in reads if row.is_repeat}
        assert len(repeats) == 3
        for row in reads:
            if not row.is_repeat:
                finish(room, session, row)
        early = list_worklist(session, anna, now=NOON + timedelta(days=13))
        late = list_worklist(session, anna, now=NOON + timedelta(days=15))
        assert {one.assignment_id for one in late} - {one.assignment_id for one in early} == repeats
        assert len({one.case for one in late}) == len(late)  # each goes by a name of its own
        assert not any(one.case.startswith("HN-") for one in late)
        assert [one.assignment_id for one in late] == sorted(one.assignment_id for one in late)
        again = find_next_assignment(session, anna, now=NOON + timedelta(days=15))
        assert again in repeats
        before = {row.id: row.repeat_of_id for row in reads}
        first = session.get_one(Assignment, before[again])
        shown = list_shown(session, session.get_one(Assignment, again))
        assert shown == list_shown(session, first)
        for row in reads:
            if row.is_repeat:
                finish(room, session, row)
        assert sum(sum(found.values()) for found in count_grades(session).values()) == 24


def test_a_plan_that_changed_since_it_was_shown_is_not_written(room: Room) -> None:
    room.set(build_preset(Preset.TWO_READS, room.facts()))
    wish = ReadWish(reader_ids=tuple(room.readers.values()), most_cases=4)
    with reading(room.study.engine) as session:
        plan = plan_reads(session, wish)
        assert plan == plan_reads(session, wish)
        assert Counter(read.reader_id for read in plan.reads) == dict.fromkeys(wish.reader_ids, 2)
    with transaction(room.study.engine) as session:
        assign_reads(session, room.study, wish, seen=plan, actor="lead", now=NOON)
    with (
        pytest.raises(ConflictError, match="changed since"),
        transaction(room.study.engine) as session,
    ):
        assign_reads(session, room.study, wish, seen=plan, actor="lead", now=NOON)


def test_sources_are_mixed_and_graded_as_they_are_shown(room: Room) -> None:
    room.set(build_preset(Preset.COMPARISON, room.facts()))
    with transaction(room.study.engine) as session:
        assign(room, session, "anna", "ben")
        reads = room.list_reads(session)
        sources = Counter(v.source for row in reads for v in list_shown(session, row).values())
        assert sources == {LabelSource.PSEUDO: 24, LabelSource.REFERENCE: 24}
        seen = get_visible_task(session, reads[0], names_reads=True)
        assert (seen.asks_source, seen.asks_confidence) == (True, True)
        finish(room, session, reads[0])
        assert measure_progress(session)[stored_id(reads[0])].is_done


def test_who_takes_over_gets_the_rest_and_done_work_is_kept(room: Room) -> None:
    protocol = replace(build_preset(Preset.INTRA_READER, room.facts()), repeat_share=0.5)
    room.set(protocol)
    with transaction(room.study.engine) as session:
        assign(room, session, "anna", "ben")
        anna, carla = (session.get_one(Reader, room.readers[n]) for n in ("anna", "carla"))
        own = [row for row in room.list_reads(session) if row.reader_id == anna.id]
        first = [row for row in own if not row.is_repeat]
        finish(room, session, first[0])
        room.grade(session, first[1], "BrainStem", MINOR)
        half = first[1].id
        plan = plan_hand_over(session, leaving=anna, coming=carla)
        assert (len(plan.whole), plan.rest, plan.kept) == (4, (half,), ())
        hand_over(session, plan, leaving=anna, coming=carla, actor="lead", now=NOON)
    with transaction(room.study.engine) as session:
        theirs = [row for row in room.list_reads(session) if row.reader_id == room.readers["carla"]]
        whole = [row for row in theirs if not row.is_repeat]
        assert sorted(len(list_shown(session, row)) for row in whole) == [1, 2, 2, 2, 2]
        for row in whole:
            finish(room, session, row)
        for row in room.list_reads(session):
            if row.reader_id == room.readers["ben"] and not row.is_repeat:
                finish(room, session, row)
        # Every contour of every case has been graded once, whoever did it.
        assert {n: sum(c.values()) for n, c in count_grades(session).items()} == dict.fromkeys(
            STRUCTURES, CASES
        )
        with pytest.raises(RuleError, match="closed by the study lead"):
            room.grade(session, session.get_one(Assignment, half), "ParotidL", MINOR)


def test_a_pause_offers_no_further_case(room: Room) -> None:
    room.set(build_preset(Preset.TWO_READS, room.facts()))
    with transaction(room.study.engine) as session:
        assign(room, session, "anna", "ben")
        anna = session.get_one(Reader, room.readers["anna"])
        pause_reading(session, None, reason="new CTs come", actor="lead", now=NOON)
        assert find_next_assignment(session, room.readers["anna"]) is None
        resume_reading(session, None, actor="lead", now=NOON)
        assert find_next_assignment(session, room.readers["anna"]) is not None
        pause_reading(session, anna, reason="holiday", actor="lead", now=NOON)
        assert find_next_assignment(session, room.readers["anna"]) is None
        assert find_next_assignment(session, room.readers["ben"]) is not None


def test_an_export_says_of_each_grade_whether_it_counts(room: Room) -> None:
    facts = room.facts()
    protocol = replace(
        build_preset(Preset.INTRA_READER, facts),
        planted_share=0.2,
        calibration_cases=("HN-000",),
    )
    room.set(protocol)
    with transaction(room.study.engine) as session:
        assign(room, session, "anna")
        for row in room.list_reads(session):
            finish(room, session, row)
    room.set(replace(protocol, seed=2), "another draw")
    export = build_export(room.study, export_id="e", now=NOON)
    grades = build_frame(export.get_table("grades"))
    uses = grades["grade_use"].value_counts().to_dict()
    # 11 cases of 2 contours, 4 of them planted; 2 repeats; one calibration case
    assert uses["planted error"] >= 4
    assert uses["calibration"] == 2
    assert sum(uses.values()) == 22 + 4 + 2
    assert set(grades["protocol_version"]) == {"1"}
    assert set(grades["arm"]) == {"pseudo"}
    assert grades[grades["is_planted"]]["contour_source"].eq("planted").all()
    summary = build_frame(export.get_table("summary"))
    assert summary["grades"].sum() == uses["first read"] == 18
    readers = build_frame(export.get_table("readers"))
    (reader,) = readers[readers["grades"] > 0].to_dict("records")
    assert (reader["planted_errors"], reader["planted_found"], reader["sensitivity"]) == (4, 0, 0)
    sheet = build_frame(export.get_table("protocol"))
    changed = sheet[sheet["is_changed"]]
    assert list(changed["item"]) == ["Seed of the draw"]
    assert list(changed["reason"]) == ["another draw"]
    assert changed["after_freeze"].tolist() == [False]  # made at the same moment as the grades

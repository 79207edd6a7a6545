"""Adjudication by rule: who waits, what the consensus is, and that nobody is on both sides."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlmodel import Session, select

from han5k_review.errors import AccessError, ConflictError, RuleError
from han5k_review.exports.frames import build_export, build_frame
from han5k_review.protocol.adjudicating import ConsensusRequest, submit_consensus
from han5k_review.protocol.due_contours import DueContour, list_due
from han5k_review.protocol.presets import build_preset
from han5k_review.protocol.reads import ReadWish, assign_reads, plan_reads
from han5k_review.review.assigning import assign_cases
from han5k_review.review.consensus import list_consensus
from han5k_review.review.labels import list_shown
from han5k_review.review.results import count_patients
from han5k_review.store.consensus_tables import ConsensusGrade
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Audit, Case, Grade, Reader
from han5k_review.store.vocabulary import AdjudicationRule, Preset, Role
from rigs.studies import NOON, add_reader
from tests.protocol.conftest import SCALE, Room


@pytest.fixture
def ada(room: Room) -> int:
    with transaction(room.study.engine) as session:
        return stored_id(add_reader(session, "ada", Role.ADJUDICATOR))


def read_all(room: Room, rule: AdjudicationRule, share: float = 0.1, left: int = 0) -> None:
    """Anna and ben read six cases twice: alike, but for the brainstem of two of them.

    HN case k of the list: anna says no; ben says minor in the first, major in the second.
    `left` contours of ben's last read have no grade yet.
    """
    protocol = replace(
        build_preset(Preset.TWO_READS, room.facts()),
        planted_share=0.0,
        repeat_share=0.0,
        adjudication=rule,
        adjudication_share=share,
    )
    room.set(protocol)
    with transaction(room.study.engine) as session:
        wish = ReadWish(reader_ids=(room.readers["anna"], room.readers["ben"]), most_cases=6)
        plan = plan_reads(session, wish)
        assign_reads(session, room.study, wish, seen=plan, actor="lead", now=NOON)
        rows = sorted(room.list_reads(session), key=lambda row: (row.case_id, row.reader_id))
        cases = sorted({row.case_id for row in rows})
        for row in rows:
            is_ben = row.reader_id == room.readers["ben"]
            codes = {cases[0]: "minor", cases[1]: "major"} if is_ben else {}
            names = list(list_shown(session, row))
            if left and row is rows[1]:
                names = names[:-left]
            for name in names:
                code = codes.get(row.case_id, "no") if name == "BrainStem" else "no"
                room.grade(session, row, name, code)


def due(room: Room) -> list[DueContour]:
    with reading(room.study.engine) as session:
        return list_due(session)


def decide(session: Session, one: DueContour, person: int, code: str = "minor") -> ConsensusGrade:
    request = ConsensusRequest(
        label_version_id=one.label_version_id, last_grade_id=one.last_grade_id, code=code
    )
    adjudicator = session.get_one(Reader, person)
    return submit_consensus(session, request, adjudicator=adjudicator, scale=SCALE, now=NOON)


@pytest.mark.parametrize(
    ("rule", "waiting"),
    [
        (AdjudicationRule.NONE, 0),
        (AdjudicationRule.ONE_LEVEL, 2),
        (AdjudicationRule.TWO_LEVELS, 1),
        (AdjudicationRule.ANY_MAJOR, 1),
    ],
)
def test_the_rule_says_which_contours_wait(
    room: Room, rule: AdjudicationRule, waiting: int
) -> None:
    read_all(room, rule)
    found = due(room)
    assert [one.structure for one in found] == ["BrainStem"] * waiting
    assert all(one.reads == 2 for one in found)


def test_a_sample_is_drawn_by_the_seed_whatever_the_grades(room: Room) -> None:
    read_all(room, AdjudicationRule.SAMPLE, share=0.5)
    found = due(room)
    assert 0 < len(found) < 12
    assert found == due(room)


def test_a_contour_waits_only_once_every_read_of_it_is_complete(room: Room) -> None:
    read_all(room, AdjudicationRule.ONE_LEVEL, left=1)
    assert len(due(room)) == 1


def test_the_consensus_stands_beside_the_reads_until_one_of_them_changes(
    room: Room, ada: int
) -> None:
    read_all(room, AdjudicationRule.TWO_LEVELS)
    (one,) = due(room)
    with transaction(room.study.engine) as session:
        before = [row.model_dump() for row in session.exec(select(Grade))]
        made = decide(session, one, ada)
        assert [row.model_dump() for row in session.exec(select(Grade))] == before
        assert list(list_consensus(session)) == [one.label_version_id]
        number = made.id
    assert due(room) == []
    with reading(room.study.engine) as session:  # major of one reader, minor by adjudication
        audited = session.exec(select(Audit).where(Audit.action == "adjudicate grade")).one()
        assert (audited.actor, audited.detail["consensus"]) == ("ada", number)
        patients = count_patients(session)["BrainStem"]
        assert (patients.patients, patients.acceptable) == (6, 6)
    export = build_export(room.study, export_id="E", now=NOON)
    grades = build_frame(export.get_table("grades"))
    assert sorted(grades.dropna(subset="adjudicated_level")["grade_level"]) == ["major", "no"]
    assert build_frame(export.get_table("summary")).set_index("structure").loc[
        "BrainStem", ["no_revision", "minor_revision", "major_revision"]
    ].tolist() == [4, 2, 0]
    sheet = build_frame(export.get_table("adjudication"))
    assert sheet[["structure", "level", "stands"]].to_numpy().tolist() == [
        ["BrainStem", "minor", True]
    ]
    with transaction(room.study.engine) as session:
        row = next(
            r
            for r in room.list_reads(session)
            if (r.case_id, r.reader_id) == (one.case_id, room.readers["ben"])
        )
        room.grade(session, row, "BrainStem", "minor")
        assert (list_consensus(session), list_due(session)) == ({}, [])
        room.grade(session, row, "BrainStem", "absent")  # beside "no" of the other reader
        (again,) = list_due(session)
        decide(session, again, ada, "no")
        assert [row.level for row in list_consensus(session).values()] == ["no"]
        assert len(session.exec(select(ConsensusGrade)).all()) == 2


def test_nobody_adjudicates_a_case_that_they_read_or_reads_one_that_they_adjudicated(
    room: Room, ada: int
) -> None:
    read_all(room, AdjudicationRule.TWO_LEVELS)
    (one,) = due(room)
    with transaction(room.study.engine) as session:
        with pytest.raises(AccessError):
            decide(session, one, room.readers["carla"])
        anna = session.get_one(Reader, room.readers["anna"])
        anna.role = Role.ADJUDICATOR
        with pytest.raises(RuleError, match="anna is one of its readers"):
            decide(session, one, room.readers["anna"])
        stale = replace(one, last_grade_id=one.last_grade_id - 1)
        with pytest.raises(ConflictError, match="a reader has changed one since"):
            decide(session, stale, ada)
        decide(session, one, ada)
        with pytest.raises(RuleError, match="does not wait any more"):
            decide(session, one, ada)
        reader, subject = session.get_one(Reader, ada), session.get_one(Case, one.case_id)
        with pytest.raises(RuleError, match="ada does not adjudicate"):
            assign_cases(session, reader=reader, cases=[subject], actor="lead", now=NOON)

"""A timed study with both arms: some reads are drawn from nothing, and only their time is used."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sqlmodel import Session, select

from han5k_review.errors import RuleError
from han5k_review.exports.frames import build_export, build_frame
from han5k_review.exports.report import build_report
from han5k_review.protocol.draw import DrawInput, OpenCase, draw_reads
from han5k_review.protocol.handing_over import hand_over, plan_hand_over
from han5k_review.protocol.presets import build_preset
from han5k_review.protocol.reads import ReadWish, assign_reads, plan_reads
from han5k_review.protocol.record import find_freeze
from han5k_review.retraining.teaching.review_records import read_records
from han5k_review.review.accepted import list_accepted
from han5k_review.review.assignment import list_worklist
from han5k_review.review.decisions.adjudication import list_questions
from han5k_review.review.decisions.locking import lock_structure
from han5k_review.review.decisions.revising import decide_revision
from han5k_review.review.drafts.draft_mask import MaskShelf
from han5k_review.review.drafts.opening import OpenRequest, open_draft
from han5k_review.review.drafts.patches import Patch, PatchBatch, append_patches
from han5k_review.review.drafts.submission import (
    SubmissionRequest,
    prepare_submission,
    submit_draft,
)
from han5k_review.review.drafts.voxel_runs import encode_runs
from han5k_review.review.drawing import list_manual
from han5k_review.review.edit_rules import EditRules
from han5k_review.review.grading import GradeRequest, submit_grade
from han5k_review.review.label_sets import list_label_sets, view_task
from han5k_review.review.labels import list_shown, list_under_review
from han5k_review.review.reads import list_reads
from han5k_review.review.refusals import DraftError
from han5k_review.review.results import count_grades
from han5k_review.review.signing import MEANING_DRAWN, is_as_signed, sign_read
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Assignment, Case, Reader, Revision
from han5k_review.store.vocabulary import (
    Blinding,
    Decision,
    LabelSource,
    PatchMode,
    Preset,
    Role,
)
from han5k_review.study import grid_of
from rigs.studies import NOON, add_reader
from tests.exports.test_report import read_table
from tests.protocol.conftest import CASES, SCALE, STRUCTURES, Room

RULES = EditRules()
SHELF = MaskShelf(capacity_bytes=0)
HOLDER = "tab one!"


@pytest.fixture
def timed(room: Room) -> Room:
    """Anna and ben both read every case, each half of them from nothing; open, not blind."""
    protocol = build_preset(Preset.TIMED_REVISION, room.facts())
    room.set(replace(protocol, reads_per_case=2, blinding=Blinding.OPEN))
    with transaction(room.study.engine) as session:
        wish = ReadWish(reader_ids=(room.readers["anna"], room.readers["ben"]))
        plan = plan_reads(session, wish)
        assign_reads(session, room.study, wish, seen=plan, actor="lead", now=NOON)
    return room


def draw(
    room: Room, session: Session, row: Assignment, structure: str, seconds: float, k: int = 3
) -> Revision:
    """Open, draw a box of 27 voxels (none where `k` is 0) and submit, as a reader's tab does."""
    reader = session.get_one(Reader, row.reader_id)
    draft, _ = open_draft(
        session,
        assignment=row,
        reader=reader,
        request=OpenRequest(structure=structure, holder=HOLDER),
        may_edit_any=False,
        rules=RULES,
        now=NOON,
    )
    if k:
        patch = Patch(
            patch_id=str(uuid.uuid4()),
            base_version=0,
            tool="brush",
            mode=PatchMode.XOR,
            start_ijk=(5, 5, 2),
            shape_ijk=(3, 3, k),
            runs=encode_runs(np.ones((3, 3, k), dtype=bool)),
            active_seconds=seconds,
        )
        append_patches(
            session,
            room.study.labels,
            SHELF,
            assignment=row,
            structure=structure,
            batch=PatchBatch(holder=HOLDER, draft_id=stored_id(draft), patches=(patch,)),
            rules=RULES,
            now=NOON,
        )
    prepared = prepare_submission(
        session,
        room.study.labels,
        SHELF,
        draft=draft,
        grid=grid_of(session.get_one(Case, row.case_id)),
        rules=RULES,
    )

    def submit(*, confirmed: bool) -> Revision:
        request = SubmissionRequest(
            request_id=str(uuid.uuid4()),
            holder=HOLDER,
            draft_id=stored_id(draft),
            version=draft.version,
            active_seconds=0.0,
            confirmed=confirmed,
        )
        return submit_draft(
            session,
            room.study.labels,
            assignment=row,
            reader=reader,
            structure=structure,
            request=request,
            prepared=prepared,
            now=NOON,
        )[1]

    if not k:
        with pytest.raises(DraftError, match=f"Submit that {structure} cannot be drawn"):
            submit(confirmed=False)
    return submit(confirmed=not k)


def grade(session: Session, row: Assignment, structure: str, seconds: float) -> None:
    request = GradeRequest(
        request_id=str(uuid.uuid4()),
        structure=structure,
        label_version_id=stored_id(list_shown(session, row)[structure]),
        code="minor",
        active_seconds=seconds,
    )
    reader = session.get_one(Reader, row.reader_id)
    submit_grade(
        session, assignment_id=stored_id(row), reader=reader, scale=SCALE, request=request, now=NOON
    )


def split(room: Room, session: Session) -> tuple[list[Assignment], list[Assignment]]:
    """The reads drawn from nothing, and the others."""
    rows = room.list_reads(session)
    manual = list_manual(session)
    return [r for r in rows if r.id in manual], [r for r in rows if r.id not in manual]


def test_each_reader_draws_the_share_and_each_case_has_both_arms(room: Room) -> None:
    protocol = replace(
        build_preset(Preset.TIMED_REVISION, room.facts()), reads_per_case=2, planted_share=0.1
    )
    cases = [OpenCase(case_id=n, name=str(n), contours={"BrainStem": (n,)}) for n in range(20)]
    given = DrawInput(protocol=protocol, cases=cases, calibration=[], readers=[1, 2])
    reads = draw_reads(given)
    assert reads == draw_reads(given)
    manual = [read for read in reads if read.manual]
    assert Counter(read.reader_id for read in manual) == {1: 10, 2: 10}
    assert Counter(read.case_id for read in manual) == dict.fromkeys(range(20), 1)
    assert not [one for read in manual for one in read.contours if one.planted]
    assert draw_reads(replace(given, protocol=replace(protocol, seed=2))) != reads
    three = draw_reads(replace(given, protocol=replace(protocol, manual_share=0.3)))
    assert Counter(r.reader_id for r in three if r.manual) == {1: 6, 2: 6}


def test_what_is_drawn_from_nothing_finishes_the_read_and_is_kept_apart(timed: Room) -> None:
    first, second = STRUCTURES
    with transaction(timed.study.engine) as session:
        manual, _ = split(timed, session)
        assert len(manual) == CASES
        row = next(r for r in manual if r.reader_id == timed.readers["anna"])
        anna, case = session.get_one(Reader, row.reader_id), session.get_one(Case, row.case_id)
        # The study is open, and yet no other contour is shown to who draws from nothing.
        (shown,) = list_label_sets(session, row.case_id, view_task(row))
        assert [v.voxels for v in shown.versions.values()] == [0, 0]
        assert {v.source for v in list_under_review(session, row.case_id).values()} == {
            LabelSource.PSEUDO
        }
        with pytest.raises(RuleError, match="draw it from nothing and submit it"):
            grade(session, row, first, 1.0)
        with pytest.raises(RuleError, match="A contour of each of the 2 structures"):
            sign_read(session, assignment_id=stored_id(row), reader=anna, now=NOON)
        # An accepted contour of another reader does not stop who changes no label.
        ada = add_reader(session, "ada", Role.ADJUDICATOR)
        locked = list_under_review(session, row.case_id)[first]
        lock_structure(session, label_version_id=stored_id(locked), by=ada, now=NOON)
        made = draw(timed, session, row, first, 50.0)
        assert (made.active_seconds, made.vrd, made.slices_edited) == (50.0, None, 3)
        assert find_freeze(session) == NOON
        # One structure is left: another reader gets it alone, and draws it from nothing, too.
        carla = session.get_one(Reader, timed.readers["carla"])
        plan = plan_hand_over(session, leaving=anna, coming=carla)
        assert row.id in plan.rest
        hand_over(
            session, replace(plan, whole=(), repeats=()), leaving=anna, coming=carla,
            actor="lead", now=NOON,
        )  # fmt: skip
        rest = session.exec(select(Assignment).where(Assignment.reader_id == carla.id)).one()
        assert [(n, v.source) for n, v in list_shown(session, rest).items()] == [
            (second, LabelSource.EMPTY)
        ]
        empty = draw(timed, session, rest, second, 0.0, k=0)
        (entry,) = list_worklist(session, stored_id(carla))
        assert (entry.is_manual, entry.graded, entry.total, entry.is_done) == (True, 1, 1, True)
        signed = sign_read(session, assignment_id=stored_id(rest), reader=carla, now=NOON)
        assert (signed.meaning, is_as_signed(session, signed)) == (MEANING_DRAWN, True)
        # Nobody is asked about it, it is nobody's label, and it cannot become one.
        assert list_questions(session, names_reads=True) == []
        assert list_reads(session, row.case_id).reads == ()
        assert [one.contour.id for one in list_accepted(session).values()] == [locked.id]
        assert count_grades(session) == {}
        taught = read_records(session, STRUCTURES)[stored_id(case), second]
        under_review = list_under_review(session, stored_id(case))[second]
        assert taught.under_review is not None
        assert (taught.under_review.label_version_id, taught.accepted) == (under_review.id, None)
        for revision in (made, empty):
            with pytest.raises(RuleError, match="was drawn from nothing to measure time"):
                decide_revision(
                    session,
                    revision_id=stored_id(revision),
                    decision=Decision.ACCEPTED,
                    reason="",
                    adjudicator=ada,
                    now=NOON,
                )
            with pytest.raises(RuleError, match="never accepted"):
                lock_structure(
                    session, label_version_id=revision.label_version_id, by=ada, now=NOON
                )


def test_the_time_saved_is_that_of_the_sheet_with_reader_and_patient_in_the_model(
    timed: Room,
) -> None:
    """The estimate against ordinary least squares with readers and patients as fixed effects."""
    rng = np.random.default_rng(2)
    size = rng.normal(0, 0.4, CASES)
    with transaction(timed.study.engine) as session:
        manual, shown = split(timed, session)
        for row in (*manual, *shown):
            pace = 0.3 * (row.reader_id == timed.readers["ben"]) + size[row.case_id - 1]
            for structure in STRUCTURES:
                whole = float(np.exp(5 + pace + rng.normal(0, 0.1)))
                if row in manual:
                    draw(timed, session, row, structure, round(whole, 1))
                else:
                    grade(session, row, structure, round(0.6 * whole, 1))
    export = build_export(timed.study, export_id="E1", now=NOON)
    times = build_frame(export.get_table("reading-times"))
    assert Counter(times["arm"]) == {"from nothing": 2 * CASES, "contour shown": 2 * CASES}
    saved = build_frame(export.get_table("time-saved")).set_index("structure")
    assert list(saved.index) == ["whole read", *STRUCTURES]
    own = times[times["structure"] == "BrainStem"]
    design = pd.get_dummies(own[["patient", "reader"]].astype(str), drop_first=True, dtype=float)
    design.insert(0, "mean", 1.0)
    design["arm"] = (own["arm"] == "contour shown").to_numpy(dtype=float)
    design["order"] = np.log10(own["presentation_order"].to_numpy(dtype=float))
    log = np.log(own["active_seconds"].to_numpy(dtype=float))
    fixed = np.linalg.lstsq(design.to_numpy(), log, rcond=None)[0]
    ratio = np.exp(fixed[list(design.columns).index("arm")])
    line = saved.loc["BrainStem"]
    assert (line["from_nothing"], line["shown"]) == (CASES, CASES)
    assert line["time_ratio"] == pytest.approx(ratio, rel=0.03)
    assert line["time_ratio_low"] < 0.6 < line["time_ratio_high"]
    page = build_report(timed.study)
    assert read_table(page, "time-saved-table")[0]["Structure"] == "whole read"
    report = page.decode()
    assert "time saved against contouring by hand (whole read): " in report
    assert "so that time saved cannot be told" not in report

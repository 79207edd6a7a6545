"""The journal of drafts: replays prove themselves, leases run out, locks are rows."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from han5k_review.errors import AccessError, ConflictError, DataError, RuleError
from han5k_review.imaging.mask import StructureMask
from han5k_review.review.decisions.locking import (
    find_lock,
    list_locks,
    lock_structure,
    unlock_structure,
)
from han5k_review.review.decisions.revising import decide_revision, submit_revision
from han5k_review.review.drafts.draft_mask import MaskShelf
from han5k_review.review.drafts.journal import add_snapshot, replay
from han5k_review.review.drafts.opening import OpenRequest, get_draft, open_draft
from han5k_review.review.drafts.patches import Patch, PatchBatch, append_patches
from han5k_review.review.drafts.voxel_runs import encode_runs
from han5k_review.review.edit_rules import EditRules
from han5k_review.review.refusals import DraftError, Reason
from han5k_review.store.draft_tables import Draft, DraftPatch, StructureLock
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Assignment, LabelVersion, Reader
from han5k_review.store.vocabulary import Decision, LabelSource, PatchMode
from tests.review.conftest import GRID, NOON, Bench, block

RULES = EditRules()


def open_it(
    bench: Bench,
    holder: str,
    now: datetime = NOON,
    *,
    take_over: bool = False,
    base_id: int | None = None,
    may_edit_any: bool = False,
) -> tuple[int, bool]:
    with transaction(bench.study.engine) as session:
        draft, is_new = open_draft(
            session,
            assignment=get_assignment(session, bench),
            reader=bench.anna,
            request=OpenRequest(
                structure="ParotidL", holder=holder, take_over=take_over, base_id=base_id
            ),
            may_edit_any=may_edit_any,
            rules=RULES,
            now=now,
        )
        return stored_id(draft), is_new


def get_assignment(session: Session, bench: Bench) -> Assignment:
    return session.get_one(Assignment, bench.assignment_id)


def draw(
    bench: Bench,
    draft_id: int,
    *patches: Patch,
    holder: str = "tab one!",
    now: datetime = NOON,
    shelf: MaskShelf | None = None,
) -> int:
    with transaction(bench.study.engine) as session:
        receipt = append_patches(
            session,
            bench.study.labels,
            shelf or MaskShelf(capacity_bytes=0),
            assignment=get_assignment(session, bench),
            structure="ParotidL",
            batch=PatchBatch(holder=holder, draft_id=draft_id, patches=patches),
            rules=RULES,
            now=now,
        )
        return receipt.draft.version


def dots(first: int, count: int) -> tuple[Patch, ...]:
    """Patches on versions `first` ...: each flips one voxel more along i and j."""
    return tuple(
        Patch(
            patch_id=str(uuid.uuid4()),
            base_version=version,
            tool="brush",
            mode=PatchMode.XOR,
            start_ijk=(version % 12, version // 12 % 12, 5),
            shape_ijk=(1, 1, 1),
            runs=encode_runs(np.ones((1, 1, 1), dtype=bool)),
            active_seconds=1.0,
        )
        for version in range(first, first + count)
    )


def read_draft(bench: Bench) -> StructureMask:
    """The draft replayed from the database alone."""
    with reading(bench.study.engine) as session:
        draft = get_draft(session, bench.assignment_id, "ParotidL")
        shelf = MaskShelf(capacity_bytes=0)
        return replay(session, bench.study.labels, shelf, draft, GRID).to_mask()


def test_a_replay_gives_the_mask_with_and_without_a_snapshot(bench: Bench) -> None:
    draft_id, _ = open_it(bench, "tab one!")
    draw(bench, draft_id, *dots(0, 30))
    halfway = read_draft(bench)
    assert halfway.voxel_count == 48 + 30
    with transaction(bench.study.engine) as session:
        sha256 = bench.study.labels.put_mask(halfway)
        add_snapshot(session, draft_id=draft_id, version=30, mask_sha256=sha256, now=NOON)
    draw(bench, draft_id, *dots(30, 10))
    expected = block(1).dense()
    for version in range(40):
        expected[version % 12, version // 12, 5] = True
    assert np.array_equal(read_draft(bench).dense(), expected)


def test_a_shelf_and_an_empty_one_give_the_same_voxels(bench: Bench) -> None:
    draft_id, _ = open_it(bench, "tab one!")
    shelf = MaskShelf(capacity_bytes=10**6)
    for version in range(5):
        draw(bench, draft_id, *dots(version, 1), shelf=shelf)
        draft = read_draft(bench)
        with reading(bench.study.engine) as session:
            row = session.get_one(Draft, draft_id)
            shelf.put(draft_id, replay(session, bench.study.labels, shelf, row, GRID))
            assert row.voxels == draft.voxel_count


def test_the_same_stroke_sent_twice_at_once_is_kept_once(bench: Bench) -> None:
    draft_id, _ = open_it(bench, "tab one!")
    for version in range(10):
        batch = dots(version, 1)
        start = threading.Barrier(2)

        def send(patches: tuple[Patch, ...] = batch, start: threading.Barrier = start) -> int:
            start.wait(timeout=30)
            return draw(bench, draft_id, *patches)

        with ThreadPoolExecutor(2) as pool:
            answers = [pool.submit(send) for _ in range(2)]
            assert [answer.result() for answer in answers] == [version + 1] * 2
    with reading(bench.study.engine) as session:
        assert len(session.exec(select(DraftPatch)).all()) == 10


def test_a_request_that_unfolds_to_many_volumes_is_refused(bench: Bench) -> None:
    draft_id, _ = open_it(bench, "tab one!")
    whole = encode_runs(np.ones(GRID.shape, dtype=bool))
    patches = [
        replace(patch, start_ijk=(0, 0, 0), shape_ijk=GRID.shape, runs=whole)
        for patch in dots(0, 17)
    ]
    with pytest.raises(DraftError) as refused:
        draw(bench, draft_id, *patches)
    assert refused.value.reason is Reason.BAD_PATCH
    assert draw(bench, draft_id, *patches[:16]) == 16
    assert read_draft(bench).sha256 == block(1).sha256


def test_a_journal_that_does_not_prove_itself_is_refused(bench: Bench) -> None:
    draft_id, _ = open_it(bench, "tab one!")
    draw(bench, draft_id, *dots(0, 2))
    with transaction(bench.study.engine) as session:
        wrong = bench.study.labels.put_mask(block(2))
        add_snapshot(session, draft_id=draft_id, version=1, mask_sha256=wrong, now=NOON)
    with pytest.raises(DataError, match="restore"):
        read_draft(bench)


def test_a_journal_row_never_changes(bench: Bench) -> None:
    draft_id, _ = open_it(bench, "tab one!")
    draw(bench, draft_id, *dots(0, 1))
    for change in ("UPDATE draft_patch SET voxels = 1", "DELETE FROM draft_patch"):
        with (
            pytest.raises(ConflictError, match="never changed"),
            transaction(bench.study.engine) as session,
        ):
            session.execute(text(change))
    with reading(bench.study.engine) as session:
        assert session.exec(select(DraftPatch)).one().voxels == 49


def test_a_lease_runs_out_for_others_but_not_for_its_holder(bench: Bench) -> None:
    draft_id, is_new = open_it(bench, "tab one!")
    assert is_new
    late = NOON + timedelta(seconds=RULES.lease_seconds + 1)
    with pytest.raises(DraftError) as held:
        open_it(bench, "tab two!", NOON + timedelta(seconds=1))
    assert held.value.reason is Reason.LEASE_HELD
    assert draw(bench, draft_id, *dots(0, 1), now=late) == 1  # nobody took it meanwhile
    with pytest.raises(DraftError):
        open_it(bench, "tab two!", late)  # and the stroke renewed it
    later = late + timedelta(seconds=RULES.lease_seconds + 1)
    assert open_it(bench, "tab two!", later) == (draft_id, False)
    with pytest.raises(DraftError) as lost:
        draw(bench, draft_id, *dots(1, 1), now=later)
    assert lost.value.reason is Reason.LEASE_LOST


def test_a_draft_starts_from_ones_own_revision_an_adjudicators_from_any(bench: Bench) -> None:
    with transaction(bench.study.engine) as session:
        revision = submit_revision(
            session,
            bench.study.labels,
            case=bench.case,
            structure="ParotidL",
            before=block(1),
            after=block(2),
            reader=bench.ben,
            now=NOON,
        )
        child_id = revision.label_version_id
        assert revision.apl_mm is not None
    with pytest.raises(AccessError):
        open_it(bench, "tab one!", base_id=child_id)
    open_it(bench, "tab one!", base_id=child_id, may_edit_any=True)
    assert read_draft(bench).sha256 == block(2).sha256


@pytest.mark.parametrize("base", ["BrainStem", None])
def test_a_draft_never_starts_from_another_structure(bench: Bench, base: str | None) -> None:
    base_id = bench.versions[base] if base else 999
    with pytest.raises(DraftError) as refused:
        open_it(bench, "tab one!", base_id=base_id, may_edit_any=True)
    assert refused.value.reason is Reason.NOT_UNDER_REVIEW


def submit_block(bench: Bench, reader: Reader, start: int) -> int:
    with transaction(bench.study.engine) as session:
        revision = submit_revision(
            session,
            bench.study.labels,
            case=bench.case,
            structure="ParotidL",
            before=block(1),
            after=block(start),
            reader=reader,
            now=NOON,
        )
        return stored_id(revision)


def decide(bench: Bench, revision_id: int, decision: Decision, reason: str = "") -> None:
    with transaction(bench.study.engine) as session:
        decide_revision(
            session,
            revision_id=revision_id,
            decision=decision,
            reason=reason,
            adjudicator=bench.ben,
            now=NOON,
        )


def test_accepting_locks_and_rejecting_what_was_accepted_unlocks(bench: Bench) -> None:
    first = submit_block(bench, bench.anna, 2)
    second = submit_block(bench, bench.anna, 3)
    decide(bench, first, Decision.ACCEPTED)
    with pytest.raises(DraftError) as refused:
        open_it(bench, "tab one!")
    assert refused.value.reason is Reason.LOCKED
    with pytest.raises(RuleError, match="locked"):
        submit_block(bench, bench.anna, 4)
    with pytest.raises(RuleError, match="unlock it"):
        decide(bench, second, Decision.ACCEPTED)
    decide(bench, first, Decision.REJECTED, "the second is better")
    decide(bench, second, Decision.ACCEPTED)
    with reading(bench.study.engine) as session:
        rows = session.exec(select(StructureLock)).all()
        lock = find_lock(session, stored_id(bench.case), "ParotidL")
        assert [row.locked for row in rows] == [True, False, True]
        assert rows[1].reason == "the second is better"
        assert lock is not None
        version = session.get_one(LabelVersion, lock.label_version_id)
        assert version.mask_sha256 == block(3).sha256
        assert version.source is LabelSource.REVISION
        case_id = stored_id(bench.case)
        assert list(list_locks(session, [case_id])) == [(case_id, "ParotidL")]


def test_unlocking_needs_a_lock_and_a_reason(bench: Bench) -> None:
    case_id = stored_id(bench.case)

    def unlock(reason: str) -> None:
        with transaction(bench.study.engine) as session:
            unlock_structure(
                session,
                case_id=case_id,
                structure="ParotidL",
                reason=reason,
                by=bench.ben,
                now=NOON,
            )

    with pytest.raises(RuleError, match="is open to edits"):
        unlock("because")
    with transaction(bench.study.engine) as session:
        lock_structure(session, label_version_id=bench.versions["ParotidL"], by=bench.ben, now=NOON)
    with pytest.raises(RuleError, match="reason"):
        unlock("  ")
    unlock("wrong patient")
    open_it(bench, "tab one!")

"""The journal of drafts: replays prove themselves, leases run out, locks are rows."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import text
from sqlmodel import select

from han5k_review.errors import ConflictError, DataError
from han5k_review.review.drafts.draft_mask import MaskShelf
from han5k_review.review.drafts.journal import add_snapshot, replay
from han5k_review.review.drafts.patches import Patch
from han5k_review.review.drafts.voxel_runs import encode_runs
from han5k_review.review.refusals import DraftError, Reason
from han5k_review.store.draft_tables import Draft, DraftPatch
from han5k_review.store.engine import reading, transaction
from tests.review.conftest import GRID, NOON, Bench, block
from tests.review.drafting import RULES, dots, draw, open_it, read_draft


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

"""Open, draw in and read drafts, as the routes of a reader's tab do."""

from __future__ import annotations

import uuid
from datetime import datetime

import numpy as np
from sqlmodel import Session

from han5k_review.imaging.mask import StructureMask
from han5k_review.review.drafts.draft_mask import MaskShelf
from han5k_review.review.drafts.journal import replay
from han5k_review.review.drafts.opening import OpenRequest, get_draft, open_draft
from han5k_review.review.drafts.patches import Patch, PatchBatch, append_patches
from han5k_review.review.drafts.voxel_runs import encode_runs
from han5k_review.review.edit_rules import EditRules
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Assignment
from han5k_review.store.vocabulary import PatchMode
from tests.review.conftest import GRID, NOON, Bench

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

"""Patches: strokes that are checked, journalled and answered; the same one twice is one."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from han5k_review.errors import DataError
from han5k_review.imaging.grid import Grid
from han5k_review.review.assistance import PROMPT, has_prompt, is_assisted, is_smart
from han5k_review.review.decisions.locking import check_draft_unlocked
from han5k_review.review.drafts.draft_mask import DraftMask, Index, MaskShelf
from han5k_review.review.drafts.journal import replay
from han5k_review.review.drafts.leases import check_holder, renew_lease
from han5k_review.review.drafts.opening import get_open_draft
from han5k_review.review.drafts.voxel_runs import decode_runs
from han5k_review.review.edit_rules import EditRules
from han5k_review.review.refusals import DraftError, Reason
from han5k_review.store.draft_tables import Draft, DraftPatch
from han5k_review.store.identity import stored_id
from han5k_review.store.label_files import LabelFiles
from han5k_review.store.tables import Assignment, Case
from han5k_review.store.vocabulary import PatchMode
from han5k_review.study import grid_of

_MAX_VOLUMES = 16  # what one request may unfold to: 64 edits of a whole brain fit, nonsense not


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """One stroke: `runs` marks voxels of the box at `start_ijk` (voxel_runs)."""

    patch_id: str
    base_version: int
    tool: str
    mode: PatchMode
    start_ijk: Index
    shape_ijk: Index
    runs: bytes
    active_seconds: float

    @property
    def content_sha256(self) -> str:
        """Hash of everything that must be the same when the patch is sent again."""
        head = f"{self.base_version} {self.mode} {self.start_ijk} {self.shape_ijk} "
        return hashlib.sha256(head.encode() + self.runs).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchBatch:
    """What one request brings: patches in order, for one draft, from one tab."""

    holder: str
    draft_id: int
    patches: tuple[Patch, ...]
    place: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchReceipt:
    """The draft after the batch, and the draft mask to put on the shelf once that is committed.

    `rows` are the journal rows of the batch in its order, old ones as they were accepted then.
    `first_version` is the draft's version before the batch.
    """

    draft: Draft
    rows: tuple[DraftPatch, ...]
    draft_mask: DraftMask | None
    first_version: int


def append_patches(
    session: Session,
    labels: LabelFiles,
    shelf: MaskShelf,
    *,
    assignment: Assignment,
    structure: str,
    batch: PatchBatch,
    rules: EditRules,
    now: datetime,
) -> PatchReceipt:
    """Journal the new patches of a batch, all or none; those accepted before are answered again.

    DraftError with its reason for a draft that is another one or closed, a locked structure, a
    tab without the lease, a version that is old or ahead, a box outside the grid, runs that do
    not fill it, an id used for another stroke, a smart tool where the protocol allows none.
    """
    session.get(Draft, batch.draft_id, with_for_update=True)  # the same stroke sent twice at once
    known = _find_known(session, batch)
    new = [patch for patch in batch.patches if patch.patch_id not in known]
    if len({patch.patch_id for patch in new}) < len(new):
        raise DraftError(Reason.KEY_REUSED, "A new id for each stroke was expected.")
    if not new:
        draft = session.get(Draft, batch.draft_id)
        if draft is None or draft.assignment_id != assignment.id or draft.structure != structure:
            raise DraftError(
                Reason.ANOTHER_DRAFT, "The strokes belong to a draft of another case or structure."
            )
        rows = tuple(known[patch.patch_id] for patch in batch.patches)
        return PatchReceipt(draft=draft, rows=rows, draft_mask=None, first_version=draft.version)
    draft = get_open_draft(session, assignment, structure, batch.draft_id)
    check_draft_unlocked(session, draft)
    check_holder(draft, batch.holder)
    first_version = draft.version
    _check_tools(session, assignment, draft, new)
    _check_versions(draft, new)
    grid = grid_of(session.get_one(Case, draft.case_id))
    _check_boxes(grid, new)
    draft_mask = replay(session, labels, shelf, draft, grid)
    added = {patch.patch_id: _apply(draft_mask, draft, patch, now) for patch in new}
    session.add_all(added.values())
    draft.version, draft.voxels = draft_mask.version, draft_mask.voxels
    draft.active_seconds += sum(patch.active_seconds for patch in new)
    draft.place = batch.place or draft.place
    draft.changed_at_utc = now
    renew_lease(draft, batch.holder, rules, now)
    session.add(draft)
    session.flush()
    rows = tuple((known | added)[patch.patch_id] for patch in batch.patches)
    return PatchReceipt(draft=draft, rows=rows, draft_mask=draft_mask, first_version=first_version)


def _find_known(session: Session, batch: PatchBatch) -> dict[str, DraftPatch]:
    ids = [patch.patch_id for patch in batch.patches]
    rows = session.exec(select(DraftPatch).where(col(DraftPatch.patch_id).in_(ids)))
    known = {row.patch_id: row for row in rows}
    for patch in batch.patches:
        row = known.get(patch.patch_id)
        is_same = row is None or (
            row.draft_id == batch.draft_id and row.content_sha256 == patch.content_sha256
        )
        if not is_same:
            raise DraftError(
                Reason.KEY_REUSED,
                f"A new id was expected for this stroke; {patch.patch_id!r} belongs to another.",
            )
    return known


def _check_tools(
    session: Session, assignment: Assignment, draft: Draft, patches: Sequence[Patch]
) -> None:
    tools = {patch.tool for patch in patches if is_smart(patch.tool)}
    if tools and not is_assisted(session, assignment):
        raise DraftError(
            Reason.NO_ASSISTANCE,
            "The protocol of this study allows no assistance while drawing, so a step of a smart "
            "tool cannot be kept; draw it by hand.",
        )
    for tool in tools:
        if tool.startswith(PROMPT) and not has_prompt(session, stored_id(draft), tool):
            raise DraftError(
                Reason.BAD_PATCH,
                f"A {tool.removeprefix(PROMPT)} that was answered for this draft was expected "
                f"before a step of {tool}, found none; ask the server again.",
            )


def _check_versions(draft: Draft, patches: Sequence[Patch]) -> None:
    for expected, patch in enumerate(patches, start=draft.version):
        if patch.base_version < expected:
            raise DraftError(
                Reason.OLD_VERSION,
                f"A stroke on version {expected} of {draft.structure} was expected, found one on "
                f"version {patch.base_version}; fetch the draft again.",
                version=draft.version,
            )
        if patch.base_version > expected:
            raise DraftError(
                Reason.GAP,
                f"The stroke on version {expected} of {draft.structure} was expected next, found "
                f"one on version {patch.base_version}; send the missing ones first.",
                version=draft.version,
            )


def _check_boxes(grid: Grid, patches: Sequence[Patch]) -> None:
    for patch in patches:
        ends = zip(patch.start_ijk, patch.shape_ijk, grid.shape, strict=True)
        if any(s < 0 or n < 1 or s + n > size for s, n, size in ends):
            raise DraftError(
                Reason.OUTSIDE,
                f"A box inside the volume of {grid.shape} voxels was expected, found start "
                f"{patch.start_ijk}, shape {patch.shape_ijk}.",
            )

    total = sum(math.prod(patch.shape_ijk) for patch in patches)
    if total > _MAX_VOLUMES * math.prod(grid.shape):
        raise DraftError(
            Reason.BAD_PATCH,
            f"Boxes of at most {_MAX_VOLUMES} whole volumes in one request were expected, found "
            f"{total} voxels; send fewer strokes at a time.",
        )


def _apply(draft_mask: DraftMask, draft: Draft, patch: Patch, now: datetime) -> DraftPatch:
    try:
        marked = decode_runs(patch.runs, patch.shape_ijk)
    except DataError as error:
        raise DraftError(Reason.BAD_PATCH, str(error)) from error
    draft_mask.apply(patch.mode, patch.start_ijk, marked)
    return DraftPatch(
        draft_id=stored_id(draft),
        version=draft_mask.version,
        patch_id=patch.patch_id,
        content_sha256=patch.content_sha256,
        tool=patch.tool,
        mode=patch.mode,
        start_ijk=list(patch.start_ijk),
        shape_ijk=list(patch.shape_ijk),
        runs=patch.runs,
        voxels=draft_mask.voxels,
        active_seconds=patch.active_seconds,
        received_at_utc=now,
    )


def describe_patch(row: DraftPatch) -> Mapping[str, Any]:
    """A journalled patch as it was sent, for a tab that goes on with its steps."""
    return {
        "version": row.version,
        "tool": row.tool,
        "mode": row.mode.value,
        "start": list(row.start_ijk),
        "shape": list(row.shape_ijk),
        "runs": base64.b64encode(row.runs).decode("ascii"),
    }


def describe_rows(rows: Sequence[DraftPatch]) -> Sequence[Mapping[str, Any]]:
    """What the answer says of each patch."""
    return [{"id": row.patch_id, "version": row.version, "voxels": row.voxels} for row in rows]

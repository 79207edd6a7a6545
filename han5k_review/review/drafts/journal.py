"""The journal of a draft: its mask is the base plus every patch in order, proved by its counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from han5k_review.errors import DataError
from han5k_review.imaging.grid import Grid
from han5k_review.review.drafts.draft_mask import DraftMask, MaskShelf
from han5k_review.review.drafts.voxel_runs import decode_runs
from han5k_review.store.draft_tables import Draft, DraftPatch, DraftSnapshot
from han5k_review.store.identity import stored_id
from han5k_review.store.label_files import LabelFiles
from han5k_review.store.tables import LabelVersion

SNAPSHOT_EVERY = 64  # patches
STEPS_KEPT = 400  # patches: a hundred steps, also where each was taken back and redone
STEPS_BYTES = 4 * 1024 * 1024


def replay(
    session: Session, labels: LabelFiles, shelf: MaskShelf, draft: Draft, grid: Grid
) -> DraftMask:
    """The draft mask of the draft at its present version; the caller's own until put on the shelf.

    Starts from the shelf, else the newest snapshot, else the base. DataError when the patches do
    not give the voxel counts that were journalled with them.
    """
    draft_id = stored_id(draft)
    draft_mask = shelf.take(draft_id)
    if draft_mask is None or draft_mask.version > draft.version:
        draft_mask = _read_start(session, labels, draft, grid)
    if draft_mask.version == draft.version:
        return draft_mask
    rows = session.exec(
        select(DraftPatch)
        .where(
            DraftPatch.draft_id == draft_id,
            DraftPatch.version > draft_mask.version,
            DraftPatch.version <= draft.version,
        )
        .order_by(col(DraftPatch.version))
    )
    for row in rows:
        apply_row(draft_mask, row)
    if draft_mask.version != draft.version:
        raise DataError(
            f"{draft.version} patches were expected in the journal of draft {draft_id}, found "
            f"{draft_mask.version}; restore the study's database."
        )
    return draft_mask


def apply_row(draft_mask: DraftMask, row: DraftPatch) -> None:
    """Apply one journalled patch; DataError when it does not fit the ones before."""
    start, shape = row.start_ijk, row.shape_ijk
    marked = decode_runs(row.runs, (shape[0], shape[1], shape[2]))
    draft_mask.apply(row.mode, (start[0], start[1], start[2]), marked)
    if draft_mask.version != row.version or draft_mask.voxels != row.voxels:
        raise DataError(
            f"{row.voxels} voxels were expected after patch {row.version} of draft "
            f"{row.draft_id}, found {draft_mask.voxels}; restore the study's database."
        )


def list_last_patches(session: Session, draft: Draft) -> Sequence[DraftPatch]:
    """The newest patches of a draft, oldest first: at most `STEPS_KEPT`, and `STEPS_BYTES` of runs.

    Tool and content are what a browser needs to take the last steps back.
    """
    rows = session.exec(
        select(DraftPatch)
        .where(DraftPatch.draft_id == draft.id, DraftPatch.version <= draft.version)
        .order_by(col(DraftPatch.version).desc())
        .limit(STEPS_KEPT)
    )
    kept: list[DraftPatch] = []
    room = STEPS_BYTES
    for row in rows:
        room -= len(row.runs)
        if room < 0:
            break
        kept.append(row)
    return kept[::-1]


def is_unchanged(
    session: Session, labels: LabelFiles, shelf: MaskShelf, draft: Draft, grid: Grid
) -> bool:
    """True when the draft is the contour it starts from: nothing drawn, or all of it taken back."""
    if draft.version == 0:
        return True
    base = session.get_one(LabelVersion, draft.base_label_version_id)
    if base.voxels != draft.voxels:
        return False
    draft_mask = replay(session, labels, shelf, draft, grid)
    mask = draft_mask.to_mask()
    shelf.put(stored_id(draft), draft_mask)
    return mask.sha256 == base.mask_sha256


def needs_snapshot(before: int, after: int) -> bool:
    """True when the step from version `before` to `after` passes a round number of patches."""
    return before // SNAPSHOT_EVERY < after // SNAPSHOT_EVERY


def add_snapshot(
    session: Session, *, draft_id: int, version: int, mask_sha256: str, now: datetime
) -> None:
    """Name a stored mask as a place to start a replay from."""
    session.add(
        DraftSnapshot(draft_id=draft_id, version=version, mask_sha256=mask_sha256, made_at_utc=now)
    )


def _read_start(session: Session, labels: LabelFiles, draft: Draft, grid: Grid) -> DraftMask:
    snapshot = session.exec(
        select(DraftSnapshot)
        .where(DraftSnapshot.draft_id == draft.id, DraftSnapshot.version <= draft.version)
        .order_by(col(DraftSnapshot.version).desc())
        .limit(1)
    ).first()
    if snapshot is not None:
        return DraftMask.from_mask(labels.get_mask(snapshot.mask_sha256, grid), snapshot.version)
    base = session.get(LabelVersion, draft.base_label_version_id)
    if base is None:
        raise DataError(f"The contour that draft {draft.id} starts from is gone.")
    return DraftMask.from_mask(labels.get_mask(base.mask_sha256, grid), 0)

"""A revision put from a program: a draft opened, changed by one patch, and submitted."""

from __future__ import annotations

import base64
import uuid
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from han5k_review.client.line import Line
from han5k_review.client.packets import read_packet
from han5k_review.client.values import Revision, Task
from han5k_review.errors import ConflictError, Han5kError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.review.drafts.voxel_runs import encode_runs


def put_revision(
    line: Line,
    task: Task,
    structure: str,
    wanted: NDArray[np.generic],
    grid: Grid,
    *,
    confirmed: bool,
) -> Revision:
    """Submit `wanted` (ni, nj, nk), true voxels inside, as the reader's revision of a structure.

    Raises GeometryError for another shape, ConflictError while the reader has an edit begun.
    """
    mask = StructureMask.from_dense(wanted, grid)
    draft = f"{task.root}/drafts/{structure}"
    holder = f"client-{uuid.uuid4().hex}"
    state = line.post(draft, {"holder": holder})
    named = {"holder": holder, "draft": state["draft"]}
    if state["version"]:
        line.post(f"{draft}/lease", {**named, "release": True})
        raise ConflictError(
            f"No begun edit of {structure} in {task.case} was expected, found one with "
            f"{state['version']} strokes; submit or discard it in the browser first."
        )
    try:
        (present,) = read_packet(line.get_bytes(f"{draft}/mask"), grid)
        patches = _build_patches(present.mask, mask)
        if patches:
            line.post(f"{draft}/patches", {**named, "patches": patches})
        told = line.post(
            f"{draft}/submit",
            {
                **named,
                "request_id": uuid.uuid4().hex,
                "version": len(patches),
                "confirmed": confirmed,
            },
        )
    except Han5kError:
        with suppress(Han5kError):  # what was refused is told, not that it could not be tidied up
            line.delete(draft, named)
        raise
    return Revision(
        structure=structure,
        label_version=told["label_version"],
        vrd=told["vrd"],
        apl_mm=told["apl_mm"],
        slices_edited=told["slices_edited"],
        question=told["question"],
    )


def _build_patches(present: StructureMask, wanted: StructureMask) -> list[dict[str, Any]]:
    """The voxels that change, as one patch; none when nothing does."""
    changed = StructureMask.from_dense(present.dense() ^ wanted.dense(), present.grid)
    if changed.is_empty:
        return []
    return [
        {
            "id": uuid.uuid4().hex,
            "base_version": 0,
            "tool": "client",
            "mode": "xor",
            "start": list(changed.start_ijk),
            "shape": list(changed.voxels.shape),
            "runs": base64.b64encode(encode_runs(changed.voxels)).decode("ascii"),
            "active_seconds": 0.0,
        }
    ]

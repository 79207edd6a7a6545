"""What anatomy says about one contour beside the others: quiet sentences, never a refusal."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from han5k_review.anatomy.structure import Structure
from han5k_review.imaging.mask import StructureMask

_MIN_OUTSIDE_CC = 0.01  # a rim of a few voxels is a matter of taste


def list_rule_warnings(
    structure: Structure,
    mask: StructureMask,
    find_mask: Callable[[str], StructureMask | None],
) -> list[str]:
    """Outside its parent, on the wrong side of its pair, or empty.

    `find_mask` gives the contour that another structure of the case has now, in LPS axes.
    """
    if mask.is_empty:
        return ["The contour is empty."]
    warnings = []
    parent = find_mask(structure.inside) if structure.inside else None
    if parent is not None and not parent.is_empty:
        outside_cc = count_outside(mask, parent) * mask.grid.voxel_volume_cc
        if outside_cc >= _MIN_OUTSIDE_CC:
            warnings.append(f"{outside_cc:.2f} cc lie outside {structure.inside}.")
    pair = find_mask(structure.pair) if structure.pair else None
    if pair is not None and _is_on_wrong_side(structure.side, mask, pair):
        side = {"L": "left", "R": "right"}[structure.side or "L"]
        warnings.append(f"It does not lie on the patient's {side} of {structure.pair}.")
    return warnings


def count_outside(mask: StructureMask, parent: StructureMask) -> int:
    """Voxels of `mask` that `parent` does not hold; both lie on one grid."""
    spans = [
        (max(a.start, b.start), min(a.stop, b.stop))
        for a, b in zip(mask.slices, parent.slices, strict=True)
    ]
    if any(low >= high for low, high in spans):
        return mask.voxel_count
    own, other = (
        one.voxels[
            tuple(
                slice(low - s, high - s)
                for (low, high), s in zip(spans, one.start_ijk, strict=True)
            )
        ]
        for one in (mask, parent)
    )
    return mask.voxel_count - int(np.count_nonzero(own & other))


def _is_on_wrong_side(side: str | None, mask: StructureMask, pair: StructureMask) -> bool:
    """i grows to the patient's left."""
    own, other = mask.centre_ijk(), pair.centre_ijk()
    if side not in ("L", "R") or own is None or other is None:
        return False
    return own[0] <= other[0] if side == "L" else own[0] >= other[0]

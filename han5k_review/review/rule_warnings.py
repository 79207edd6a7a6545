"""What anatomy says about one contour beside the others: quiet sentences, never a refusal.

The rules, from when on they speak and their words stand in anatomy/rules.py.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from han5k_review.anatomy.rules import RULES, SIDES, RuleKey, measure_wrong_side_mm
from han5k_review.anatomy.structure import Structure
from han5k_review.imaging.mask import StructureMask


def list_rule_warnings(
    structure: Structure,
    mask: StructureMask,
    find_mask: Callable[[str], StructureMask | None],
) -> list[str]:
    """Outside the structure that should contain it, on the wrong side of its pair, or empty.

    `find_mask` gives the contour that another structure of the case has now, in LPS axes.
    """
    if mask.is_empty:
        return ["The contour is empty."]
    said = []
    container = find_mask(structure.inside) if structure.inside else None
    if container is not None and not container.is_empty:
        outside_cc = count_outside(mask, container) * mask.grid.voxel_volume_cc
        said.append(RULES[RuleKey.OUTSIDE].judge(outside_cc, other=str(structure.inside)))
    pair = find_mask(structure.pair) if structure.pair else None
    if pair is not None:
        amount_mm = _measure_wrong_side_mm(structure.side, mask, pair)
        side = SIDES.get(structure.side or "", "")
        said.append(RULES[RuleKey.SIDE].judge(amount_mm, other=str(structure.pair), side=side))
    return [sentence for sentence in said if sentence is not None]


def is_on_wrong_side(side: str | None, mask: StructureMask, pair: StructureMask) -> bool:
    """True when a contour does not lie on its side of its pair; False when either is empty."""
    return RULES[RuleKey.SIDE].is_broken(_measure_wrong_side_mm(side, mask, pair))


def count_outside(mask: StructureMask, outer: StructureMask) -> int:
    """Voxels of `mask` that `outer` does not hold; both lie on one grid."""
    spans = [
        (max(a.start, b.start), min(a.stop, b.stop))
        for a, b in zip(mask.slices, outer.slices, strict=True)
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
        for one in (mask, outer)
    )
    return mask.voxel_count - int(np.count_nonzero(own & other))


def _measure_wrong_side_mm(side: str | None, mask: StructureMask, pair: StructureMask) -> float:
    """Both in LPS axes, where i grows to the patient's left; nan when either is empty."""
    own, other = mask.centre_ijk(), pair.centre_ijk()
    if own is None or other is None:
        return float("nan")
    spacing_mm = mask.grid.spacing_mm[0]
    return measure_wrong_side_mm(side, own[0] * spacing_mm, other[0] * spacing_mm)

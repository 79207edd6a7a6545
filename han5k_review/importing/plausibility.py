"""Plausibility: what no patient has, said before it is graded. Warnings only, never a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.anatomy.rules import RULES, RuleKey, measure_wrong_side_mm
from han5k_review.anatomy.structure import StructureName
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From where on something is said.

    `image_share`: an inverted mask holds all but its organ; no organ holds half of a CT.
    `volume_cc`: the largest structure of the table is the brain, below 2,000 cc in adults; a limit
    of 5,000 cc leaves room for what a study adds (lungs) and none for wrong units.
    `axis_voxels`: fewer along one axis are a scout or a single slice.
    """

    image_share: float = 0.5
    volume_cc: float = 5000.0
    axis_voxels: int = 3


LIMITS = Limits()


def list_image_warnings(grid: Grid, limits: Limits = LIMITS) -> list[str]:
    """A CT that is no volume: a scout, or a single slice."""
    if min(grid.shape) >= limits.axis_voxels:
        return []
    size = " x ".join(str(n) for n in grid.shape)
    return [
        f"an image of {size} voxels is {min(grid.shape)} thick along one axis: a scout or a single "
        "slice?"
    ]


def list_label_warnings(
    masks: Mapping[StructureName, StructureMask], catalogue: Catalogue, limits: Limits = LIMITS
) -> list[str]:
    """Structures that fill the image, are too large, or lie on the wrong side of their pair.

    The masks lie on one grid. Each sentence names the structure and the number.
    """
    warnings = []
    for name, mask in masks.items():
        share = mask.voxel_count / np.prod(mask.grid.shape, dtype=float)
        if share > limits.image_share:
            warnings.append(f"{name} fills {100 * share:.0f} % of the image: an inverted mask?")
        if mask.volume_cc > limits.volume_cc:
            warnings.append(
                f"{name} has {mask.volume_cc:,.0f} cc, more than the {limits.volume_cc:,.0f} cc "
                "that any structure can have: wrong spacing, or another mask?"
            )
        pair = catalogue.get_structure(name).pair
        if pair is not None and pair in masks and catalogue.get_structure(name).side == "L":
            warnings += _compare_sides(name, mask, pair, masks[pair])
    return warnings


def _compare_sides(
    left: StructureName, left_mask: StructureMask, right: StructureName, right_mask: StructureMask
) -> list[str]:
    """RAS coordinates grow to the patient's right, so the left one has the smaller x."""
    centres = [mask.centre_ijk() for mask in (left_mask, right_mask)]
    if centres[0] is None or centres[1] is None:
        return []
    left_mm, right_mm = left_mask.grid.points_ras_mm(np.array(centres, dtype=float))[:, 0]
    wrong_mm = measure_wrong_side_mm("L", -left_mm, -right_mm)
    if not RULES[RuleKey.SIDE].is_broken(wrong_mm):
        return []
    return [
        f"Left and right may be swapped: {left} lies {wrong_mm:.1f} mm to the patient's right of "
        f"{right}."
    ]

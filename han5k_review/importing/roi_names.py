"""ROI names: which ROI of a structure set is which structure of the study.

The names are free text, in which people write what they like: they are shown in a report, so that
aliases can be added, and never stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.anatomy.structure import StructureName
from han5k_review.errors import DataError
from han5k_review.imaging.dicom.contours import Roi, StructureSet
from han5k_review.imaging.dicom.roi_masks import build_roi_mask
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask

NO_FRAME = (
    "the CT names no frame of reference: whether the structure set was drawn on it cannot be told, "
    "its contours are placed by their coordinates"
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RoiMatch:
    """ROIs by structure, and the names that no structure answers to."""

    rois: Mapping[StructureName, Roi]
    unmatched: tuple[str, ...]

    def describe(self) -> str:
        """Each ROI name with its structure, for a report."""
        return ", ".join(f"{roi.name} -> {name}" for name, roi in self.rois.items())


def match_rois(found: StructureSet, catalogue: Catalogue) -> RoiMatch:
    """Resolve ROI names by name, TG-263 name and alias.

    Of two ROIs for one structure the one that has contours counts; DataError when both have some.
    """
    rois: dict[StructureName, Roi] = {}
    unmatched: list[str] = []
    for roi in found.rois:
        name = catalogue.find_name(roi.name)
        if name is None:
            unmatched.append(roi.name or f"ROI {roi.number} without a name")
        elif name not in rois or not rois[name].contours:
            rois[name] = roi
        elif roi.contours:
            raise DataError(
                f"{found.path}: one ROI with contours for {name} was expected, found the ROIs "
                f"{rois[name].number} and {roi.number}; delete one, or take an alias off the "
                "structure table."
            )
    return RoiMatch(rois=rois, unmatched=tuple(unmatched))


def build_masks(
    match: RoiMatch, grid: Grid
) -> tuple[dict[StructureName, StructureMask], tuple[str, ...]]:
    """The masks of matched ROIs on `grid`, and notices that name the structure.

    GeometryError when contours do not lie in the slices of the grid.
    """
    masks: dict[StructureName, StructureMask] = {}
    notices: list[str] = []
    for name, roi in match.rois.items():
        built = build_roi_mask(roi, grid)
        masks[name] = built.mask
        notices += [f"{name}: {notice}" for notice in built.notices]
    return masks, tuple(notices)

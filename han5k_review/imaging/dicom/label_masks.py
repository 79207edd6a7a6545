"""Label masks: an ROI or a segment on the grid of its CT."""

from __future__ import annotations

from han5k_review.imaging.dicom.labels import DicomLabel
from han5k_review.imaging.dicom.roi_masks import FillRule, LabelMask, build_roi_mask
from han5k_review.imaging.dicom.segment_masks import build_segment_mask
from han5k_review.imaging.dicom.segments import Segment
from han5k_review.imaging.grid import Grid


def build_label_mask(
    label: DicomLabel, grid: Grid, rule: FillRule = FillRule.EVEN_ODD
) -> LabelMask:
    """The mask of a label on `grid`; `rule` says what overlapping contours of an ROI mean.

    GeometryError when contours leave their slices, or voxels of a segment are not those of `grid`.
    """
    if not isinstance(label, Segment):
        return build_roi_mask(label, grid, rule)
    mask, notices = build_segment_mask(label, grid)
    return LabelMask(mask=mask, notices=notices)

"""ROI names: which ROI of a structure set, or segment of a SEG, is which structure of the study.

The names are free text, in which people write what they like: they are shown in a report, so that
somebody can confirm what they are, and are not stored before that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.anatomy.structure import StructureName
from han5k_review.imaging.dicom.label_masks import build_label_mask
from han5k_review.imaging.dicom.labels import DicomLabel, DicomLabels, is_drawn
from han5k_review.imaging.dicom.roi_masks import FillRule
from han5k_review.imaging.dicom.segments import Segment, SegmentMaker
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.importing.refusals import UnfitLabelsError

NO_FRAME = (
    "the CT names no frame of reference: whether the structure set was drawn on it cannot be told, "
    "its contours are placed by their coordinates"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundName:
    """A name of a file and the structure it is; None where none answers, or it is left out."""

    written: str
    structure: StructureName | None


class UnfitNamesError(UnfitLabelsError):
    """The names of a file do not fit the study's structures; they are all in `names`."""

    def __init__(self, sentence: str, names: tuple[FoundName, ...]) -> None:
        super().__init__(sentence)
        self.names = names


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RoiMatch:
    """ROIs or segments (`word`) by structure, and the names that no structure answers to.

    `names` are all of the file; those that a person left out are in it, and not in `unmatched`.
    """

    word: str
    rois: Mapping[StructureName, DicomLabel]
    unmatched: tuple[str, ...]
    names: tuple[FoundName, ...]

    def list_makers(self) -> dict[StructureName, SegmentMaker]:
        """Structure -> how its segment was made; none for an RTSTRUCT."""
        return {n: roi.maker for n, roi in self.rois.items() if isinstance(roi, Segment)}

    def describe(self) -> str:
        """Each name of the file with its structure, and how segments were made, for a report."""
        text = ", ".join(f"{roi.name} -> {name}" for name, roi in self.rois.items())
        told = (maker.describe() for maker in self.list_makers().values())
        makers = dict.fromkeys(filter(None, told))
        return f"{text} (made by {'; '.join(makers)})" if makers else text


def match_rois(found: DicomLabels, catalogue: Catalogue) -> RoiMatch:
    """Resolve ROI names by what people confirmed, else by name, TG-263 name and alias.

    Of two ROIs for one structure the one that has contours counts; UnfitNamesError when both have
    some, and when no ROI is a structure.
    """
    names = tuple(
        FoundName(written=roi.name, structure=catalogue.find_clinic_name(roi.name))
        for roi in found.labels
    )
    rois: dict[StructureName, DicomLabel] = {}
    unmatched: list[str] = []
    for roi, one in zip(found.labels, names, strict=True):
        name = one.structure
        if name is None and catalogue.is_confirmed(roi.name):
            continue
        if name is None:
            unmatched.append(roi.name or f"{found.word} {roi.number} without a name")
        elif name not in rois or not is_drawn(rois[name]):
            rois[name] = roi
        elif is_drawn(roi):
            raise UnfitNamesError(
                f"{found.path}: one {found.word} with contours for {name} was expected, found the "
                f"{found.word}s {rois[name].number} and {roi.number}; leave one of their "
                "names out (`han5k names`), or delete it.",
                names,
            )
    if not rois:
        raise UnfitNamesError(
            f"{found.path}: at least one structure of the study's table was expected, found only "
            f"{', '.join(unmatched) or 'names that are left out'}; confirm which is which "
            "(`han5k import --dry-run --names FILE`, then `han5k names FILE`).",
            names,
        )
    return RoiMatch(
        word=found.word, rois=rois, unmatched=tuple(unmatched), names=tuple(dict.fromkeys(names))
    )


def build_masks(
    match: RoiMatch, grid: Grid, rule: FillRule
) -> tuple[dict[StructureName, StructureMask], tuple[str, ...]]:
    """The masks of matched ROIs on `grid`, and notices that name the structure.

    GeometryError when contours do not lie in the slices of the grid, or voxels beside its voxels.
    """
    masks: dict[StructureName, StructureMask] = {}
    notices: list[str] = []
    for name, roi in match.rois.items():
        built = build_label_mask(roi, grid, rule)
        masks[name] = built.mask
        notices += [f"{name}: {notice}" for notice in built.notices]
    return masks, tuple(notices)

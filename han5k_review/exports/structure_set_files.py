"""Structure set files: contours as DICOM RTSTRUCT, read back before they are handed out."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from han5k_review.errors import DataError
from han5k_review.exports.contour_files import Contour, check_contours
from han5k_review.imaging.dicom.contours import read_structure_set
from han5k_review.imaging.dicom.roi_masks import build_roi_mask
from han5k_review.imaging.dicom.series import read_series_outline
from han5k_review.imaging.dicom.structure_sets import (
    NamedMask,
    build_series_reference,
    build_structure_set,
    build_synthetic_reference,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrip:
    """What became of one structure when the file was read back: always identical, or no file.

    `needs_even_odd`: a tool that fills contours one by one, instead of even-odd, closes its holes.
    """

    structure: str
    volume_cc: float
    contours: int
    needs_even_odd: bool

    @property
    def sentence(self) -> str:
        """The structure in one line."""
        rule = "; has holes: the other tool must fill by the even-odd rule"
        return (
            f"{self.structure}: read back identical, {self.volume_cc:.2f} cc, {self.contours} "
            f"contours{rule if self.needs_even_odd else ''}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureSetFile:
    """The bytes of the file, and how each structure came back from them."""

    content: bytes
    round_trips: tuple[RoundTrip, ...]


def build_structure_set_file(
    contours: Sequence[Contour], *, patient: str, image_sha256: str, series: Path | None = None
) -> StructureSetFile:
    """An RTSTRUCT of contours on one grid, under the pseudonym `patient`.

    `series` is the folder of the CT's DICOM series, whose images are then referenced; without it
    the references are made from the CT's hash. Raises DataError (names, a mask that does not come
    back) or GeometryError (another grid).
    """
    grid = check_contours(contours)
    reference = build_synthetic_reference(image_sha256)
    if series is not None:
        reference = build_series_reference(read_series_outline(series), grid)
    content = build_structure_set([_named(c) for c in contours], reference, patient=patient)
    return StructureSetFile(content=content, round_trips=_read_back(content, contours))


def _named(contour: Contour) -> NamedMask:
    return NamedMask(
        name=contour.tg263 or contour.structure,
        mask=contour.mask,
        colour_rgb=contour.colour_rgb,
        algorithm=contour.algorithm,
        made_by=contour.made_by,
    )


def _read_back(content: bytes, contours: Sequence[Contour]) -> tuple[RoundTrip, ...]:
    with tempfile.TemporaryDirectory(prefix="han5k-") as folder:
        file = Path(folder) / "contours.dcm"
        file.write_bytes(content)
        rois = read_structure_set(file).rois
    found = []
    for contour, roi in zip(contours, rois, strict=True):
        built = build_roi_mask(roi, contour.mask.grid)
        if built.mask.sha256 != contour.mask.sha256:
            raise DataError(
                f"{contour.structure}: contours that are the mask again were expected, found "
                f"{built.mask.volume_cc:.3f} cc instead of {contour.mask.volume_cc:.3f}; take "
                "NIfTI, and report this."
            )
        found.append(
            RoundTrip(
                structure=contour.structure,
                volume_cc=built.mask.volume_cc,
                contours=len(roi.contours),
                needs_even_odd=built.union_voxels != built.mask.voxel_count,
            )
        )
    return tuple(found)

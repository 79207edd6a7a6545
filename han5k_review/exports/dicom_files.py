"""DICOM files: contours as RTSTRUCT or SEG, read back before they are handed out."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from han5k_review.errors import DataError
from han5k_review.exports.contour_files import Contour, check_contours
from han5k_review.exports.round_trips import RoundTrip, measure_round_trip
from han5k_review.imaging.dicom.label_masks import build_label_mask
from han5k_review.imaging.dicom.labels import read_dicom_labels
from han5k_review.imaging.dicom.named_masks import NamedMask
from han5k_review.imaging.dicom.references import (
    SeriesReference,
    build_series_reference,
    build_synthetic_reference,
)
from han5k_review.imaging.dicom.segmentations import build_segmentation
from han5k_review.imaging.dicom.series import read_series_outline
from han5k_review.imaging.dicom.structure_sets import build_structure_set


class DicomForm(StrEnum):
    """The DICOM objects that contours leave as.

    RTSTRUCT, one whose holes are joined to their outer contour (keyholes), and SEG.
    """

    STRUCTURE_SET = "rtstruct"
    KEYHOLES = "rtstruct-keyholes"
    SEGMENTATION = "seg"


@dataclass(frozen=True, slots=True, kw_only=True)
class DicomFile:
    """The bytes of the file, and how each structure came back from them."""

    content: bytes
    round_trips: tuple[RoundTrip, ...]


def build_dicom_file(
    contours: Sequence[Contour],
    form: DicomForm,
    *,
    patient: str,
    image_sha256: str,
    series: Path | None = None,
) -> DicomFile:
    """The file of contours on one grid, under the pseudonym `patient`.

    `series` is the folder of the CT's DICOM series, whose images are then referenced; without it
    the references are made from the CT's hash. Raises DataError (names, a mask that does not come
    back) or GeometryError (another grid).
    """
    grid = check_contours(contours)
    reference = build_synthetic_reference(image_sha256)
    if series is not None:
        reference = build_series_reference(read_series_outline(series), grid)
    content = _build(form, [_name(contour) for contour in contours], reference, patient)
    return DicomFile(content=content, round_trips=_read_back(content, contours))


def _build(
    form: DicomForm, structures: Sequence[NamedMask], reference: SeriesReference, patient: str
) -> bytes:
    if form is DicomForm.SEGMENTATION:
        return build_segmentation(structures, reference, patient=patient)
    keyholes = form is DicomForm.KEYHOLES
    return build_structure_set(structures, reference, patient=patient, keyholes=keyholes)


def _name(contour: Contour) -> NamedMask:
    return NamedMask(
        name=contour.outside_name or contour.structure,
        mask=contour.mask,
        colour_rgb=contour.colour_rgb,
        algorithm=contour.maker.kind,
        made_by=contour.maker.name,
        version=contour.maker.version,
    )


def _read_back(content: bytes, contours: Sequence[Contour]) -> tuple[RoundTrip, ...]:
    """Each structure as an import would read it; DataError where it is another mask."""
    with tempfile.TemporaryDirectory(prefix="han5k-") as folder:
        file = Path(folder) / "contours.dcm"
        file.write_bytes(content)
        labels = read_dicom_labels(file).labels
    found = []
    for contour, label in zip(contours, labels, strict=True):
        trip = measure_round_trip(contour, build_label_mask(label, contour.mask.grid))
        if not trip.is_identical:
            raise DataError(
                f"{contour.structure}: contours that are the mask again were expected, found "
                f"{trip.volume_back_cc:.3f} cc instead of {trip.volume_cc:.3f}; take NIfTI, and "
                "report this."
            )
        found.append(trip)
    return tuple(found)

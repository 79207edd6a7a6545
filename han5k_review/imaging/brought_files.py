"""Brought files: contours that a person brings to a case, an image or DICOM, on the CT's grid.

DICOM is of the case's CT when its frame of reference is, or is the one that our own exports carry.
It is drawn in its place exactly, or refused with numbers; contours between the CT's slices were
drawn on another CT, and are moved to the nearest slice only when resampling is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from han5k_review.errors import DataError, GeometryError
from han5k_review.imaging.case_ct import CaseCt
from han5k_review.imaging.corrected_files import ContourFile, FileContour, read_corrected
from han5k_review.imaging.dicom.archives import is_archive, unpacked_named
from han5k_review.imaging.dicom.datasets import shorten_uid
from han5k_review.imaging.dicom.folders import is_dicom_file
from han5k_review.imaging.dicom.label_masks import build_label_mask
from han5k_review.imaging.dicom.labels import DicomLabel, DicomLabels, is_drawn, read_dicom_labels
from han5k_review.imaging.dicom.references import build_synthetic_reference, hash_frame
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.image_names import image_stem, image_suffix
from han5k_review.imaging.mask import StructureMask
from han5k_review.texts.counts import say_count

Resolve = Callable[[str], str | None]
"""The structure that a name of a file is, or None."""


def read_brought(
    path: Path, ct: CaseCt, resolve: Resolve, *, resample: bool = False
) -> ContourFile:
    """The contours of a file, on the grid of `ct`; raises as `read_corrected`, in DICOM too.

    Of DICOM only what `resolve` knows is drawn; anything else is named, without voxels. A .zip or a
    folder holds such files; a mask that names no structure is called by its file.
    """
    if path.is_dir() or is_archive(path):
        with unpacked_named(path) as folder:
            return _read_all(folder, path, ct, resolve, resample=resample)
    if not is_dicom_file(path):
        return read_corrected(path, ct.grid, resample=resample)
    found = read_dicom_labels(path)
    notices = _check_frames(found, ct)
    kept = _leave_out_undrawn(found.labels, resolve)
    contours = [_draw(label, found, ct.grid, resolve, resample=resample) for label in kept]
    return ContourFile(contours=tuple(contours), notices=notices)


def _read_all(
    folder: Path, path: Path, ct: CaseCt, resolve: Resolve, *, resample: bool
) -> ContourFile:
    """The contours of all files of contours below `folder`, in the order of their names."""
    there = [f for f in sorted(folder.rglob("*")) if f.is_file() and not f.name.startswith(".")]
    files = [file for file in there if image_suffix(file) or is_dicom_file(file)]
    if not files:
        raise DataError(
            f"{path}: files of contours (NIfTI, NRRD, MHA, .seg.nrrd, RTSTRUCT, SEG) were "
            f"expected, found {say_count(len(there), 'other file')}; pack the contours themselves."
        )
    contours: list[FileContour] = []
    notices: list[str] = []
    for file in files:
        read = read_brought(file, ct, resolve, resample=resample)
        notices += [f"{file.relative_to(folder)}: {notice}" for notice in read.notices]
        contours += [replace(one, name=one.name or image_stem(file)) for one in read]
    return ContourFile(contours=tuple(contours), notices=tuple(notices))


def _check_frames(found: DicomLabels, ct: CaseCt) -> tuple[str, ...]:
    """Notices; GeometryError for labels of another frame of reference."""
    ours = build_synthetic_reference(ct.image_sha256).frame_uid
    frames = {label.frame_uid for label in found.labels if is_drawn(label)} - {ours}
    if not frames:
        return ()
    if "" in frames or ct.frame_sha256 is None:
        return (
            "whether it was drawn on this CT cannot be told, as no frame of reference is known of "
            "both; its contours are placed by their coordinates",
        )
    strange = [uid for uid in frames if hash_frame(uid, ct.image_sha256) != ct.frame_sha256]
    if strange:
        raise GeometryError(
            f"{found.path}: contours in the frame of reference of the case's CT were expected, "
            f"found some in {', '.join(map(shorten_uid, sorted(strange)))}: they belong to another "
            "image; give the file that was drawn on this CT."
        )
    return ()


def _leave_out_undrawn(labels: Sequence[DicomLabel], resolve: Resolve) -> list[DicomLabel]:
    """Of two labels for one structure the one that has contours."""
    drawn = {resolve(label.name) for label in labels if is_drawn(label)} - {None}
    return [label for label in labels if is_drawn(label) or resolve(label.name) not in drawn]


def _draw(
    label: DicomLabel, found: DicomLabels, grid: Grid, resolve: Resolve, *, resample: bool
) -> FileContour:
    name = label.name or f"{found.word} {label.number} without a name"
    if resolve(label.name) is None:
        return FileContour(name=name, mask=StructureMask.empty(grid), resampling=None)
    try:
        built = build_label_mask(label, grid)
    except DataError as error:
        raise type(error)(f"{found.path}: {found.word} {label.number}: {error}") from error
    if built.off_slice_mm > 0 and not resample:
        raise GeometryError(
            f"{found.path}: contours on the slices of the case's CT were expected, {found.word} "
            f"{label.number} has some up to {built.off_slice_mm:.2f} mm from the nearest; give the "
            "file that was drawn on this CT, or ask for resampling (`--resample`, or the box "
            "beside the upload), which draws them on the nearest."
        )
    if is_drawn(label) and built.mask.is_empty:
        raise GeometryError(
            f"{found.path}: contours within the case's CT ({grid.describe()}) were expected, none "
            f"of {found.word} {label.number} lies there; give the file that was drawn on this CT."
        )
    return FileContour(name=name, mask=built.mask, resampling=None, notices=built.notices)

"""Series: a folder of DICOM -> one CT in LPS axes, or a sentence that says why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from han5k_review.errors import DataError
from han5k_review.imaging.dicom.archives import unpacked
from han5k_review.imaging.dicom.datasets import find_number, find_text, read_dataset
from han5k_review.imaging.dicom.folders import (
    ENHANCED_CT_CLASSES,
    DicomFile,
    choose_series,
    describe_left_out,
    read_files,
    read_folder,
)
from han5k_review.imaging.dicom.pixels import (
    PADDING_HU,
    PIXEL_TAGS,
    SlicePixels,
    read_slice_hu,
)
from han5k_review.imaging.dicom.slices import SliceStack, build_stack
from han5k_review.imaging.grid import Grid
from han5k_review.texts.counts import say_count

_INT16 = np.iinfo(np.int16)
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeriesOutline:
    """What the headers of a CT series say: its `grid` in LPS axes, and notices.

    `frame_uid` is the frame of reference, empty where none is stored.
    """

    stack: SliceStack
    grid: Grid
    frame_uid: str
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeriesReading:
    """A CT series: HU (ni, nj, nk) int16 on the outline's grid, their range, all notices."""

    outline: SeriesOutline
    hu: NDArray[np.int16]
    range_hu: tuple[int, int]
    notices: tuple[str, ...]


def read_series_outline(path: Path, given: Sequence[Path] = ()) -> SeriesOutline:
    """Judge the CT series in a folder (or that of a file, or of the files `given`) by its headers.

    DataError (no series, several, two patients, burnt-in text, multi-frame) or GeometryError
    (missing, double, uneven, tilted, mixed slices), with the numbers found.
    """
    with unpacked(path) as folder:
        return _outline(folder, path, given)


def _outline(folder: Path, path: Path, given: Sequence[Path]) -> SeriesOutline:
    files = read_files(given, path) if given else read_folder(folder, path)
    images = choose_series(files, path)
    _check_kind(images, path)
    _check_rescale_signs(images, path)
    stack = build_stack(images, path)
    grid = stack.grid.reoriented(stack.grid.reorientation_to_lps())
    notices = [*stack.notices, *_list_header_notices(images)]
    left_out = describe_left_out(files, images)
    notices += [left_out] if left_out else []
    return SeriesOutline(
        stack=stack,
        grid=grid,
        frame_uid=find_text(images[0].header, "FrameOfReferenceUID"),
        notices=tuple(notices),
    )


def read_series(path: Path, given: Sequence[Path] = ()) -> SeriesReading:
    """Read a CT series; raises as `read_series_outline`, and DataError for damaged pixels."""
    with unpacked(path) as folder:
        return _read(_outline(folder, path, given), path)


def _read(outline: SeriesOutline, path: Path) -> SeriesReading:
    stack = outline.stack
    hu = np.empty(outline.grid.shape, dtype=np.int16, order="F")
    as_stored = stack.grid.reorientation_to_lps().undo(hu)
    pixels = []
    for k, place in enumerate(stack.slices):
        what = f"{path}: slice {k + 1} of {len(stack.slices)}"
        dataset = read_dataset(place.file.path, what, tags=PIXEL_TAGS, pixels=True)
        found = read_slice_hu(dataset, what)
        as_stored[:, :, k] = _as_int16(found.hu, what)
        pixels.append(_Counted.of(found))
    low, high = int(hu.min()), int(hu.max())
    notices = (*outline.notices, *_list_pixel_notices(pixels))
    return SeriesReading(outline=outline, hu=hu, range_hu=(low, high), notices=notices)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """What a slice's pixels leave to be said."""

    padded: int
    is_lossy: bool
    has_rescale: bool

    @classmethod
    def of(cls, pixels: SlicePixels) -> _Counted:
        return cls(padded=pixels.padded, is_lossy=pixels.is_lossy, has_rescale=pixels.has_rescale)


def _as_int16(hu: NDArray[np.generic], what: str) -> NDArray[np.generic]:
    low, high = hu.min(), hu.max()
    if not (low >= _INT16.min and high <= _INT16.max):
        raise DataError(
            f"{what}: HU between {_INT16.min} and {_INT16.max} were expected, found {low} to "
            f"{high}; its rescale slope and intercept may be wrong."
        )
    return np.rint(hu) if hu.dtype.kind == "f" else hu


def _check_kind(images: Sequence[DicomFile], path: Path) -> None:
    if any(image.class_uid in ENHANCED_CT_CLASSES for image in images):
        raise DataError(
            f"{path}: single-frame CT images were expected, found an Enhanced CT (several slices "
            "in one file); convert it to single-frame CT images, or to NIfTI."
        )
    burnt = sum(find_text(i.header, "BurnedInAnnotation").upper() == "YES" for i in images)
    if burnt:
        raise DataError(
            f"{path}: images without text in their pixels were expected, {burnt} of {len(images)} "
            "say that they have some (BurnedInAnnotation YES), which may name the patient; export "
            "the series without annotations."
        )


def _check_rescale_signs(images: Sequence[DicomFile], path: Path) -> None:
    slopes = [find_number(image.header, "RescaleSlope") for image in images]
    negative = sum(slope is not None and slope < 0 for slope in slopes)
    if 0 < negative < len(images):
        raise DataError(
            f"{path}: rescale slopes of one sign were expected, {negative} of {len(images)} slices "
            "have one below 0; export the series again."
        )


def _list_header_notices(images: Sequence[DicomFile]) -> list[str]:
    notices = []
    for name, words in (
        ("SeriesInstanceUID", "no series is named in"),
        ("FrameOfReferenceUID", "no frame of reference is named in"),
        ("PatientPosition", "no patient position (such as head first, supine) is named in"),
    ):
        missing = sum(not find_text(image.header, name) for image in images)
        if missing:
            notices.append(f"{words} {missing} of {len(images)} images; taken as they are")
    kinds = {find_text(image.header, "RescaleType") for image in images} - {"", "HU"}
    if kinds:
        notices.append("the rescaled numbers are not said to be HU; they are taken as HU")
    return notices


def _list_pixel_notices(slices: Sequence[_Counted]) -> list[str]:
    notices = []
    padded = sum(one.padded for one in slices)
    if padded:
        found = say_count(padded, "padding pixel")
        notices.append(f"{found} around the image: set to {PADDING_HU} HU")
    lossy = sum(one.is_lossy for one in slices)
    if lossy:
        notices.append(
            f"{lossy} of {len(slices)} slices were compressed with loss: fine detail and HU are "
            "not those of the scanner"
        )
    bare = sum(not one.has_rescale for one in slices)
    if bare:
        notices.append(
            f"no rescale slope and intercept in {bare} of {len(slices)} slices: the stored numbers "
            "are taken as HU"
        )
    return notices

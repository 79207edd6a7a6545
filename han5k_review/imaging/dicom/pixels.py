"""Pixels: one image's stored numbers -> Hounsfield units, whatever their width, sign and packing.

Decoders: pydicom's own for uncompressed, deflated and RLE; GDCM (BSD) for JPEG, JPEG lossless,
JPEG-LS and JPEG 2000.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from han5k_review.errors import DataError
from han5k_review.imaging.dicom.datasets import (
    FOREIGN_ERRORS,
    find_number,
    find_text,
    find_whole,
    tolerant_reading,
    unreadable,
)

PADDING_HU = -1024
LOSSY_SYNTAXES = frozenset(
    f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 81, 91, 93, 203, 110, 111)
)
PIXEL_TAGS = (
    "SOPClassUID",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "RescaleSlope",
    "RescaleIntercept",
    "LossyImageCompression",
    "PixelData",
)
_PIXEL_PADDING, _PIXEL_PADDING_LIMIT = 0x00280120, 0x00280121


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SlicePixels:
    """`hu` (columns, rows), float64 or int32, with padding at -1024, and how much was padded."""

    hu: NDArray[np.generic]
    padded: int
    is_lossy: bool
    has_rescale: bool


def read_slice_hu(dataset: Dataset, what: str) -> SlicePixels:
    """Decode and rescale one image; `what` names it. DataError when it is damaged or no CT."""
    _check_form(dataset, what)
    stored = _decode(dataset, what)
    outside = _find_padding(dataset, stored)
    values = _clean_bits(dataset, stored)
    slope, intercept, has_rescale = _rescale(dataset, what)
    if slope == 1 and intercept == int(intercept):
        hu: NDArray[np.generic] = values + np.int32(intercept)
    else:
        hu = values * slope + intercept
    padded = 0 if outside is None else int(np.count_nonzero(outside))
    if outside is not None and padded:
        hu[outside] = PADDING_HU
    return SlicePixels(hu=hu.T, padded=padded, is_lossy=is_lossy(dataset), has_rescale=has_rescale)


def is_lossy(dataset: Dataset) -> bool:
    """Whether the image says, or its transfer syntax means, that detail was given up."""
    syntax = str(getattr(dataset.file_meta, "TransferSyntaxUID", ""))
    return syntax in LOSSY_SYNTAXES or find_text(dataset, "LossyImageCompression") == "01"


def _check_form(dataset: Dataset, what: str) -> None:
    samples = find_whole(dataset, "SamplesPerPixel") or 1
    frames = find_whole(dataset, "NumberOfFrames") or 1
    if samples != 1 or frames != 1:
        raise DataError(
            f"{what}: one number per pixel and one frame were expected, found {samples} and "
            f"{frames}; export single-frame CT images."
        )
    if "PixelData" not in dataset:
        raise DataError(f"{what}: pixels were expected, found none; copy the file again.")


def _decode(dataset: Dataset, what: str) -> NDArray[np.int32]:
    """Stored numbers (rows, columns), as wide as they are allocated, by the file's sign."""
    try:
        with tolerant_reading():
            _check_length(dataset, what)
            pixels = dataset.pixel_array
    except FOREIGN_ERRORS as error:
        syntax = dataset.file_meta.TransferSyntaxUID
        if not syntax.is_encapsulated:
            raise unreadable(what, error) from error
        raise DataError(
            f"{what}: packed pixels that can be unpacked were expected, these ({syntax.name}, "
            f"{syntax}) are damaged, cut off, or of a kind that is not read; convert the series to "
            "uncompressed DICOM."
        ) from error
    size = (find_whole(dataset, "Rows"), find_whole(dataset, "Columns"))
    if pixels.shape != size or pixels.dtype.kind not in "iu":
        raise DataError(
            f"{what}: {size[1]} x {size[0]} whole numbers were expected, found pixels of shape "
            f"{pixels.shape} and type {pixels.dtype}; copy the file again."
        )
    return pixels.astype(np.int32)


def _check_length(dataset: Dataset, what: str) -> None:
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        return
    bits = find_whole(dataset, "BitsAllocated") or 16
    wanted = (find_whole(dataset, "Rows") or 0) * (find_whole(dataset, "Columns") or 0) * bits // 8
    found = len(dataset.PixelData)
    if found < wanted:
        raise DataError(
            f"{what}: {wanted} bytes of pixels were expected, found {found}: the file is cut off; "
            "copy it again."
        )


def _find_padding(dataset: Dataset, stored: NDArray[np.int32]) -> NDArray[np.bool_] | None:
    """Where the pixels are padding, before unused bits are cleaned: padding may use them."""
    first = _padding_value(dataset, "PixelPaddingValue", _PIXEL_PADDING)
    if first is None:
        return None
    last = _padding_value(dataset, "PixelPaddingRangeLimit", _PIXEL_PADDING_LIMIT)
    low, high = (first, first) if last is None else (min(first, last), max(first, last))
    return (stored >= low) & (stored <= high)


def _padding_value(dataset: Dataset, name: str, tag: int) -> int | None:
    """The value as the pixels are signed, whatever VR (US or SS) the file gives it."""
    if tag not in dataset:
        return None
    number = find_whole(dataset, name)
    if number is None:
        return None
    is_signed = find_whole(dataset, "PixelRepresentation") == 1
    if is_signed:
        return number - 65536 if number > 32767 else number
    return number + 65536 if number < 0 else number


def _clean_bits(dataset: Dataset, stored: NDArray[np.int32]) -> NDArray[np.int32]:
    """Numbers of BitsStored bits: what stands in the unused ones (overlays) is cleared."""
    bits = find_whole(dataset, "BitsStored") or find_whole(dataset, "BitsAllocated") or 16
    if not 0 < bits < 32:
        return stored
    is_signed = find_whole(dataset, "PixelRepresentation") == 1
    low, high = (-(1 << (bits - 1)), 1 << (bits - 1)) if is_signed else (0, 1 << bits)
    if stored.size == 0 or (stored.min() >= low and stored.max() < high):
        return stored
    unused = 32 - bits
    if is_signed:
        return (stored << unused) >> unused
    return stored & ((1 << bits) - 1)


def _rescale(dataset: Dataset, what: str) -> tuple[float, float, bool]:
    slope, intercept = (
        find_number(dataset, "RescaleSlope"),
        find_number(dataset, "RescaleIntercept"),
    )
    stored = ("RescaleSlope" in dataset, "RescaleIntercept" in dataset)
    if stored == (False, False):
        return 1.0, 0.0, False
    if slope is None or intercept is None or slope == 0:
        raise DataError(
            f"{what}: a finite rescale slope other than 0 and a finite intercept were expected, "
            "found others; export the series again."
        )
    return slope, intercept, True

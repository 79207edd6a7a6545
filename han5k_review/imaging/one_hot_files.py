"""One-hot files: a 4-D image [channel, z, y, x] with one structure per channel, as SegRap has them.

45 channels of a full-size CT are 2.4 GB; they are read one channel at a time, and each is cropped
to its structure before the next.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from han5k_review.errors import DataError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.image_files import build_grid, check_file, read_error
from han5k_review.imaging.image_names import NIFTI_SUFFIXES, image_suffix
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.placement import get_placement
from han5k_review.imaging.voxel_streams import check_end, open_voxels

_TYPES = {
    sitk.sitkUInt8: np.uint8,
    sitk.sitkInt8: np.int8,
    sitk.sitkUInt16: np.uint16,
    sitk.sitkInt16: np.int16,
    sitk.sitkUInt32: np.uint32,
    sitk.sitkInt32: np.int32,
    sitk.sitkUInt64: np.uint64,
    sitk.sitkInt64: np.int64,
    sitk.sitkFloat32: np.float32,
    sitk.sitkFloat64: np.float64,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OneHot:
    """`masks` by channel number, for the channels asked for; `channels` in the whole file."""

    masks: dict[int, StructureMask]
    channels: int


def is_one_hot(path: Path) -> bool:
    """True for a 4-D MetaImage or NRRD file; reads the header only."""
    if image_suffix(path) in (None, *NIFTI_SUFFIXES):
        return False
    return int(_read_header(path).GetDimension()) == 4


def count_channels(path: Path) -> int:
    """Channels of a 4-D file, by its header."""
    return int(_read_header(path).GetSize()[3])


def read_one_hot(path: Path, grid: Grid, wanted: Collection[int]) -> OneHot:
    """Read the `wanted` channels of a 4-D one-hot file as masks on `grid` (CT's, LPS axes).

    Memory stays at about one channel. Raises DataError naming file and channel (not 4-D, cut off,
    a channel with more than one value besides 0), GeometryError when the file is on another grid.
    """
    header = _read_header(path)
    if header.GetDimension() != 4 or header.GetPixelID() not in _TYPES:
        raise DataError(f"{path}: a 4-D image with one number per voxel was expected.")
    ni, nj, nk, channels = header.GetSize()
    direction = np.array(header.GetDirection()).reshape(4, 4)[:3, :3]
    own = build_grid(
        (ni, nj, nk),
        header.GetSpacing()[:3],
        header.GetOrigin()[:3],
        tuple(direction.ravel()),
        path,
    )
    place_in_ct = get_placement(own, grid, str(path))
    masks: dict[int, StructureMask] = {}
    with open_voxels(path) as (stream, place):
        dtype = np.dtype(_TYPES[header.GetPixelID()])
        dtype = dtype.newbyteorder(">" if place.big_endian else "<")
        flat = np.empty(ni * nj * nk, dtype=dtype)
        for number in range(channels):
            if number not in wanted and place.codec == "raw":
                stream.seek(flat.nbytes, 1)
                continue
            _fill(stream, flat, f"{path} channel {number}")
            if number in wanted:
                _check_channel(flat, f"{path} channel {number}")
                channel = flat.reshape((ni, nj, nk), order="F")
                masks[number] = StructureMask.from_dense(place_in_ct.apply(channel), grid)
        check_end(stream, place)
    return OneHot(masks=masks, channels=int(channels))


def _read_header(path: Path) -> sitk.ImageFileReader:
    check_file(path)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise read_error(error, path) from error
    return reader


def _fill(stream: object, flat: NDArray[np.generic], where: str) -> None:
    view = memoryview(flat.view(np.uint8).data)
    filled = 0
    while filled < len(view):
        step = stream.readinto(view[filled:])  # type: ignore[attr-defined]
        if not step:
            raise DataError(
                f"{where}: {len(view)} bytes were expected, found {filled}: the file is cut off; "
                "copy it again."
            )
        filled += step


def _check_channel(flat: NDArray[np.generic], where: str) -> None:
    low, high = flat.min(), flat.max()
    if low < 0 or np.count_nonzero(flat == high) < (np.count_nonzero(flat) if high else 0):
        raise DataError(
            f"{where}: a mask of 0 and one other value was expected, found values up to {high}."
        )

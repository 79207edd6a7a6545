"""One-hot files: a 4-D image [channel, z, y, x] with one structure per channel, as SegRap has them.

45 channels of a full-size CT are 2.4 GB; they are read one channel at a time, and each is cropped
to its structure before the next.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from han5k_review.errors import DataError
from han5k_review.imaging.filled_boxes import FilledBox, read_filled_box
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.header_values import ChannelAxis, ImageHeader
from han5k_review.imaging.headers import read_header
from han5k_review.imaging.image_files import scale
from han5k_review.imaging.image_names import NIFTI_SUFFIXES, image_suffix
from han5k_review.imaging.label_images import as_whole_numbers
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.placement import Placement, get_placement
from han5k_review.imaging.voxel_streams import open_voxels


@dataclass(frozen=True, slots=True, kw_only=True)
class OneHot:
    """`masks` by channel number, for the channels asked for; `channels` in the whole file."""

    masks: dict[int, StructureMask]
    channels: int


def is_one_hot(path: Path) -> bool:
    """True for a 4-D file, its channels one whole volume after another; reads the header only."""
    return image_suffix(path) is not None and _is_one_hot(read_header(path))


def count_channels(path: Path) -> int:
    """Channels of a 4-D file, by its header."""
    return read_header(path).channels


def read_one_hot(path: Path, grid: Grid, wanted: Collection[int]) -> OneHot:
    """Read the `wanted` channels of a 4-D one-hot file as masks on `grid` (CT's, LPS axes).

    Memory stays at about one channel. Raises DataError naming file and channel (not 4-D, cut off,
    a channel with more than one value besides 0), GeometryError when the file is on another grid.
    """
    header, place = open_one_hot(path, grid)
    shape = header.grid.shape
    masks: dict[int, StructureMask] = {}
    with open_voxels(header) as stream:
        for number in range(header.channels):
            if number not in wanted:
                stream.skip(math.prod(shape) * header.dtype.itemsize)
                continue
            box = read_filled_box(stream, shape, header.dtype)
            _check_channel(scale(box.values, header), f"{path} channel {number}")
            masks[number] = _as_mask(box, place)
        stream.finish()
    return OneHot(masks=masks, channels=header.channels)


def open_one_hot(path: Path, grid: Grid) -> tuple[ImageHeader, Placement]:
    """The header of a one-hot file, and how it lies in `grid`; reads no voxel.

    Raises DataError (unreadable, not 4-D) or GeometryError (another grid).
    """
    header = read_header(path)
    if not _is_one_hot(header):
        raise DataError(f"{path}: a 4-D image with one number per voxel was expected.")
    return header, get_placement(header.grid, grid, str(path))


def _is_one_hot(header: ImageHeader) -> bool:
    """NIfTI often has a fourth axis of one. An intercept would make something of the zeros."""
    is_nifti = image_suffix(header.path) in NIFTI_SUFFIXES
    has_axis = len(header.sizes) == 4 and header.channel_axis is ChannelAxis.LAST
    return has_axis and header.intercept == 0 and (header.channels > 1 or not is_nifti)


def _as_mask(box: FilledBox, place: Placement) -> StructureMask:
    turned = box.turned(place.change)
    return StructureMask.from_box(turned.values, place.start_of(turned.start_ijk), place.target)


def _check_channel(values: NDArray[np.generic], where: str) -> None:
    labels = as_whole_numbers(values, where)
    if labels.size == 0:
        return
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or np.count_nonzero(labels == high) < (np.count_nonzero(labels) if high else 0):
        raise DataError(
            f"{where}: a mask of 0 and one other value was expected, found values up to {high}."
        )

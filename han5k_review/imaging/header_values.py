"""Header values: what the header of an image file says, before any voxel is read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from han5k_review.imaging.grid import Grid


class Codec(StrEnum):
    """How the bytes of a data file are packed; MetaImage says zlib for zlib and gzip alike."""

    RAW = "raw"
    GZIP = "gzip"
    ZLIB = "zlib"


class ChannelAxis(StrEnum):
    """Where several numbers per voxel lie: beside each other, or one whole volume after another."""

    FIRST = "first"
    LAST = "last"


@dataclass(frozen=True, slots=True, kw_only=True)
class VoxelFile:
    """One data file. Voxels of several files follow each other in their order.

    `offset`: bytes of the file as it lies on disk before the voxels (or before the packed stream).
    `skip`: bytes of the unpacked stream before the voxels; 0 for raw files. `nbytes`: bytes of
    voxels in this file, unpacked.
    """

    path: Path
    offset: int
    skip: int
    nbytes: int
    codec: Codec


@dataclass(frozen=True, slots=True, kw_only=True)
class VoxelLayout:
    """How the voxels lie: `sizes` of all stored axes, fastest first, and their number type.

    `channels` numbers per voxel lie along `channel_axis`; 1 for a plain image.
    """

    sizes: tuple[int, ...]
    channels: int
    channel_axis: ChannelAxis
    dtype: np.dtype[np.generic]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Sizes of the three axes in space, in the file's order (fastest first)."""
        rest = list(self.sizes)
        if len(rest) > 3:
            rest.pop(0 if self.channel_axis is ChannelAxis.FIRST else -1)
        return (rest[0], rest[1], rest[2])

    @property
    def nbytes(self) -> int:
        """Bytes of all voxels, unpacked."""
        return math.prod(self.sizes) * self.dtype.itemsize


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageHeader:
    """The header of an image file.

    `grid` is that of the file's own axes, RAS affine, by the one geometry rule. `sizes` are those
    of all stored axes, fastest first: three, or four with the channels at `channel_axis`. `dtype`
    has the byte order. A voxel is `slope * stored + intercept` (1 and 0 where not scaled). `files`
    hold the voxels, in order. `notices` are sentences about the geometry; `fields` the free text
    fields (NRRD key/value pairs).
    """

    path: Path
    grid: Grid
    sizes: tuple[int, ...]
    channels: int
    channel_axis: ChannelAxis
    dtype: np.dtype[np.generic]
    slope: float
    intercept: float
    files: tuple[VoxelFile, ...]
    notices: tuple[str, ...]
    fields: Mapping[str, str]

    @property
    def nbytes(self) -> int:
        """Bytes of all voxels, unpacked."""
        return math.prod(self.sizes) * self.dtype.itemsize

    @property
    def is_scaled(self) -> bool:
        """True when stored numbers are not yet the voxels' values."""
        return (self.slope, self.intercept) != (1.0, 0.0)

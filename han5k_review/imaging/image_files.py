"""Image files: NIfTI, NRRD and MetaImage volumes, read from their headers and voxel streams."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from han5k_review.errors import DataError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.header_values import ChannelAxis, ImageHeader
from han5k_review.imaging.headers import read_header
from han5k_review.imaging.voxel_streams import open_voxels

_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RawImage:
    """A file as it is: `array` (ni, nj, nk), in the file's own axes and number type, on `grid`.

    The byte order is the machine's, and a slope and intercept are applied (then as float64). An
    image with several numbers per voxel has `array` (channels, ni, nj, nk). `notices` are
    sentences about the geometry.
    """

    array: NDArray[np.generic]
    grid: Grid
    notices: tuple[str, ...]


def read_image(path: Path) -> RawImage:
    """Read a three-dimensional image.

    Raises DataError (missing, another format, truncated, damaged, not 3-D, several numbers per
    voxel) or GeometryError (geometry unusable); the message names the file.
    """
    header = read_header(path)
    check_plain(header)
    return RawImage(array=read_voxels(header), grid=header.grid, notices=header.notices)


def check_plain(header: ImageHeader) -> None:
    """DataError unless the image is three-dimensional with one number per voxel."""
    if header.channels == 1:
        return
    size = " x ".join(str(n) for n in header.sizes)
    if header.channel_axis is ChannelAxis.LAST:
        raise DataError(f"{header.path}: a 3-D image was expected, found 4-D ({size}).")
    size = " x ".join(str(n) for n in header.sizes[1:])
    raise DataError(
        f"{header.path}: one number per voxel was expected, found {header.channels} ({size} "
        "voxels); save it as an image with one number per voxel."
    )


def read_voxels(header: ImageHeader) -> NDArray[np.generic]:
    """All voxels (ni, nj, nk), or (channels, ni, nj, nk), by the file's axes; scaled if it is."""
    flat = np.empty(header.nbytes, dtype=np.uint8)
    place = 0
    with open_voxels(header) as stream:
        while place < flat.size:
            piece = stream.read(min(_PIECE_BYTES, flat.size - place))
            flat[place : place + len(piece)] = np.frombuffer(piece, dtype=np.uint8)
            place += len(piece)
        stream.finish()
    stored = flat.view(header.dtype).reshape(header.sizes, order="F")
    stored = stored.astype(header.dtype.newbyteorder("="), copy=False)
    if stored.ndim == 4 and header.channel_axis is ChannelAxis.LAST:
        stored = stored.transpose(3, 0, 1, 2)
    return scale(stored if header.channels > 1 else stored.reshape(header.grid.shape), header)


def iter_slices(header: ImageHeader) -> Iterator[tuple[int, NDArray[np.generic]]]:
    """A plain image slice by slice along its slowest axis: k, values (ni, nj), scaled if it is.

    In the file's own unit, HU of a CT.

    The file is checked to its end after the last slice.
    """
    ni, nj, nk = header.grid.shape
    native = header.dtype.newbyteorder("=")
    with open_voxels(header) as stream:
        for k in range(nk):
            piece = np.frombuffer(stream.read(ni * nj * header.dtype.itemsize), header.dtype)
            plane = piece.reshape((ni, nj), order="F").astype(native, copy=False)
            yield k, scale(plane, header)
        stream.finish()


def scale(stored: NDArray[np.generic], header: ImageHeader) -> NDArray[np.generic]:
    """Stored numbers as values of the same shape: float64 where the header has a slope or
    intercept, in the file's own unit, HU of a CT.
    """
    if not header.is_scaled:
        return stored
    return stored.astype(np.float64) * header.slope + header.intercept

"""Filled boxes: the part of a label volume that is not zero, cropped while it is read.

A mask of a full-size CT is 47 MB of which most is zero. A slice of nothing but zeros is thrown away
as soon as it is unpacked; of any other only the rows and columns that hold something are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from han5k_review.imaging.grid import Reorientation
from han5k_review.imaging.header_values import ImageHeader
from han5k_review.imaging.image_files import read_voxels, scale
from han5k_review.imaging.voxel_streams import VoxelStream, open_voxels

_WORD_BYTES = 8
Words = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FilledBox:
    """`values` (ni, nj, nk) of the box that begins at `start_ijk` of a volume of `shape`.

    Everything outside the box is zero; there may be zeros inside. All zero: (0, 0, 0) values.
    """

    shape: tuple[int, int, int]
    start_ijk: tuple[int, int, int]
    values: NDArray[np.generic]

    def turned(self, change: Reorientation) -> FilledBox:
        """The box of the volume that `change` makes of this one."""
        if self.values.size == 0:
            return FilledBox(
                shape=_permuted(self.shape, change), start_ijk=(0, 0, 0), values=self.values
            )
        shape, start = _permuted(self.shape, change), _permuted(self.start_ijk, change)
        size = _permuted(self.values.shape, change)
        i, j, k = (
            whole - first - length if flip else first
            for whole, first, length, flip in zip(shape, start, size, change.flips, strict=True)
        )
        return FilledBox(shape=shape, start_ijk=(i, j, k), values=change.apply(self.values))


def read_filled(header: ImageHeader) -> FilledBox:
    """What is not zero of a plain image, by the file's own axes; scaled if it is.

    Raises DataError naming the file when it is damaged or cut off.
    """
    ni, nj, nk = header.grid.shape
    if header.intercept != 0:
        return FilledBox(shape=(ni, nj, nk), start_ijk=(0, 0, 0), values=read_voxels(header))
    with open_voxels(header) as stream:
        box = read_filled_box(stream, (ni, nj, nk), header.dtype)
        stream.finish()
    return replace(box, values=scale(box.values, header))


def read_filled_box(
    stream: VoxelStream, shape: tuple[int, int, int], dtype: np.dtype[np.generic]
) -> FilledBox:
    """Read one volume of `shape` (i fastest) and numbers of `dtype`; what is not zero of it.

    A number counts as zero when all its bytes are zero. The values have the machine's byte order.
    """
    ni, nj, nk = shape
    row_bytes = ni * dtype.itemsize
    nothing = bytes(row_bytes * nj)
    parts: list[_Part] = []
    for k in range(nk):
        piece = stream.read(len(nothing))
        if piece != nothing:
            parts.append(_crop_slice(piece, k, nj, row_bytes))
    if not parts:
        native = np.zeros((0, 0, 0), dtype=dtype.newbyteorder("="))
        return FilledBox(shape=shape, start_ijk=(0, 0, 0), values=native)
    return _join(parts, shape, dtype)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Part:
    """The filled rows and columns of slice `k`: `words` (rows, 8-byte columns) from a corner on."""

    k: int
    row: int
    column: int
    words: Words


def _crop_slice(piece: bytes, k: int, rows: int, row_bytes: int) -> _Part:
    """The filled part of a slice that is not all zero."""
    content = np.frombuffer(piece, dtype=np.uint8).reshape(rows, row_bytes)
    if row_bytes % _WORD_BYTES:
        padded = np.zeros((rows, -(-row_bytes // _WORD_BYTES) * _WORD_BYTES), dtype=np.uint8)
        padded[:, :row_bytes] = content
        content = padded
    words = content.view(np.uint64)
    filled = np.flatnonzero(words)
    first, last = (int(place) // words.shape[1] for place in (filled[0], filled[-1]))
    words = words[first : last + 1]
    columns = np.flatnonzero(np.bitwise_or.reduce(words, axis=0))
    left, right = int(columns[0]), int(columns[-1]) + 1
    return _Part(k=k, row=first, column=left, words=words[:, left:right].copy())


def _join(
    parts: Sequence[_Part], shape: tuple[int, int, int], dtype: np.dtype[np.generic]
) -> FilledBox:
    row = min(part.row for part in parts)
    left = min(part.column for part in parts)
    below = max(part.row + part.words.shape[0] for part in parts)
    right = max(part.column + part.words.shape[1] for part in parts)
    first, last = parts[0].k, parts[-1].k
    box = np.zeros((last - first + 1, below - row, right - left), dtype=np.uint64)
    for part in parts:
        rows, columns = part.words.shape
        top, side = part.row - row, part.column - left
        box[part.k - first, top : top + rows, side : side + columns] = part.words
    start = left * _WORD_BYTES // dtype.itemsize
    values = box.view(dtype)[:, :, : shape[0] - start].transpose(2, 1, 0)
    return FilledBox(
        shape=shape,
        start_ijk=(start, row, first),
        values=values.astype(dtype.newbyteorder("="), copy=False),
    )


def _permuted(sizes: Sequence[int], change: Reorientation) -> tuple[int, int, int]:
    i, j, k = (int(sizes[axis]) for axis in change.permutation)
    return (i, j, k)

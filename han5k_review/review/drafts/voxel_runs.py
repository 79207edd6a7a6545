"""Runs of voxels: how a patch marks voxels of its box in a few bytes, without compression.

Lengths of runs in the order i fastest, then j, then k; the first run is unmarked (and may be 0
long), then they alternate; each length is an unsigned LEB128 number (DWARF 5, 7.6). Whatever the
bytes say, they mark exactly one box: nothing can unfold into more memory than the box needs.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from han5k_review.errors import DataError

BoolArray = NDArray[np.bool_]
_LONGEST_NUMBER = 5  # bytes: 35 bits, more than any volume has voxels


def encode_runs(marked: BoolArray) -> bytes:
    """The runs of a box (i, j, k): True where a voxel is marked."""
    flat = marked.ravel(order="F")
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    lengths = np.diff(np.concatenate(([0], edges, [flat.size]))).tolist()
    if flat.size and flat[0]:
        lengths.insert(0, 0)
    out = bytearray()
    for length in lengths:
        rest = int(length)
        while rest > 0x7F:
            out.append(rest & 0x7F | 0x80)
            rest >>= 7
        out.append(rest)
    return bytes(out)


def decode_runs(runs: bytes, shape: tuple[int, int, int]) -> BoolArray:
    """The box (i, j, k), True where runs mark a voxel; DataError unless they fill it exactly."""
    lengths = _read_lengths(runs)
    total = int(lengths.sum())
    size = math.prod(shape)
    if total != size:
        raise DataError(f"Runs over the {size} voxels of the box were expected, found {total}.")
    if (lengths[1:] == 0).any():
        raise DataError("Runs of at least one voxel were expected after the first, found none.")
    marks = (np.arange(lengths.size) & 1).astype(np.bool_)
    flat: BoolArray = np.repeat(marks, lengths)
    return flat.reshape(shape, order="F")


def _read_lengths(runs: bytes) -> NDArray[np.int64]:
    raw = np.frombuffer(runs, dtype=np.uint8)
    ends = np.flatnonzero(raw < 0x80)
    if ends.size == 0 or int(ends[-1]) != raw.size - 1:
        raise DataError("Whole LEB128 numbers were expected as runs, found a cut one or none.")
    starts = np.concatenate(([0], ends[:-1] + 1))
    widths = ends - starts + 1
    if int(widths.max()) > _LONGEST_NUMBER:
        raise DataError("Runs of at most 35 bits were expected, found a longer number.")
    shifts = 7 * (np.arange(raw.size) - np.repeat(starts, widths))
    parts = (raw & 0x7F).astype(np.int64) << shifts
    lengths: NDArray[np.int64] = np.add.reduceat(parts, starts)
    return lengths

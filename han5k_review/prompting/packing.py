"""A contour as nnInteractive takes it, a mask of the whole CT, without such a mask in memory.

In the wire format of its `serialization.py` a head is followed by a count and as many chunks, of
any length. Before and after the contour's box lie nothing but zeros; their chunks are packed once.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from han5k_review.imaging.mask import StructureMask
from han5k_review.prompting.client import pack_array

_COUNT = struct.Struct("<I")
_LARGEST_BITS = 24


def pack_mask(mask: StructureMask) -> bytes:
    """The dense mask (i, j, k) of 0 and 1, uint8, for nnInteractive's `unpack_array`."""
    shape, (i, j, k) = mask.grid.shape, mask.slices
    slab = np.zeros((i.stop - i.start, *shape[1:]), np.uint8)
    slab[:, j, k] = mask.voxels
    plane = shape[1] * shape[2]
    chunks = [
        *_list_zeros(i.start * plane),
        *([_pack(slab)] if slab.size else []),
        *_list_zeros((shape[0] - i.stop) * plane),
    ]
    return b"".join([_build_head(shape), _COUNT.pack(len(chunks)), *chunks])


def _list_zeros(count: int) -> Iterator[bytes]:
    """Chunks whose lengths are powers of two, of which there are few."""
    yield from [_pack_zeros(_LARGEST_BITS)] * (count >> _LARGEST_BITS)
    yield from (_pack_zeros(bits) for bits in range(_LARGEST_BITS) if count >> bits & 1)


@cache
def _pack_zeros(bits: int) -> bytes:
    return _pack(np.zeros(1 << bits, np.uint8))


def _pack(part: NDArray[np.uint8]) -> bytes:
    """A chunk; the client's own function writes it behind a head of one axis and the count 1."""
    packed = pack_array(part.ravel(), filters=[], nthreads=1)
    return bytes(packed[len(_build_head((part.size,))) + _COUNT.size :])


def _build_head(shape: tuple[int, ...]) -> bytes:
    name = b"uint8"
    words = struct.pack("<4sBBBB", b"NNIA", 1, 1, len(shape), len(name))
    return words + name + struct.pack(f"<{len(shape)}q", *shape)

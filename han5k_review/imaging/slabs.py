"""Slabs: a CT cut into z-major pieces of a few slices, as the viewer fetches them.

A slab is `slices` axial slices, k-major, then j, then i, int16 little-endian, byte-shuffled: all
low bytes, then all high bytes. `docs/transport.md` is the contract.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from han5k_review.errors import DataError

SLAB_SLICES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Slab:
    """`shuffled` holds slices `first` .. `first + slices - 1`; `sha256` is of those bytes."""

    first: int
    slices: int
    sha256: str
    shuffled: bytes


def iter_slabs(hu: NDArray[np.int16], slab_slices: int = SLAB_SLICES) -> Iterator[Slab]:
    """Cut (ni, nj, nk) HU into slabs along k, one at a time."""
    for first in range(0, hu.shape[2], slab_slices):
        piece = hu[:, :, first : first + slab_slices]
        shuffled = _shuffle(piece)
        digest = hashlib.sha256(shuffled).hexdigest()
        yield Slab(first=first, slices=piece.shape[2], sha256=digest, shuffled=shuffled)


def _shuffle(piece: NDArray[np.int16]) -> bytes:
    flat = np.ascontiguousarray(piece.transpose(2, 1, 0), dtype="<i2").view(np.uint8)
    pairs = flat.reshape(-1, 2)
    return pairs[:, 0].tobytes() + pairs[:, 1].tobytes()


def read_slab(shuffled: bytes, ni: int, nj: int, sha256: str) -> NDArray[np.int16]:
    """Undo the shuffle: int16 HU (ni, nj, slices). DataError when the hash is another."""
    if hashlib.sha256(shuffled).hexdigest() != sha256:
        raise DataError(
            f"A CT slab with SHA-256 {sha256[:12]}... was expected, its bytes differ: the stored "
            "volume is damaged; import the case again."
        )
    halves = np.frombuffer(shuffled, dtype=np.uint8).reshape(2, -1)
    pairs = np.ascontiguousarray(halves.T).view("<i2")
    return pairs.reshape(-1, nj, ni).transpose(2, 1, 0)

"""CtVolume: Hounsfield units on a grid."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from han5k_review.errors import GeometryError
from han5k_review.imaging.grid import Grid


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CtVolume:
    """`hu` is (ni, nj, nk) int16 Hounsfield units on `grid`; both in LPS axes once stored.

    Its hash is measured once; from then on `hu` is read-only.
    """

    grid: Grid
    hu: NDArray[np.int16]
    _hashes: list[str] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.hu.shape != self.grid.shape:
            raise GeometryError(
                f"A CT of shape {self.grid.shape} was expected, got {self.hu.shape}."
            )

    def to_lps_axes(self) -> CtVolume:
        """The same volume with i growing to L, j to P, k to S: exact flips and permutations."""
        change = self.grid.reorientation_to_lps()
        hu = change.apply(self.hu).astype(np.int16, copy=False)
        return CtVolume(grid=self.grid.reoriented(change), hu=hu)

    @property
    def sha256(self) -> str:
        """Content hash: of shape, affine (float32) and HU in order i fastest."""
        if not self._hashes:
            self.hu.setflags(write=False)
            self._hashes.append(self._measure_sha256())
        return self._hashes[0]

    def _measure_sha256(self) -> str:
        digest = hashlib.sha256(b"han5k-ct-1")
        digest.update(np.array(self.hu.shape, dtype="<i4").tobytes())
        digest.update((self.grid.affine[:3] + 0.0).astype("<f4").tobytes())
        for k in range(self.hu.shape[2]):
            digest.update(np.ascontiguousarray(self.hu[:, :, k].T, dtype="<i2").data)
        return digest.hexdigest()

"""CtVolume: Hounsfield units on a grid."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from han5k_review.errors import GeometryError
from han5k_review.imaging.grid import Grid


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CtVolume:
    """`hu` is (ni, nj, nk) int16 Hounsfield units on `grid`; both in LPS axes once stored.

    Its hashes are measured once; from then on `hu` is read-only.
    """

    grid: Grid
    hu: NDArray[np.int16]
    _hashes: dict[str, str] = field(default_factory=dict, init=False, repr=False)

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
    def planes_sha256(self) -> str:
        """What stays of a CT whatever its header says: a hash of the HU sums of all its planes.

        The sums of every plane along each axis (int64, exact), each list read from its smaller end
        and the three lists sorted: other axes, flips, spacing and origin change nothing, while two
        scans differ in them by their noise alone.
        """
        return self._remember("planes", self._measure_planes)

    def _measure_planes(self) -> str:
        slowest_first = np.argsort([-abs(step) for step in self.hu.strides])
        planes = self.hu.transpose(slowest_first)
        sums = [np.zeros(size, np.int64) for size in planes.shape]
        for n, plane in enumerate(planes):
            rows = plane.sum(axis=1, dtype=np.int32)  # a row is below 2^16 voxels of 2^15 HU
            sums[0][n] = rows.sum(dtype=np.int64)
            sums[1] += rows
            sums[2] += plane.sum(axis=0, dtype=np.int32)
        lists = sorted(min(line.tolist(), line[::-1].tolist()) for line in sums)
        return hashlib.sha256(f"han5k-planes-1 {lists}".encode()).hexdigest()

    @property
    def sha256(self) -> str:
        """Content hash: of shape, affine (float32) and HU in order i fastest."""
        return self._remember("content", self._measure_sha256)

    def _remember(self, name: str, measure: Callable[[], str]) -> str:
        if name not in self._hashes:
            self.hu.setflags(write=False)
            self._hashes[name] = measure()
        return self._hashes[name]

    def _measure_sha256(self) -> str:
        digest = hashlib.sha256(b"han5k-ct-1")
        digest.update(np.array(self.hu.shape, dtype="<i4").tobytes())
        digest.update((self.grid.affine[:3] + 0.0).astype("<f4").tobytes())
        for k in range(self.hu.shape[2]):
            digest.update(np.ascontiguousarray(self.hu[:, :, k].T, dtype="<i2").data)
        return digest.hexdigest()

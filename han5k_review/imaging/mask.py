"""StructureMask: one structure's voxels, cropped to their box, with the box's place in its grid."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from han5k_review.errors import GeometryError
from han5k_review.imaging.grid import Grid

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StructureMask:
    """A boolean mask on `grid`, held as its tight box.

    `voxels` is (ni, nj, nk) bool, read-only, and begins at `start_ijk` of `grid`. An empty mask has
    voxels of shape (0, 0, 0) and starts at (0, 0, 0). Build with `from_dense` or `from_box`, which
    crop to the tight box; two masks are equal when their `sha256` is.
    """

    grid: Grid
    start_ijk: tuple[int, int, int]
    voxels: BoolArray
    _hashes: list[str] = field(default_factory=list, init=False, repr=False)

    @classmethod
    def from_dense(cls, dense: NDArray[np.generic], grid: Grid) -> StructureMask:
        """Crop a mask (i, j, k) of the whole grid (non-zero = inside) to its box.

        GeometryError when its shape is not the grid's.
        """
        if dense.shape != grid.shape:
            raise GeometryError(f"A mask of shape {grid.shape} was expected, found {dense.shape}.")
        return cls.from_box(dense, (0, 0, 0), grid)

    @classmethod
    def from_box(
        cls, box: NDArray[np.generic], start_ijk: tuple[int, int, int], grid: Grid
    ) -> StructureMask:
        """Crop a box (i, j, k) of a mask (non-zero = inside), which begins at `start_ijk`, tight.

        GeometryError when it reaches beyond the grid.
        """
        inside = box if box.dtype == np.bool_ else box != 0
        ends = zip(start_ijk, inside.shape, grid.shape, strict=True)
        if any(s < 0 or s + n > size for s, n, size in ends):
            raise GeometryError(
                f"A box inside {grid.shape} was expected, found start {start_ijk}, "
                f"shape {inside.shape}."
            )
        bounds = []
        for axis in range(3):
            others = tuple(a for a in range(3) if a != axis)
            filled = np.flatnonzero(inside.any(axis=others)) if inside.size else np.empty(0, int)
            if filled.size == 0:
                return cls.empty(grid)
            bounds.append((int(filled[0]), int(filled[-1]) + 1))
        voxels = np.ascontiguousarray(inside[tuple(slice(a, b) for a, b in bounds)], dtype=np.bool_)
        voxels.setflags(write=False)
        start = tuple(s + b[0] for s, b in zip(start_ijk, bounds, strict=True))
        return cls(grid=grid, start_ijk=(start[0], start[1], start[2]), voxels=voxels)

    @classmethod
    def empty(cls, grid: Grid) -> StructureMask:
        """The mask with no voxel."""
        return cls(grid=grid, start_ijk=(0, 0, 0), voxels=np.zeros((0, 0, 0), dtype=np.bool_))

    @property
    def is_empty(self) -> bool:
        """True when no voxel is inside."""
        return self.voxels.size == 0

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """Where the box lies in the full grid, as slices for an (i, j, k) array."""
        i, j, k = (slice(s, s + n) for s, n in zip(self.start_ijk, self.voxels.shape, strict=True))
        return (i, j, k)

    @property
    def voxel_count(self) -> int:
        """Number of voxels inside."""
        return int(np.count_nonzero(self.voxels))

    @property
    def volume_cc(self) -> float:
        """Volume in cubic centimetres."""
        return self.voxel_count * self.grid.voxel_volume_cc

    @property
    def box_grid(self) -> Grid:
        """The grid of the box alone; of one voxel for an empty mask."""
        shape = self.voxels.shape if not self.is_empty else (1, 1, 1)
        return self.grid.cropped(self.start_ijk, shape)

    @property
    def sha256(self) -> str:
        """Content hash: of box shape, box affine (float32, as NIfTI keeps it), and packed bits."""
        if not self._hashes:
            self._hashes.append(hash_box(self.voxels, self.box_grid.affine[:3]))
        return self._hashes[0]

    def packed_bits(self) -> bytes:
        """Bits in order i fastest, then j, then k; bit n of a byte is 1 << (n & 7)."""
        return _pack(self.voxels)

    def dense(self) -> BoolArray:
        """The whole grid (i, j, k): True inside the mask."""
        full = np.zeros(self.grid.shape, dtype=np.bool_)
        full[self.slices] = self.voxels
        return full

    def centre_ijk(self) -> tuple[int, int, int] | None:
        """A voxel at the mask's centre of mass, or None for an empty mask."""
        if self.is_empty:
            return None
        place = []
        for axis in range(3):
            others = tuple(a for a in range(3) if a != axis)
            weight = np.count_nonzero(self.voxels, axis=others)
            middle = float((weight * np.arange(weight.size)).sum() / weight.sum())
            place.append(round(middle) + self.start_ijk[axis])
        return (place[0], place[1], place[2])


def hash_box(box: NDArray[np.bool_] | NDArray[np.uint8], affine_ras: NDArray[np.floating]) -> str:
    """`StructureMask.sha256` of a tight box (ni, nj, nk) of 0 and 1, and its (3, 4) affine.

    Shape, affine as float32 (as NIfTI keeps it) and packed bits; a box without a voxel counts as
    one of shape (0, 0, 0).
    """
    shape = box.shape if box.any() else (0, 0, 0)
    digest = hashlib.sha256(b"han5k-mask-1")
    digest.update(np.array(shape, dtype="<i4").tobytes())
    digest.update((affine_ras + 0.0).astype("<f4").tobytes())
    if any(shape):
        digest.update(_pack(box))
    return digest.hexdigest()


def _pack(box: NDArray[np.bool_] | NDArray[np.uint8]) -> bytes:
    return np.packbits(box.ravel(order="F"), bitorder="little").tobytes()

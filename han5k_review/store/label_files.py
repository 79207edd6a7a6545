"""Label files: masks on disk under their content hash. A stored mask never changes."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from han5k_review.errors import DataError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask, hash_box
from han5k_review.store.files import write_all_atomically

# The part of a NIfTI-1 header (348 bytes, little-endian) that a label file uses: its own size, the
# number of axes and their sizes, the voxel type, where the voxels begin, and the affine's rows.
_SIZES = struct.Struct("<i36x4h")
_TYPE = struct.Struct("<70xh36xf142xh")
_AFFINE = slice(280, 328)
_HEADER_BYTES = 348
_UINT8 = 2
_UNPACK_GZIP = 31
_BUFFER_BYTES = 1 << 17


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFiles:
    """A folder of `<2>/<sha256>.nii.gz`: uint8, cropped to the mask's box, affine of the box."""

    folder: Path

    def path(self, sha256: str) -> Path:
        """Where the mask of this hash lies."""
        return self.folder / sha256[:2] / f"{sha256}.nii.gz"

    def put_mask(self, mask: StructureMask) -> str:
        """Store the mask unless it is there already; returns its hash."""
        (sha256,) = self.put_masks([mask])
        return sha256

    def put_masks(self, masks: Collection[StructureMask]) -> list[str]:
        """As `put_mask` for many masks at once, which is faster; the hashes in their order."""
        hashes = [mask.sha256 for mask in masks]
        lacking = {
            sha256: mask
            for sha256, mask in zip(hashes, masks, strict=True)
            if not self.path(sha256).exists()
        }
        write_all_atomically((self.path(sha256), _pack(mask)) for sha256, mask in lacking.items())
        return hashes

    def get_mask(self, sha256: str, grid: Grid) -> StructureMask:
        """Read the mask of this hash into the grid of its case; its hash is checked.

        DataError when the file is missing, is not as `put_mask` writes it, or holds another mask.
        """
        path = self.path(sha256)
        try:
            content = zlib.decompress(path.read_bytes(), _UNPACK_GZIP, _BUFFER_BYTES)
            box, affine = _read_box(content)
        except (OSError, ValueError, struct.error, zlib.error) as error:
            raise DataError(
                f"A stored mask was expected at {path}, found: {error}; restore the labels folder."
            ) from error
        mask = _place(box, affine, grid)
        if mask is None or hash_box(box, affine) != sha256:
            raise DataError(f"The mask in {path} does not match its hash; restore the folder.")
        return mask


def _pack(mask: StructureMask) -> bytes:
    voxels = mask.voxels if not mask.is_empty else np.zeros((1, 1, 1), dtype=np.bool_)
    image = nib.Nifti1Image(voxels.astype(np.uint8), mask.box_grid.affine)  # type: ignore[no-untyped-call]
    return gzip.compress(image.to_bytes(), compresslevel=4, mtime=0)


def _read_box(content: bytes) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The voxels (i, j, k; 0 or 1) and the upper three affine rows of an unpacked label file.

    Reads the four header fields that matter instead of building an image object, which takes
    longer than everything else. ValueError or struct.error when the file is of another kind.
    """
    header_bytes, axes, *shape = _SIZES.unpack_from(content)
    voxel_type, start, affine_code = _TYPE.unpack_from(content)
    kind = (header_bytes, axes, voxel_type, affine_code > 0)
    if kind != (_HEADER_BYTES, 3, _UINT8, True) or min(shape) < 1 or start < _HEADER_BYTES:
        raise ValueError("no NIfTI-1 file of bytes with three axes and an affine")
    voxels = np.frombuffer(content, np.uint8, count=math.prod(shape), offset=int(start))
    if voxels.max() > 1:
        raise ValueError("voxel values other than 0 and 1")
    affine = np.frombuffer(content[_AFFINE], "<f4").reshape(3, 4) + np.float32(0)
    return voxels.reshape(shape, order="F"), affine


def _place(box: NDArray[np.uint8], affine: NDArray[np.float32], grid: Grid) -> StructureMask | None:
    """The box as a mask of the grid; None when the box's affine is not that of a place in it."""
    whole = grid.affine
    if not box.any():
        return StructureMask.empty(grid) if _is_same(whole[:3], affine) else None
    start = np.rint(np.linalg.solve(whole[:3, :3], affine[:, 3] - whole[:3, 3]))
    place = whole[:3].copy()
    place[:, 3] += whole[:3, :3] @ start
    end = start + box.shape
    if (start < 0).any() or (end > grid.shape).any() or not _is_same(place, affine):
        return None
    voxels = np.ascontiguousarray(box).view(np.bool_)
    voxels.setflags(write=False)
    i, j, k = (int(value) for value in start)
    return StructureMask(grid=grid, start_ijk=(i, j, k), voxels=voxels)


def _is_same(place: NDArray[np.float64], affine: NDArray[np.float32]) -> bool:
    return np.array_equal((place + 0.0).astype("<f4"), affine)

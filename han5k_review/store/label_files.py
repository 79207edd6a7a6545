"""Label files: masks on disk under their content hash. A stored mask never changes."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np

from han5k_review.errors import DataError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.store.files import write_atomically


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFiles:
    """A folder of `<2>/<sha256>.nii.gz`: uint8, cropped to the mask's box, affine of the box."""

    folder: Path

    def path(self, sha256: str) -> Path:
        """Where the mask of this hash lies."""
        return self.folder / sha256[:2] / f"{sha256}.nii.gz"

    def put_mask(self, mask: StructureMask) -> str:
        """Store the mask unless it is there already; returns its hash."""
        sha256 = mask.sha256
        path = self.path(sha256)
        if not path.exists():
            voxels = mask.voxels if not mask.is_empty else np.zeros((1, 1, 1), dtype=np.bool_)
            image = nib.Nifti1Image(voxels.astype(np.uint8), mask.box_grid.affine)  # type: ignore[no-untyped-call]
            write_atomically(path, gzip.compress(image.to_bytes(), compresslevel=4, mtime=0))
        return sha256

    def get_mask(self, sha256: str, grid: Grid) -> StructureMask:
        """Read the mask of this hash into the grid of its case; its hash is checked."""
        path = self.path(sha256)
        try:
            image = nib.Nifti1Image.from_bytes(gzip.decompress(path.read_bytes()))
            voxels = np.asarray(image.dataobj) != 0
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise DataError(
                f"A stored mask was expected at {path}, found: {error}; restore the labels folder."
            ) from error
        if not voxels.any():
            mask = StructureMask.empty(grid)
        else:
            box = Grid.from_affine(voxels.shape, image.affine)
            mask = StructureMask.from_box(voxels, grid.start_of(box), grid)
        if mask.sha256 != sha256:
            raise DataError(f"The mask in {path} does not match its hash; restore the folder.")
        return mask

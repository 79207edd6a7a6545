"""Masks, label maps and CTs as NIfTI files that any program shows in the right place."""

from __future__ import annotations

import gzip

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from han5k_review.imaging.grid import Grid

DISCLAIMER = "Research use only. Not a medical device."
_GZIP_LEVEL = 4


def build_label_nifti(values: NDArray[np.integer], grid: Grid) -> bytes:
    """A .nii.gz of `values` (i, j, k), labels, or HU as int16, on `grid`, with sform and qform.

    The same values give the same bytes. The header says that it is for research.
    """
    image = nib.Nifti1Image(values, grid.affine)  # type: ignore[no-untyped-call]
    image.set_qform(grid.affine, code=1)  # type: ignore[no-untyped-call]
    image.set_sform(grid.affine, code=1)  # type: ignore[no-untyped-call]
    image.header["descrip"] = DISCLAIMER.encode()
    return gzip.compress(image.to_bytes(), compresslevel=_GZIP_LEVEL, mtime=0)

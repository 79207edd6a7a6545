"""Masks, label maps and CTs as NIfTI files that any program shows in the right place."""

from __future__ import annotations

import gzip
import struct
import zlib
from functools import lru_cache

import nibabel as nib
import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask

DISCLAIMER = "Research use only. Not a medical device."
_GZIP_LEVEL = 4
_GZIP_HEAD = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"  # RFC 1952: deflate, no name, no time, any system
_RAW_DEFLATE = -15  # zlib's word for a stream without head and tail
_DATA_START = 352


def build_label_nifti(values: NDArray[np.integer], grid: Grid) -> bytes:
    """A .nii.gz of `values` (i, j, k), labels, or HU as int16, on `grid`, with sform and qform.

    The same values give the same bytes. The header says that it is for research.
    """
    return gzip.compress(_build_image(values, grid), compresslevel=_GZIP_LEVEL, mtime=0)


def build_mask_nifti(mask: StructureMask) -> bytes:
    """A .nii.gz of the mask on its whole grid, uint8, 1 inside, as `build_label_nifti` makes one.

    Most slices are empty and pack to the same bytes: only those of the mask's box are packed anew.
    """
    ni, nj, nk = mask.grid.shape
    empty = bytes(ni * nj)
    slab = np.zeros((ni, nj, mask.voxels.shape[2]), dtype=np.uint8, order="F")
    i, j, k = mask.slices
    slab[i, j] = mask.voxels
    filled = slab.tobytes(order="F")
    before, after = k.start, nk - k.stop
    head = _build_head(mask.grid)
    checksum = isal_zlib.crc32(head)
    for piece in (*[empty] * before, filled, *[empty] * after):
        checksum = isal_zlib.crc32(piece, checksum)
    length = len(head) + ni * nj * nk
    return b"".join(
        [
            _GZIP_HEAD,
            _pack(head),
            _pack_empty(ni * nj) * before,
            _pack(filled),
            _pack_empty(ni * nj) * after,
            zlib.compressobj(wbits=_RAW_DEFLATE).flush(),
            struct.pack("<II", checksum, length & 0xFFFFFFFF),
        ]
    )


def _build_head(grid: Grid) -> bytes:
    """Header and extension flag of an image of bytes on this grid."""
    one = _build_image(np.zeros((1, 1, 1), dtype=np.uint8), grid)
    header = nib.Nifti1Header(one[:348])  # type: ignore[no-untyped-call]
    header.set_data_shape(grid.shape)  # type: ignore[no-untyped-call]
    return bytes(header.binaryblock) + one[348:_DATA_START]


def _build_image(values: NDArray[np.integer], grid: Grid) -> bytes:
    image = nib.Nifti1Image(values, grid.affine)  # type: ignore[no-untyped-call]
    image.set_qform(grid.affine, code=1)  # type: ignore[no-untyped-call]
    image.set_sform(grid.affine, code=1)  # type: ignore[no-untyped-call]
    image.header["descrip"] = DISCLAIMER.encode()
    return bytes(image.to_bytes())


def _pack(content: bytes) -> bytes:
    """A piece of a deflate stream that needs nothing of the pieces before it."""
    packer = zlib.compressobj(_GZIP_LEVEL, wbits=_RAW_DEFLATE)
    return packer.compress(content) + packer.flush(zlib.Z_FULL_FLUSH)


@lru_cache(maxsize=4)
def _pack_empty(nbytes: int) -> bytes:
    return _pack(bytes(nbytes))

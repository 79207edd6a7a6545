"""What SimpleITK lets pass in a NIfTI file and we do not.

Measured with SimpleITK 2.5: a truncated file is filled with zeros, a spacing of zero or NaN becomes
1 mm, NaN in the sform is accepted, NaN voxels become 0, and missing orientation is guessed - all
without an error. So the header and the data (length, checksum when compressed, finite voxels) are
verified here first.
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import nibabel as nib
import numpy as np
from nibabel.spatialimages import HeaderDataError
from nibabel.wrapstruct import WrapStructError

from han5k_review.errors import DataError, GeometryError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.voxel_streams import check_promise

_CHUNK = 1 << 20
_MAX_OFFSET = 1 << 26
_GZIP_MAGIC = b"\x1f\x8b"
_SIZE_NIFTI_1, _SIZE_NIFTI_2 = 348, 540


def check_nifti(path: Path) -> tuple[str, ...]:
    """Verify header and data of a NIfTI file; returns notices about its orientation.

    Raises DataError (not NIfTI, truncated, damaged, NaN or infinite voxels) or GeometryError
    (spacing or sform that is zero or not finite); the message names the file.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == _GZIP_MAGIC
            raw.seek(0)
            stream = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw
            header = _read_header(stream, path)
            sizes, wanted, dtype = _read_sizes(header, path)
            stream.read(int(header["vox_offset"]) - header.structarr.nbytes)
            read, wrong = _read_voxels(stream, dtype, wanted, path)
    except EOFError as error:
        raise DataError(
            f"{path}: a whole gzip file was expected, it ends too early (a broken copy or "
            "download); copy it again."
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"{path}: an undamaged gzip file was expected, found: {error}; copy it again."
        ) from error
    if read < wanted:
        raise DataError(
            f"{path}: {wanted} bytes of voxels were expected, found {read}: the file is truncated; "
            "copy it again."
        )
    if wrong:
        raise DataError(
            f"{path}: finite voxels were expected, found {wrong} that are NaN or infinite; fill "
            "them (air is -1024 HU) and import again."
        )
    return _check_geometry(header, sizes, path)


def _read_header(stream: BinaryIO, path: Path) -> nib.Nifti1Header:
    head = stream.read(_SIZE_NIFTI_1)
    size = {int.from_bytes(head[:4], order) for order in ("little", "big")}
    try:
        if _SIZE_NIFTI_2 in size:
            head += stream.read(_SIZE_NIFTI_2 - _SIZE_NIFTI_1)
            return nib.Nifti2Header(head, check=False)  # type: ignore[no-untyped-call]
        if _SIZE_NIFTI_1 in size and len(head) == _SIZE_NIFTI_1:
            return nib.Nifti1Header(head, check=False)  # type: ignore[no-untyped-call]
    except (HeaderDataError, WrapStructError) as error:
        raise DataError(f"{path}: a NIfTI header was expected, found: {error}.") from error
    raise DataError(
        f"{path}: a NIfTI image was expected, the file holds something else (it begins with "
        f"{head[:12]!r})."
    )


def _read_sizes(
    header: nib.Nifti1Header, path: Path
) -> tuple[list[int], int, np.dtype[np.generic]]:
    """(shape, bytes of all voxels, number type)."""
    try:
        sizes = [int(n) for n in header.get_data_shape()]  # type: ignore[no-untyped-call]
        dtype: np.dtype[np.generic] = header.get_data_dtype()  # type: ignore[no-untyped-call]
        starts, size = int(header["vox_offset"]), header.structarr.nbytes
    except (HeaderDataError, ValueError, OverflowError, KeyError) as error:
        raise DataError(f"{path}: a sound NIfTI header was expected, found: {error}.") from error
    if not sizes or any(n < 1 for n in sizes) or not size <= starts <= _MAX_OFFSET:
        raise DataError(
            f"{path}: positive sizes and voxels after the header were expected, found sizes "
            f"{sizes} and voxels from byte {starts}."
        )
    return sizes, math.prod(sizes) * dtype.itemsize, dtype


def _read_voxels(
    stream: BinaryIO, dtype: np.dtype[np.generic], wanted: int, path: Path
) -> tuple[int, int]:
    """Read to the end: (bytes read, voxels that are not finite)."""
    read = wrong = 0
    while piece := stream.read(_CHUNK):
        read += len(piece)
        check_promise(path, read, wanted)
        if dtype.kind == "f" and dtype.itemsize <= 8:
            whole = len(piece) - len(piece) % dtype.itemsize
            values = np.frombuffer(piece[:whole], dtype=dtype)
            wrong += int(values.size - np.count_nonzero(np.isfinite(values)))
    return read, wrong


def _check_geometry(header: nib.Nifti1Header, sizes: list[int], path: Path) -> tuple[str, ...]:
    dimensions = len(sizes)
    spacing = np.array(header["pixdim"][1 : min(dimensions, 3) + 1], dtype=float)
    coded = {"sform": int(header["sform_code"]) > 0, "qform": int(header["qform_code"]) > 0}
    rows = np.stack([header["srow_x"], header["srow_y"], header["srow_z"]]).astype(float)
    names = ("quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z")
    quaternion = np.array([float(header[name]) for name in names])
    finite = np.isfinite(spacing).all() and (spacing != 0).all()
    finite &= not coded["sform"] or bool(np.isfinite(rows).all())
    finite &= not coded["qform"] or bool(np.isfinite(quaternion).all())
    if not finite:
        found = " x ".join(f"{v:g}" for v in spacing)
        raise GeometryError(
            f"{path}: finite, positive spacing and a finite orientation were expected, found "
            f"spacing {found} mm and sform rows {rows.tolist()}; write the file again with its "
            "geometry."
        )
    if not any(coded.values()):
        return (
            "no orientation is stored (sform and qform codes are 0): left and right are a guess",
        )
    if dimensions >= 3 and all(coded.values()) and _orientations_differ(header, sizes):
        return ("sform and qform disagree by more than 0.1 mm: check left and right",)
    return ()


def _orientations_differ(header: nib.Nifti1Header, sizes: list[int]) -> bool:
    try:
        forms = (header.get_sform(), header.get_qform())  # type: ignore[no-untyped-call]
        first, second = (Grid.from_affine(sizes[:3], form) for form in forms)
    except (HeaderDataError, GeometryError, ValueError):
        return True
    return not first.matches(second, tolerance_mm=0.1)

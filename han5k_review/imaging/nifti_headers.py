"""NIfTI headers: NIfTI-1 and NIfTI-2 in one file, packed by gzip or not, whatever its name says."""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Literal, cast

import nibabel as nib
import numpy as np
from nibabel.spatialimages import HeaderDataError
from nibabel.wrapstruct import WrapStructError

from han5k_review.errors import DataError
from han5k_review.imaging.data_files import build_voxel_files
from han5k_review.imaging.header_values import (
    ChannelAxis,
    Codec,
    ImageHeader,
    VoxelLayout,
)
from han5k_review.imaging.nifti_orientation import place_nifti

_GZIP_MAGIC = b"\x1f\x8b"
_SIZES = {348: nib.Nifti1Header, 540: nib.Nifti2Header}
_ORDERS: Mapping[Literal["little", "big"], str] = {"little": "<", "big": ">"}
_MAX_OFFSET = 1 << 26
_NO_FIELDS: Mapping[str, str] = MappingProxyType({})


def read_nifti_header(path: Path) -> ImageHeader:
    """Read the header of a NIfTI file; DataError or GeometryError naming the file."""
    header, packed = _read_header(path)
    sizes, dtype, start = _read_layout(header, path)
    layout = _sort_axes(sizes, dtype, path)
    grid, notices = place_nifti(header, layout.shape, path)
    slope, intercept = _read_scale(header, path)
    files = build_voxel_files(
        [path],
        layout.nbytes,
        Codec.GZIP if packed else Codec.RAW,
        offset=0 if packed else start,
        skip=start if packed else 0,
        header=path,
    )
    return ImageHeader(
        path=path,
        grid=grid,
        sizes=layout.sizes,
        channels=layout.channels,
        channel_axis=layout.channel_axis,
        dtype=dtype,
        slope=slope,
        intercept=intercept,
        files=files,
        notices=notices,
        fields=_NO_FIELDS,
    )


def _read_header(path: Path) -> tuple[nib.Nifti1Header, bool]:
    """The header's struct, and whether the file is packed by gzip."""
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == _GZIP_MAGIC
            raw.seek(0)
            stream = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw
            return _parse_header(stream, path), packed
    except EOFError as error:
        raise DataError(
            f"{path}: a whole compressed file was expected, it ends too early (a broken copy or "
            "download); copy it again."
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"{path}: an undamaged compressed file was expected, found: {error}; copy it again."
        ) from error


def _parse_header(stream: BinaryIO, path: Path) -> nib.Nifti1Header:
    head = stream.read(4)
    size = next((n for n in (int.from_bytes(head, o) for o in _ORDERS) if n in _SIZES), 0)
    head += stream.read(max(0, size - len(head)))
    if not size or len(head) < size:
        raise DataError(
            f"{path}: a NIfTI image was expected, the file holds something else (it begins with "
            f"{head[:12]!r})."
        )
    try:
        order = _ORDERS["little" if head[0] else "big"]
        header = _SIZES[size](head, order, check=False)  # type: ignore[no-untyped-call]
    except (HeaderDataError, WrapStructError) as error:
        raise DataError(f"{path}: a NIfTI header was expected, found: {error}.") from error
    magic = bytes(header["magic"].tobytes())
    if not magic.startswith((b"n+1\0", b"n+2\0")):
        raise DataError(
            f"{path}: a NIfTI image in one file (n+1 or n+2) was expected, found "
            f"{magic.rstrip(bytes(1))!r} (an Analyze image, or a .hdr with an .img?); save it as "
            "one .nii file."
        )
    return header


def _read_layout(
    header: nib.Nifti1Header, path: Path
) -> tuple[list[int], np.dtype[np.generic], int]:
    """(sizes, number type, bytes before the first voxel)."""
    try:
        count = int(header["dim"][0])
        sizes = [int(n) for n in header["dim"][1 : count + 1]]
        dtype: np.dtype[np.generic] = header.get_data_dtype()  # type: ignore[no-untyped-call]
        start = int(header["vox_offset"])
    except (HeaderDataError, ValueError, OverflowError, KeyError) as error:
        raise DataError(f"{path}: a sound NIfTI header was expected, found: {error}.") from error
    size = header.structarr.nbytes
    if not 1 <= count <= 7 or any(n < 1 for n in sizes) or not size <= start <= _MAX_OFFSET:
        raise DataError(
            f"{path}: positive sizes and voxels after the header were expected, found sizes "
            f"{sizes} and voxels from byte {start}."
        )
    return sizes, dtype, start


def _sort_axes(sizes: list[int], dtype: np.dtype[np.generic], path: Path) -> VoxelLayout:
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise DataError(
            f"{path}: whole numbers or floats as voxels were expected, found the NIfTI type "
            f"{dtype}; save the image with one number per voxel."
        )
    channels = math.prod(sizes[3:])
    if len(sizes) < 3:
        shown = " x ".join(str(n) for n in sizes)
        raise DataError(f"{path}: a 3-D image was expected, found {len(sizes)}-D ({shown}).")
    if channels > 1 and max(sizes[3:]) != channels:
        shown = " x ".join(str(n) for n in sizes)
        raise DataError(
            f"{path}: a 3-D image, or a 4-D one of channels, was expected, found {shown} voxels."
        )
    return VoxelLayout(
        sizes=(*sizes[:3], channels) if channels > 1 else tuple(sizes[:3]),
        channels=channels,
        channel_axis=ChannelAxis.LAST,
        dtype=dtype,
    )


def _read_scale(header: nib.Nifti1Header, path: Path) -> tuple[float, float]:
    """(slope, intercept); a slope of 0 or NaN means "not scaled", whatever the intercept."""
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if slope == 0 or not math.isfinite(slope):
        return 1.0, 0.0
    if not math.isfinite(intercept):
        raise DataError(
            f"{path}: a finite intercept was expected beside the slope of {slope:g}, found "
            f"{intercept:g}; write the file again."
        )
    return slope, intercept

"""Image files: NIfTI, NRRD and MetaImage volumes read with SimpleITK, checked on the way in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from han5k_review.errors import DataError, GeometryError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.image_names import NIFTI_SUFFIXES, SUFFIXES, image_suffix
from han5k_review.imaging.nifti_checks import check_nifti
from han5k_review.imaging.size_bounds import find_promised_size
from han5k_review.imaging.voxel_streams import check_packed_voxels

_DEFINITE_TOLERANCE = 1e-3

sitk.ProcessObject_SetGlobalWarningDisplay(False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RawImage:
    """A file as it is: `array` (ni, nj, nk), in the file's own axes and number type, on `grid`.

    An image with several numbers per voxel has `array` (channels, ni, nj, nk). `notices` are
    sentences about the geometry.
    """

    array: NDArray[np.generic]
    grid: Grid
    notices: tuple[str, ...]


def read_image(path: Path, *, channels: bool = False) -> RawImage:
    """Read a three-dimensional image.

    Raises DataError (missing, another format, truncated, not 3-D, several numbers per voxel unless
    `channels`) or GeometryError (spacing or orientation unusable); the message names the file.
    """
    notices = check_file(path)
    if image_suffix(path) not in NIFTI_SUFFIXES:
        promised = find_promised_size(path)
        check_packed_voxels(path, None if promised is None else promised.total_bytes)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
        _check_dimensions(reader, path, channels=channels)
        image = reader.Execute()
    except RuntimeError as error:
        raise read_error(error, path) from error
    array = sitk.GetArrayFromImage(image)
    if image.GetNumberOfComponentsPerPixel() > 1:
        array = array.transpose(3, 2, 1, 0)
    else:
        array = array.transpose(2, 1, 0)
    return RawImage(
        array=array,
        grid=build_grid(
            image.GetSize(), image.GetSpacing(), image.GetOrigin(), image.GetDirection(), path
        ),
        notices=notices,
    )


def check_file(path: Path) -> tuple[str, ...]:
    """Refuse what is missing, of another format, or damaged in a way SimpleITK would not tell."""
    if not path.is_file():
        found = "a folder" if path.is_dir() else "nothing"
        raise DataError(f"An image file was expected at {path}, found {found}.")
    suffix = image_suffix(path)
    if suffix is None:
        raise DataError(
            f"{path}: an image in NIfTI, NRRD or MetaImage format was expected "
            f"({', '.join(SUFFIXES)})."
        )
    try:
        if path.stat().st_size == 0:
            raise DataError(f"{path}: an image was expected, the file is empty.")
        return check_nifti(path) if suffix in NIFTI_SUFFIXES else ()
    except OSError as error:
        raise DataError(f"{path}: a readable file was expected, found: {error}.") from error


def build_grid(
    size: tuple[int, ...],
    spacing_mm: tuple[float, ...],
    origin_lps_mm: tuple[float, ...],
    direction_lps: tuple[float, ...],
    path: Path,
) -> Grid:
    """A grid from ITK's numbers; GeometryError naming the file when they make no grid."""
    cosines = np.array(direction_lps, dtype=float).reshape(3, 3)
    if not np.isfinite(cosines).all() or abs(abs(np.linalg.det(cosines)) - 1) > _DEFINITE_TOLERANCE:
        raise GeometryError(
            f"{path}: three perpendicular axes were expected, found directions {cosines.tolist()}."
        )
    try:
        return Grid.from_lps(size, spacing_mm, origin_lps_mm, direction_lps)
    except GeometryError as error:
        raise GeometryError(f"{path}: {error}") from error


def _check_dimensions(reader: sitk.ImageFileReader, path: Path, *, channels: bool) -> None:
    dimensions, components = reader.GetDimension(), reader.GetNumberOfComponents()
    size = " x ".join(str(n) for n in reader.GetSize())
    if dimensions != 3:
        raise DataError(f"{path}: a 3-D image was expected, found {dimensions}-D ({size}).")
    if components != 1 and not channels:
        raise DataError(
            f"{path}: one number per voxel was expected, found {components} ({size} voxels)."
        )


def read_error(error: RuntimeError, path: Path) -> DataError:
    """SimpleITK's error as ours, without the addresses of its source code."""
    text = str(error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if "change spacing" in text:
        return GeometryError(
            f"{path}: finite spacing above 0 mm was expected, found another; write the file again "
            "with its geometry."
        )
    if "orthonormal" in text:
        return GeometryError(
            f"{path}: three perpendicular axes were expected, found a sheared or flat orientation; "
            "resample the image to a regular grid."
        )
    if "MetaImageIO" in text and "cannot be read" in text:
        return DataError(
            f"{path}: a whole MetaImage was expected, its voxels are missing or cut off; copy it "
            "again."
        )
    last = lines[-1] if lines else "no reason"
    reason = re.sub(r"^.*?ERROR:\s*", "", re.sub(r"\(0x[0-9a-f]+\)", "", last)).rstrip(".")
    return DataError(f"{path}: a readable image was expected, SimpleITK answered: {reason}.")

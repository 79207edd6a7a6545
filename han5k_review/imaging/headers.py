"""Headers of image files: NIfTI, NRRD and MetaImage, by the one geometry rule."""

from __future__ import annotations

from pathlib import Path

from han5k_review.errors import DataError
from han5k_review.imaging.header_values import ChannelAxis, Codec, ImageHeader, VoxelFile
from han5k_review.imaging.image_names import (
    METAIMAGE_SUFFIXES,
    NIFTI_SUFFIXES,
    SUFFIXES,
    image_suffix,
)
from han5k_review.imaging.metaimage_headers import read_metaimage_header
from han5k_review.imaging.nifti_headers import read_nifti_header
from han5k_review.imaging.nrrd_headers import read_nrrd_header
from han5k_review.texts.paths import say_cause

__all__ = ["ChannelAxis", "Codec", "ImageHeader", "VoxelFile", "read_header"]


def read_header(path: Path) -> ImageHeader:
    """Read the header of an image file, and no voxel.

    Raises DataError (missing, empty, another format, no sound header, voxels missing or cut off)
    or GeometryError (spacing or orientation unusable); the message names the file and the numbers.
    """
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
        if suffix in NIFTI_SUFFIXES:
            return read_nifti_header(path)
        if suffix in METAIMAGE_SUFFIXES:
            return read_metaimage_header(path)
        return read_nrrd_header(path)
    except OSError as error:
        raise DataError(
            f"{path}: a readable file was expected, found: {say_cause(error)}."
        ) from error

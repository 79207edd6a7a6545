"""Image names: which files can be read as images, and what they are called without suffix."""

from __future__ import annotations

from pathlib import Path

NIFTI_SUFFIXES = (".nii.gz", ".nii")
METAIMAGE_SUFFIXES = (".mha", ".mhd")
NRRD_SUFFIXES = (".seg.nrrd", ".nrrd", ".nhdr")
SUFFIXES = (*NIFTI_SUFFIXES, *NRRD_SUFFIXES, *METAIMAGE_SUFFIXES)


def image_suffix(path: Path) -> str | None:
    """The suffix of a file format that can be read, in lower case; None for any other file."""
    name = path.name.lower()
    return next((s for s in SUFFIXES if name.endswith(s) and len(name) > len(s)), None)


def image_stem(path: Path) -> str:
    """The file name without its image suffix, e.g. `Parotid-Lt` of `Parotid-Lt.nii.gz`."""
    return path.name[: len(path.name) - len(image_suffix(path) or "")]

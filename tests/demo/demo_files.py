"""The demo study as a user's files: NIfTI images, one file per structure, a manifest.

`<case>/ct.nii.gz`, `<case>/pseudo/<Structure>.nii.gz`, `<case>/reference/<Structure>.nii.gz`,
`manifest.csv`, and `known_errors.csv` that says what was done to which pseudo-label.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from han5k_review.anatomy.structure import StructureName
from han5k_review.demo.study import DemoEntry
from han5k_review.errors import StorageError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume

MANIFEST = "manifest.csv"
KNOWN_ERRORS = "known_errors.csv"
NOTICE = "README.txt"
_COLUMNS = ("case", "patient", "split", "ct", "labels", "reference")
_LEVEL = 1
_NOTICE_TEXT = (
    "Synthetic head-and-neck CTs with contours, made by HaN5K Review. No patient is shown.\n"
    "Research use only. Not a medical device.\n"
)


def write_demo_files(folder: Path, entries: Iterable[DemoEntry]) -> Path:
    """Write the demo's cases into `folder` (made if need be); returns the manifest's path.

    Paths in the manifest are relative to it. Raises StorageError when the disk refuses.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / NOTICE).write_text(_NOTICE_TEXT, encoding="utf-8")
        rows, errors = [], []
        for entry in entries:
            rows.append(_write_entry(folder, entry))
            errors += [(entry.name, name, error.value) for name, error in entry.errors.items()]
        _write_table(folder / KNOWN_ERRORS, ("case", "structure", "error"), errors)
        _write_table(folder / MANIFEST, _COLUMNS, rows)
    except OSError as error:
        raise StorageError(
            f"The demo's files were to be written to {folder}, but the disk refused: {error}; "
            "free some space or choose another folder."
        ) from error
    return folder / MANIFEST


def _write_entry(folder: Path, entry: DemoEntry) -> tuple[str, ...]:
    place = folder / entry.name
    place.mkdir(exist_ok=True)
    _write_ct(place / "ct.nii.gz", entry.ct)
    _write_masks(place / "pseudo", entry.pseudo)
    reference = ""
    if entry.reference:
        _write_masks(place / "reference", entry.reference)
        reference = f"{entry.name}/reference"
    return (
        entry.name,
        entry.patient,
        entry.split.value,
        f"{entry.name}/ct.nii.gz",
        f"{entry.name}/pseudo",
        reference,
    )


def _write_table(path: Path, columns: Iterable[str], rows: Iterable[tuple[str, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)


def _write_ct(path: Path, ct: CtVolume) -> None:
    data = _header(ct.grid, np.dtype("<i2")) + ct.hu.astype("<i2", copy=False).tobytes(order="F")
    path.write_bytes(gzip.compress(data, compresslevel=_LEVEL, mtime=0))


def _write_masks(folder: Path, masks: Mapping[StructureName, StructureMask]) -> None:
    folder.mkdir(exist_ok=True)
    blank: dict[tuple[int, int], bytes] = {}
    for name, mask in masks.items():
        (folder / f"{name}.nii.gz").write_bytes(_mask_bytes(mask, blank))


def _mask_bytes(mask: StructureMask, blank: dict[tuple[int, int], bytes]) -> bytes:
    """A gzip file of several members: the empty slices are one compressed member, repeated."""
    ni, nj, nk = mask.grid.shape
    if (ni, nj) not in blank:
        blank[ni, nj] = gzip.compress(bytes(ni * nj), compresslevel=_LEVEL, mtime=0)
    empty = blank[ni, nj]
    first, count = mask.start_ijk[2], mask.voxels.shape[2]
    filled = np.zeros((ni, nj, count), dtype=np.uint8, order="F")
    i, j, _ = mask.slices
    filled[i, j] = mask.voxels
    head: bytes = gzip.compress(_header(mask.grid, np.dtype("u1")), compresslevel=_LEVEL, mtime=0)
    middle: bytes = gzip.compress(filled.tobytes(order="F"), compresslevel=_LEVEL, mtime=0)
    return b"".join((head, empty * first, middle, empty * (nk - first - count)))


def _header(grid: Grid, dtype: np.dtype[np.generic]) -> bytes:
    """NIfTI-1 header and the four bytes that say no extension follows: 352 bytes."""
    header: Any = nib.Nifti1Header()  # type: ignore[no-untyped-call]
    header.set_data_dtype(dtype)
    header.set_data_shape(grid.shape)
    header.set_sform(grid.affine, code=1)
    header.set_qform(grid.affine, code=1)
    header.set_xyzt_units("mm")
    header["vox_offset"] = 352
    header["magic"] = b"n+1"
    header["descrip"] = b"Synthetic. Research use only."
    return bytes(header.binaryblock) + bytes(4)

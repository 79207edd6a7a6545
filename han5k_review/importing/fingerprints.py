"""Fingerprints: whether a case's files are byte for byte those of its last import.

They only save time: a case with known fingerprints is not read again. So they must cover every byte
that is read, wherever the header of an image says that it lies.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.errors import DataError
from han5k_review.imaging.dicom.folders import list_read_files
from han5k_review.imaging.dicom.roi_masks import FillRule
from han5k_review.imaging.headers import read_header
from han5k_review.imaging.image_names import NIFTI_SUFFIXES, image_suffix
from han5k_review.importing.sources import CaseSource
from han5k_review.texts.names import compose
from han5k_review.texts.paths import describe_unreadable

Fingerprint = dict[str, str]


def measure_fingerprint(source: CaseSource, catalogue_sha256: str) -> Fingerprint:
    """SHA-256 of each input of a case by role; DataError when one cannot be read."""
    found = {role: _measure(source, role, path) for role, path in list_inputs(source).items()}
    fill = {"fill": describe_fill(source)} if describe_fill(source) else {}
    return {**found, **fill, "structures": catalogue_sha256}


def describe_fill(source: CaseSource) -> str:
    """How overlapping contours are read, where it is not the usual way (so of earlier imports)."""
    return "" if source.fill is FillRule.EVEN_ODD else source.fill.value


def list_inputs(source: CaseSource) -> dict[str, Path]:
    """The files and folders a case is read from, by role."""
    inputs = {
        "ct": source.ct,
        "labels": source.labels,
        "reference": source.reference,
        "dose": source.dose,
        "label_map": source.label_map if source.labels else None,
        "reference_label_map": source.reference_label_map if source.reference else None,
    }
    return {role: path for role, path in inputs.items() if path is not None}


def measure_catalogue(catalogue: Catalogue) -> str:
    """SHA-256 of the structure names and aliases that decide how names resolve."""
    lines = [f"{s.name}|{s.tg263}|{s.segrap_channel}|{'|'.join(s.aliases)}" for s in catalogue]
    lines += [f"confirmed|{name}|{one}" for name, one in sorted(catalogue.confirmed.items())]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def list_input_files(path: Path) -> tuple[Path, ...]:
    """Every file that decides what is read from `path`: the file and the data files it names.

    Of a folder all files in it, and what lies elsewhere (in folders below) for their voxels; hidden
    files are left out, as masks are never read from them. Of DICOM all files of the folder tree.
    DataError when a data file is missing.
    """
    found = list_read_files(path)
    if found:
        return found
    if not path.is_dir():
        return (path, *_list_data_files(path))
    files = [f for f in path.iterdir() if f.is_file() and not f.name.startswith(".")]
    inside = sorted(files, key=lambda file: compose(file.name))
    return (*inside, *(data for file in inside for data in _find_data_files(file)))


def _list_data_files(path: Path) -> tuple[Path, ...]:
    """The other files that hold the voxels of an image; none for a file that holds its own."""
    suffix = image_suffix(path)
    if suffix is None or suffix in NIFTI_SUFFIXES:
        return ()
    others = dict.fromkeys(f.path for f in read_header(path).files if f.path != path)
    return tuple(others)


def _find_data_files(path: Path) -> tuple[Path, ...]:
    """As `_list_data_files` for one of many files: one that is no image is nobody's mask."""
    try:
        return tuple(file for file in _list_data_files(path) if file.parent != path.parent)
    except DataError:
        return ()


def list_role_files(source: CaseSource, role: str, path: Path) -> tuple[Path, ...]:
    """The files of one input of a case; of a CT series those that were found before."""
    return source.ct_files if role == "ct" and source.ct_files else list_input_files(path)


def _measure(source: CaseSource, role: str, path: Path) -> str:
    words = role.replace("_", " ")
    try:
        if not path.exists():
            raise DataError(f"the {words} was expected at {path}, found nothing.")
        return digest_files(path, list_role_files(source, role, path))
    except OSError as error:
        raise DataError(describe_unreadable(error)) from error


def digest_files(path: Path, files: tuple[Path, ...]) -> str:
    """SHA-256 of a file; of several, of their names (NFC) below `path` and hashes."""
    if files == (path,):
        return _digest_file(path)
    folder = path if path.is_dir() else path.parent
    lines = [f"{compose(str(f.relative_to(folder)))} {_digest_file(f)}" for f in files]
    return hashlib.sha256(os.fsencode("\n".join(lines))).hexdigest()


def _digest_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""Fingerprints: whether a case's files are byte for byte those of its last import.

They only save time: a case with known fingerprints is not read again.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.errors import DataError
from han5k_review.importing.sources import CaseSource

Fingerprint = dict[str, str]


def measure_fingerprint(source: CaseSource, catalogue_sha256: str) -> Fingerprint:
    """SHA-256 of each input of a case by role; DataError when one cannot be read."""
    found = {role: _measure(path, role) for role, path in list_inputs(source).items()}
    return {**found, "structures": catalogue_sha256}


def list_inputs(source: CaseSource) -> dict[str, Path]:
    """The files and folders a case is read from, by role."""
    inputs = {
        "ct": source.ct,
        "labels": source.labels,
        "reference": source.reference,
        "label_map": source.label_map if source.labels else None,
        "reference_label_map": source.reference_label_map if source.reference else None,
    }
    return {role: path for role, path in inputs.items() if path is not None}


def measure_catalogue(catalogue: Catalogue) -> str:
    """SHA-256 of the structure names and aliases that decide how names resolve."""
    lines = [f"{s.name}|{s.tg263}|{s.segrap_channel}|{'|'.join(s.aliases)}" for s in catalogue]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def list_input_files(path: Path) -> tuple[Path, ...]:
    """Every file that decides what is read from `path`."""
    if not path.is_dir():
        return (path,)
    return tuple(sorted(f for f in path.iterdir() if f.is_file()))


def _measure(path: Path, role: str) -> str:
    if not path.exists():
        raise DataError(f"the {role.replace('_', ' ')} was expected at {path}, found nothing.")
    try:
        return _digest(path)
    except OSError as error:
        raise DataError(
            f"a readable {role.replace('_', ' ')} was expected at {path}, found: "
            f"{error.strerror or error}."
        ) from error


def _digest(path: Path) -> str:
    if not path.is_dir():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    listing = [f"{f.name} {_digest(f)}" for f in list_input_files(path)]
    return hashlib.sha256("\n".join(listing).encode()).hexdigest()

"""What a folder of backups holds: contents under their hash, and a list for each backup.

`objects/<2>/<sha256>` is each content once; `backups/<time>-<12 digits>.json` says which content
was where in the study. The digits are those of the list's own hash, so that a damaged list shows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from han5k_review.errors import DataError
from han5k_review.store.files import write_atomically
from han5k_review.texts.paths import say_cause

FORM = "han5k-backup-1"
_DIGITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """One file: its path in the study (with `/`), the hash and size of its content, its time."""

    path: str
    sha256: str
    nbytes: int
    mtime_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTable:
    """One table of PostgreSQL: its columns in the order of the content's columns."""

    name: str
    columns: tuple[str, ...]
    sha256: str
    nbytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One backup. `engine` is sqlite (`database` names its file) or postgresql (`tables`)."""

    form: str
    made_at_utc: str
    software: str
    study: str
    engine: str
    revision: str
    audit_head: str
    files: tuple[KeptFile, ...]
    database: KeptFile | None = None
    tables: tuple[KeptTable, ...] = ()

    @property
    def contents(self) -> tuple[KeptFile | KeptTable, ...]:
        """Everything that must be there to put the study back."""
        return (*self.files, *self.tables, *((self.database,) if self.database else ()))


def object_path(folder: Path, sha256: str) -> Path:
    """Where the content of this hash lies."""
    return folder / "objects" / sha256[:2] / sha256


def write_manifest(folder: Path, manifest: Manifest) -> str:
    """Write the list of a backup, as the last thing of it; returns the backup's name."""
    content = json.dumps(asdict(manifest), indent=1, sort_keys=True).encode()
    stamp = manifest.made_at_utc.replace("-", "").replace(":", "").split(".")[0].rstrip("Z")
    name = f"{stamp}Z-{hashlib.sha256(content).hexdigest()[:_DIGITS]}"
    write_atomically(folder / "backups" / f"{name}.json", content)
    return name


def list_backups(folder: Path) -> list[str]:
    """The names of the backups in a folder, oldest first."""
    return sorted(path.stem for path in (folder / "backups").glob("*.json"))


def choose_backup(folder: Path, name: str | None) -> str:
    """The backup of that name, else the newest one; DataError when there is none."""
    names = list_backups(folder)
    if not names or (name is not None and name not in names):
        raise DataError(
            f"{'A backup' if name is None else f'The backup {name}'} was expected in {folder}, "
            f"found {', '.join(names[-3:]) or 'none'}."
        )
    return name or names[-1]


def read_manifest(folder: Path, name: str) -> Manifest:
    """The list of a backup; DataError when it is missing, damaged, or of another form."""
    path = folder / "backups" / f"{name}.json"
    try:
        content = path.read_bytes()
        raw: dict[str, Any] = json.loads(content)
        manifest = _build(raw)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DataError(
            f"The list of a backup was expected at {path}, found: {say_cause(error)}."
        ) from error
    if manifest.form != FORM:
        raise DataError(f"{path.name}: a backup of the form {FORM} was expected.")
    if not name.endswith(hashlib.sha256(content).hexdigest()[:_DIGITS]):
        raise DataError(f"{path} does not fit the hash in its name: take another backup.")
    return manifest


def _build(raw: dict[str, Any]) -> Manifest:
    files: Sequence[dict[str, Any]] = raw.pop("files")
    tables: Sequence[dict[str, Any]] = raw.pop("tables")
    database: dict[str, Any] | None = raw.pop("database")
    return Manifest(
        **raw,
        files=tuple(KeptFile(**one) for one in files),
        tables=tuple(KeptTable(**{**one, "columns": tuple(one["columns"])}) for one in tables),
        database=None if database is None else KeptFile(**database),
    )

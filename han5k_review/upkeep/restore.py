"""Putting a backup back into a new folder (and, with PostgreSQL, an empty database)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from han5k_review.errors import ConfigError, DataError, Han5kError, StorageError
from han5k_review.store.study import DATABASE_NAME
from han5k_review.upkeep.database_copy import restore_postgres
from han5k_review.upkeep.manifest import Manifest, choose_backup, read_manifest
from han5k_review.upkeep.objects import take_chunks

Progress = Callable[[int], None]


def check_backup(folder: Path, name: str | None = None, progress: Progress | None = None) -> int:
    """Read every content of a backup and compare its hash; how many there are.

    DataError names the first that is missing or damaged.
    """
    manifest = read_manifest(folder, choose_backup(folder, name))
    for sha256 in dict.fromkeys(one.sha256 for one in manifest.contents):
        for _ in take_chunks(folder, sha256):
            pass
        if progress is not None:
            progress(1)
    return len(manifest.contents)


def restore_backup(
    folder: Path,
    name: str | None,
    target: Path,
    *,
    database_url: str | None = None,
    progress: Progress | None = None,
) -> Manifest:
    """Put a backup (None: the newest) back into `target`, new or empty; its list.

    The database comes last: a folder whose restore was cut short is no study yet. ConfigError when
    the engine does not fit the backup, DataError for a damaged one.
    """
    manifest = read_manifest(folder, choose_backup(folder, name))
    _check_target(manifest, target, database_url)
    for file in manifest.files:
        place = _place(target, file.path)
        _write(folder, file.sha256, place)
        os.utime(place, ns=(file.mtime_ns, file.mtime_ns))
        if progress is not None:
            progress(1)
    if manifest.database is not None:
        beside = target / f".{DATABASE_NAME}.tmp"
        _write(folder, manifest.database.sha256, beside)
        beside.replace(target / DATABASE_NAME)
    elif database_url is not None:
        restore_postgres(manifest, folder, database_url)
    return manifest


def _check_target(manifest: Manifest, target: Path, database_url: str | None) -> None:
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ConfigError(
            f"A new or empty folder was expected to restore into, found {target} with something in "
            "it; nothing was changed."
        )
    if (manifest.engine == "postgresql") != (database_url is not None):
        wanted = (
            "HAN5K_DATABASE_URL with an empty database of PostgreSQL"
            if manifest.engine == "postgresql"
            else "no HAN5K_DATABASE_URL"
        )
        raise ConfigError(f"This is a backup of {manifest.engine}: {wanted} was expected.")


def _place(target: Path, relative: str) -> Path:
    place = target / relative
    if not place.resolve().is_relative_to(target.resolve()):
        raise DataError(f"The backup names {relative!r}, a path outside the study; do not use it.")
    return place


def _write(folder: Path, sha256: str, place: Path) -> None:
    """Write a kept content; a damaged one leaves nothing there."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                for chunk in take_chunks(folder, sha256):
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
        except Han5kError:
            place.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StorageError(
            f"{place} was to be written; the disk answered: {error.strerror or error}. Free space "
            "or mend the permissions, empty the folder and try again."
        ) from error

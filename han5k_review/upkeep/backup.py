"""A backup while people work: the database first, as it is at one moment, then every file.

A row names only files that were there before it, and no file that a row names ever changes or goes:
so the files that are copied after the database hold all that it names.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from han5k_review import __version__
from han5k_review.errors import ConfigError
from han5k_review.store.audit import add_audit, find_audit_head
from han5k_review.store.columns import format_utc
from han5k_review.store.ct_places import PLACE_NAME
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import DATABASE_NAME, Study
from han5k_review.study import get_study_info
from han5k_review.upkeep.database_copy import copy_postgres, copy_sqlite, read_revision
from han5k_review.upkeep.manifest import (
    FORM,
    KeptFile,
    KeptTable,
    Manifest,
    list_backups,
    object_path,
    read_manifest,
    write_manifest,
)
from han5k_review.upkeep.objects import put_file

# Not in a backup: logs of faults, the database's own files (it is copied by itself).
LEFT_OUT = ("logs", DATABASE_NAME, f"{DATABASE_NAME}-wal", f"{DATABASE_NAME}-shm")
_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRequest:
    """Who makes it, when. `deep` reads every file, not only those with another size or time."""

    actor: str
    now: datetime
    deep: bool = False
    runs: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupReport:
    """What was done: `copied` of `files` were new or changed; `gone` went on the way.

    `damaged`: files with the size and time of the backup before, and another content. `in_place`:
    CTs that lie outside the study, of which a backup holds only where they are.
    """

    name: str
    files: int
    copied: int
    copied_bytes: int
    audit_head: str
    damaged: tuple[str, ...]
    gone: tuple[str, ...]
    in_place: int


def make_backup(
    study: Study,
    folder: Path,
    request: BackupRequest,
    progress: Callable[[int], None] | None = None,
) -> BackupReport:
    """Add a backup to `folder`; ConfigError for a folder in the study."""
    if folder.resolve().is_relative_to(study.root):
        raise ConfigError(
            f"A folder outside the study was expected for backups, best on another machine, found "
            f"{folder}."
        )
    (folder / "objects").mkdir(parents=True, exist_ok=True)
    words = {"actor": request.actor, "action": "back up", "subject": folder.name}
    with transaction(study.engine) as session:
        add_audit(session, at_utc=request.now, **words)
    with reading(study.engine) as session:
        name = get_study_info(session).name
        head = find_audit_head(session)
    database, tables = _copy_database(study, folder)
    taking = _Taking(folder=folder, known=_find_known(folder), deep=request.deep)
    for relative, path in list_study_files(study.root, runs=request.runs):
        taking.take(relative, path)
        if progress is not None:
            progress(1)
    manifest = Manifest(
        form=FORM,
        made_at_utc=format_utc(request.now, "seconds"),
        software=__version__,
        study=name,
        engine=study.engine.dialect.name,
        revision=read_revision(study.engine),
        audit_head="" if head is None else head.sha256,
        files=tuple(taking.files),
        database=database,
        tables=tables,
    )
    return BackupReport(
        name=write_manifest(folder, manifest),
        files=len(taking.files),
        copied=taking.copied,
        copied_bytes=taking.copied_bytes,
        audit_head=manifest.audit_head,
        damaged=tuple(taking.damaged),
        gone=tuple(taking.gone),
        in_place=sum(Path(file.path).name == PLACE_NAME for file in taking.files),
    )


def _copy_database(study: Study, folder: Path) -> tuple[KeptFile | None, tuple[KeptTable, ...]]:
    """The file of SQLite, or the tables of PostgreSQL."""
    if study.engine.dialect.name != "sqlite":
        return None, copy_postgres(study.engine, folder)
    beside = folder / "objects" / f".{os.getpid()}.sqlite3"
    return copy_sqlite(study.root / DATABASE_NAME, folder, beside), ()


def list_study_files(root: Path, *, runs: bool = True) -> Iterator[tuple[str, Path]]:
    """(path in the study, file) of every regular file that belongs to a backup; no links."""
    left_out = {*LEFT_OUT, *(() if runs else ("runs",))}
    for here, folders, names in os.walk(root):
        base = Path(here)
        if base == root:
            folders[:] = [name for name in folders if name not in left_out]
            names = [name for name in names if name not in left_out]
        folders[:] = sorted(n for n in folders if not n.endswith(".tmp"))
        for name in sorted(names):
            path = base / name
            if not name.endswith(".tmp") and path.is_file() and not path.is_symlink():
                yield path.relative_to(root).as_posix(), path


def _find_known(folder: Path) -> Mapping[str, KeptFile]:
    names = list_backups(folder)
    if not names:
        return {}
    return {file.path: file for file in read_manifest(folder, names[-1]).files}


class _Taking:
    """Files on their way into a backup, compared with the backup before."""

    def __init__(self, *, folder: Path, known: Mapping[str, KeptFile], deep: bool) -> None:
        self._folder = folder
        self._known = known
        self._deep = deep
        self.files: list[KeptFile] = []
        self.copied = 0
        self.copied_bytes = 0
        self.damaged: list[str] = []
        self.gone: list[str] = []

    def take(self, relative: str, path: Path) -> None:
        """Keep the file as it is at one moment; one that goes meanwhile is told."""
        known = self._known.get(relative)
        for _ in range(_TRIES):
            try:
                before = path.stat()
                is_known = (
                    known is not None
                    and (known.nbytes, known.mtime_ns) == (before.st_size, before.st_mtime_ns)
                    and object_path(self._folder, known.sha256).exists()
                )
                if known is not None and is_known and not self._deep:
                    self.files.append(known)
                    return
                sha256, nbytes = put_file(self._folder, path)
                after = path.stat()
            except FileNotFoundError:
                self.gone.append(relative)
                return
            if (after.st_size, after.st_mtime_ns) == (nbytes, before.st_mtime_ns):
                break
        if known is None or known.sha256 != sha256:
            self.copied += 1
            self.copied_bytes += nbytes
            if is_known:
                self.damaged.append(relative)
        self.files.append(
            KeptFile(path=relative, sha256=sha256, nbytes=nbytes, mtime_ns=before.st_mtime_ns)
        )

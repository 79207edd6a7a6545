"""Writing files so that a crash, a full disk or a second writer leaves nothing half-written."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from han5k_review.errors import StorageError

_SYNCS = 8
LEAST_FREE_BYTES = 64_000_000
"""What an import leaves free, so that readers can still grade while it is said that the disk is
full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """`nbytes` written beside the place of a file; `synced` is done when the disk has them."""

    path: Path
    beside: Path
    nbytes: int
    synced: Future[None]


def check_space(folder: Path) -> None:
    """StorageError when the disk of `folder` (which may not exist yet) is as good as full."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(there).free
    if free < LEAST_FREE_BYTES:
        raise StorageError(
            f"At least {LEAST_FREE_BYTES / 1e6:.0f} MB of free space were expected in {there}, "
            f"found {free / 1e6:.0f} MB; free space and import again: what is stored stays."
        )


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` beside `path`, sync it, and move it into place; StorageError otherwise."""
    write_all_atomically([(path, content)])


def write_all_atomically(contents: Iterable[tuple[Path, bytes]]) -> None:
    """As `write_atomically` for many files; all are on the disk before the first is moved.

    A disk does many syncs at once in the time of a few, so they wait in threads while the next
    content is made. StorageError when one cannot be written; then none is moved.
    """
    written: list[_Written] = []
    try:
        with ThreadPoolExecutor(_SYNCS) as threads:
            for path, content in contents:
                written.append(_write_beside(path, content, threads))
        for file in written:
            with _as_storage_errors(file.path, file.nbytes):
                file.synced.result()
        for file in written:
            with _as_storage_errors(file.path, file.nbytes):
                file.beside.replace(file.path)
    finally:
        for file in written:
            with suppress(OSError):
                file.beside.unlink(missing_ok=True)


def _write_beside(path: Path, content: bytes, threads: ThreadPoolExecutor) -> _Written:
    beside = path.parent / f".{path.name}.{uuid.uuid4().hex}.tmp"
    with _as_storage_errors(path, len(content)):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with beside.open("wb") as file:
                file.write(content)
            synced = threads.submit(_sync, beside)
        except OSError:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            raise
    return _Written(path=path, beside=beside, nbytes=len(content), synced=synced)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


@contextmanager
def _as_storage_errors(path: Path, nbytes: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"{nbytes} bytes were to be written to {path}; the disk answered: "
            f"{error.strerror or error}. Free space or mend the permissions and try again."
        ) from error

"""Contents under their hash: put in once, read back and compared, taken out the same."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from han5k_review.errors import DataError, StorageError
from han5k_review.upkeep.manifest import object_path

_CHUNK = 1 << 20


def put_file(folder: Path, source: Path) -> tuple[str, int]:
    """Keep what the file holds now; its hash and size. OSError when the source is gone."""
    with source.open("rb") as file:
        return put_chunks(folder, iter(lambda: file.read(_CHUNK), b""))


def put_chunks(folder: Path, chunks: Iterable[bytes | memoryview]) -> tuple[str, int]:
    """Keep a content that comes in pieces, unless it is there; its hash and size.

    What was written is read back: StorageError when the disk gives other bytes than it was given.
    """
    digest, nbytes = hashlib.sha256(), 0
    beside = folder / "objects" / f".{uuid.uuid4().hex}.tmp"
    beside.parent.mkdir(parents=True, exist_ok=True)
    try:
        with _private(beside) as handle:
            for chunk in chunks:
                digest.update(chunk)
                nbytes += len(chunk)
                with _as_storage_error(folder):
                    _write_all(handle, chunk)
            with _as_storage_error(folder):
                os.fsync(handle)
        sha256 = digest.hexdigest()
        final = object_path(folder, sha256)
        if not (final.exists() and final.stat().st_size == nbytes):
            if hash_file(beside) != sha256:
                raise StorageError(
                    f"{folder} gave back other bytes than were written; use another disk."
                )
            with _as_storage_error(folder):
                final.parent.mkdir(exist_ok=True)
                beside.replace(final)
    finally:
        beside.unlink(missing_ok=True)
    return sha256, nbytes


def take_chunks(folder: Path, sha256: str) -> Iterator[bytes]:
    """A kept content in pieces; DataError at its end when it is not what its name says."""
    path = object_path(folder, sha256)
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                yield chunk
    except OSError as error:
        raise DataError(
            f"A part of the backup was expected at {path}, found: {error.strerror}; take another "
            "backup."
        ) from error
    if digest.hexdigest() != sha256:
        raise DataError(f"{path} does not match its hash: it is damaged; take another backup.")


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _private(path: Path) -> Iterator[int]:
    """A new file that only its owner reads: a backup holds all that the study holds."""
    with _as_storage_error(path.parent):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)


def _write_all(handle: int, chunk: bytes | memoryview) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(handle, rest) :]


@contextmanager
def _as_storage_error(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"The backup was to be written to {folder}; the disk answered: "
            f"{error.strerror or error}. Free space or mend the permissions and try again."
        ) from error

"""Checking a copy of a release: which files are missing, altered or additional."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from han5k_review.errors import DataError
from han5k_review.exports.release.checksums import SUMS_NAME, read_sums
from han5k_review.texts.counts import say_count

_CHUNK = 1 << 20
_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCheck:
    """How a copy compares with its checksums; paths in it, sorted.

    `images` are CTs, or links to them, that the holder put in for nnU-Net: no part of the release.
    `fingerprint` is the SHA-256 of SHA256SUMS itself, to be compared with what the maker says.
    """

    files: int
    missing: tuple[str, ...]
    altered: tuple[str, ...]
    additional: tuple[str, ...]
    images: int
    fingerprint: str

    @property
    def is_right(self) -> bool:
        """True when the copy is the release, nothing more and nothing less."""
        return not (self.missing or self.altered or self.additional)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What was found, one sentence each."""
        said = [
            f"{len(paths)} {'file is' if len(paths) == 1 else 'files are'} {word}: {_name(paths)}."
            for paths, word in (
                (self.missing, "missing"),
                (self.altered, "altered"),
                (self.additional, "additional"),
            )
            if paths
        ]
        good = self.files - len(self.missing) - len(self.altered)
        said.append(f"{good} of {say_count(self.files, 'file')} as released.")
        if self.images:
            added = say_count(self.images, "CT was", "CTs were")
            said.append(f"{added} added by who holds this copy; not checked.")
        said.append(f"The release's fingerprint is {self.fingerprint}.")
        return tuple(said)


def check_release(
    folder: Path, *, threads: int = 1, progress: Callable[[int, int], None] | None = None
) -> ReleaseCheck:
    """Compare a folder with its SHA256SUMS; links are never followed. DataError without sums."""
    sums = read_sums(folder)
    there = dict(_list_files(folder))
    missing = sorted(set(sums) - set(there))
    present = sorted(set(sums) & set(there))
    extra = sorted(set(there) - set(sums) - {SUMS_NAME})
    images = [path for path in extra if _is_added_image(path)]
    altered = []
    with ThreadPoolExecutor(threads) as pool:
        hashes = pool.map(lambda path: _hash(folder / path) if there[path] else "", present)
        for done, (path, found) in enumerate(zip(present, hashes, strict=True), start=1):
            if found != sums[path]:
                altered.append(path)
            if progress is not None:
                progress(done, len(present))
    return ReleaseCheck(
        files=len(sums),
        missing=tuple(missing),
        altered=tuple(altered),
        additional=tuple(path for path in extra if path not in images),
        images=len(images),
        fingerprint=_hash(folder / SUMS_NAME),
    )


def _list_files(folder: Path) -> Iterator[tuple[str, bool]]:
    """(path, is a plain file) of all that is there; a link to a folder is not entered."""
    for at, folders, files in os.walk(folder):
        links = [name for name in folders if (Path(at) / name).is_symlink()]
        for name in (*files, *links):
            path = Path(at) / name
            plain = path.is_file() and not path.is_symlink()
            yield path.relative_to(folder).as_posix(), plain


def _is_added_image(path: str) -> bool:
    parts = path.split("/")
    return len(parts) == 4 and parts[0] == "nnunet" and parts[2] == "imagesTr"


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise DataError(
            f"A readable file was expected at {path}, found: {error.strerror or error}."
        ) from error
    return digest.hexdigest()


def _name(paths: tuple[str, ...]) -> str:
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return ", ".join(paths[:_SHOWN]) + more

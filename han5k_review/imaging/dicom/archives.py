"""Archives: a .zip of DICOM unpacked into a folder that is gone afterwards; tricks are refused.

Members are stored under numbers: what an archive calls them counts nothing.
"""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from han5k_review.errors import DataError, StorageError

MAX_BYTES = 8 * 1000**3
MAX_FILES = 20_000
MAX_RATIO = 200
_SMALL_BYTES = 10_000_000
_LINK = 0o120000
_KIND = 0o170000
_PIECE_BYTES = 1 << 20


def is_archive(path: Path) -> bool:
    """A file named .zip; whether it is one is seen when it is opened."""
    return path.suffix.lower() == ".zip" and path.is_file()


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The folder of an archive's files while it is needed; any other path as it is.

    DataError for an archive that is damaged, encrypted, too large, packed more than 200 times (a
    bomb), or that holds links or paths that lead out of it; StorageError when the disk is full.
    """
    if not is_archive(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="han5k-dicom-") as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                members = [one for one in archive.infolist() if not one.is_dir()]
                _check(members, path)
                for number, member in enumerate(members):
                    _unpack(archive, member, Path(folder) / f"{number:06d}", path)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
            raise DataError(
                f"{path}: a whole .zip was expected, found a damaged one or one packed in an "
                "unknown way; pack it again, or give the folder."
            ) from error
        except OSError as error:
            raise StorageError(
                f"{path}: space to unpack it was expected in {folder}, found: {error.strerror}."
            ) from error
        yield Path(folder)


def _check(members: list[zipfile.ZipInfo], path: Path) -> None:
    total = sum(member.file_size for member in members)
    if len(members) > MAX_FILES or total > MAX_BYTES:
        raise DataError(
            f"{path}: the files of one patient were expected (up to {MAX_FILES} and "
            f"{MAX_BYTES / 1e9:g} GB), found {len(members)} of {total / 1e9:.1f} GB unpacked; give "
            "one case per archive."
        )
    for member in members:
        name = member.filename.replace("\\", "/")
        place = PurePosixPath(name)
        if place.is_absolute() or ".." in place.parts or ":" in name.split("/")[0]:
            raise DataError(f"{path}: files within the archive were expected, one leads out of it.")
        if (member.external_attr >> 16) & _KIND == _LINK:
            raise DataError(f"{path}: files were expected, the archive holds a link.")
        if member.flag_bits & 1:
            raise DataError(f"{path}: an archive without a password was expected, found one.")
        is_bomb = member.file_size > MAX_RATIO * max(member.compress_size, 1)
        if member.file_size > _SMALL_BYTES and is_bomb:
            raise DataError(
                f"{path}: images were expected, found a file of {member.file_size / 1e6:.0f} MB in "
                f"{member.compress_size / 1e6:.2f} MB packed; do not open it."
            )


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, to: Path, path: Path) -> None:
    """One file, as long as its entry promises and not a byte more."""
    left = member.file_size
    with archive.open(member) as source, to.open("wb") as target:
        while piece := source.read(_PIECE_BYTES):
            left -= len(piece)
            if left < 0:
                raise DataError(f"{path}: a file in the archive is longer than it says.")
            target.write(piece)

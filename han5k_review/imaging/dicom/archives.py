"""Archives: a .zip unpacked into a folder that is gone afterwards; tricks are refused.

Of a tree the names are kept, for the report alone; of one case members lie under numbers: what an
archive calls them counts nothing there.
"""

from __future__ import annotations

import shutil
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from han5k_review.errors import DataError, StorageError
from han5k_review.imaging.dicom.spools import open_spool

MAX_BYTES = 8 * 1000**3
MAX_FILES = 20_000
MAX_RATIO = 200
_SMALL_BYTES = 10_000_000
_KEPT_FREE_BYTES = 64_000_000
_LONGEST_PART = 200
_LINK = 0o120000
_KIND = 0o170000
_PIECE_BYTES = 1 << 20
_HEAD = b"PK\x03\x04"
_OF_SPREADSHEET = "[Content_Types].xml"


def is_archive(path: Path) -> bool:
    """A zip by its first bytes, and no spreadsheet (which is one inside); or a file named .zip.

    Whether it is whole is seen when it is opened.
    """
    try:
        with path.open("rb") as file:
            if file.read(len(_HEAD)) != _HEAD:
                return path.suffix.lower() == ".zip"
        with zipfile.ZipFile(path) as archive:
            return _OF_SPREADSHEET not in archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return True
    except OSError:
        return False


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The folder of an archive's files while it is needed; any other path as it is.

    DataError for an archive that is damaged, encrypted, too large, packed more than 200 times (a
    bomb), or that holds links or paths that lead out of it; StorageError when the disk is full.
    """
    if not is_archive(path):
        yield path
        return
    with open_spool() as folder:
        with _opened(path, folder) as archive:
            members = _list_members(archive, path)
            _check_size(members, path)
            for number, member in enumerate(members):
                _unpack(archive, member, folder / f"{number:06d}", path)
        yield folder


@contextmanager
def unpacked_named(path: Path) -> Iterator[Path]:
    """As `unpacked`, with the names of the archive; errors name the archive in place of the folder.

    Any other path as it is.
    """
    if not is_archive(path):
        yield path
        return
    with open_spool() as folder:
        unpack_named(path, folder)
        try:
            yield folder
        except DataError as error:
            raise type(error)(str(error).replace(str(folder), str(path))) from error


def list_member_names(path: Path) -> tuple[str, ...]:
    """What an archive calls its files; none where it is damaged or is no archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            return tuple(one.filename for one in archive.infolist() if not one.is_dir())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return ()


def unpack_named(path: Path, folder: Path, *, is_tree: bool = False) -> None:
    """Unpack an archive into `folder` under the names it gives, as `unpacked`.

    Also refused: two members of one name, names that no disk takes. A tree may be as large as the
    free space of the disk.
    """
    with _opened(path, folder) as archive:
        members = _list_members(archive, path)
        if is_tree:
            _check_room(members, path, folder)
        else:
            _check_size(members, path)
        _check_names(members, path)
        for member in members:
            to = folder.joinpath(*_parts(member))
            to.parent.mkdir(parents=True, exist_ok=True)
            _unpack(archive, member, to, path)


@contextmanager
def _opened(path: Path, folder: Path) -> Iterator[zipfile.ZipFile]:
    """The archive; what goes wrong with it or with the disk becomes a sentence."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise DataError(
            f"{path}: a whole .zip was expected, found a damaged one or one packed in an "
            "unknown way; pack it again, or give the folder."
        ) from error
    except OSError as error:
        raise StorageError(
            f"{path}: space to unpack it was expected in {folder}, found: {error.strerror}."
        ) from error


def _list_members(archive: zipfile.ZipFile, path: Path) -> list[zipfile.ZipInfo]:
    members = [one for one in archive.infolist() if not one.is_dir()]
    for member in members:
        name = member.filename.replace("\\", "/")
        place = PurePosixPath(name)
        if place.is_absolute() or ".." in place.parts or ":" in name.split("/")[0]:
            raise DataError(
                f"{path}: files within the archive were expected, one leads out of it; pack the "
                "folder again."
            )
        if (member.external_attr >> 16) & _KIND == _LINK:
            raise DataError(
                f"{path}: files were expected, the archive holds a link; pack the files themselves."
            )
        if member.flag_bits & 1:
            raise DataError(
                f"{path}: an archive without a password was expected, found one; unpack it and "
                "pack it again without."
            )
        is_bomb = member.file_size > MAX_RATIO * max(member.compress_size, 1)
        if member.file_size > _SMALL_BYTES and is_bomb:
            raise DataError(
                f"{path}: images were expected, found a file of {member.file_size / 1e6:.0f} MB in "
                f"{member.compress_size / 1e6:.2f} MB packed; do not open it."
            )
    return members


def _check_size(members: Sequence[zipfile.ZipInfo], path: Path) -> None:
    total = sum(member.file_size for member in members)
    if len(members) > MAX_FILES or total > MAX_BYTES:
        raise DataError(
            f"{path}: the files of one patient were expected (up to {MAX_FILES} and "
            f"{MAX_BYTES / 1e9:g} GB), found {len(members)} of {total / 1e9:.1f} GB unpacked; give "
            "one case per archive."
        )


def _check_room(members: Sequence[zipfile.ZipInfo], path: Path, folder: Path) -> None:
    total = sum(member.file_size for member in members)
    free = shutil.disk_usage(folder).free - _KEPT_FREE_BYTES
    if total > free:
        raise StorageError(
            f"{path}: {total / 1e9:.1f} GB of free space to unpack it were expected in "
            f"{folder.parent}, found {max(free, 0) / 1e9:.1f} GB; name another folder with "
            "--spool, or unpack the archive and give its folder."
        )


def _check_names(members: Sequence[zipfile.ZipInfo], path: Path) -> None:
    """DataError where two members would be one file, or a name is none for a disk."""
    files = [_parts(member) for member in members]
    folders = {parts[:n] for parts in files for n in range(1, len(parts))}
    if len(set(files)) < len(files) or folders & set(files):
        raise DataError(
            f"{path}: each name once was expected in the archive, found one twice; pack it again."
        )
    longest = max((len(part.encode()) for parts in files for part in parts), default=0)
    if longest > _LONGEST_PART or () in files:
        raise DataError(
            f"{path}: names of 1 to {_LONGEST_PART} bytes were expected in the archive, found "
            "another; give the folder instead."
        )


def _parts(member: zipfile.ZipInfo) -> tuple[str, ...]:
    return PurePosixPath(member.filename.replace("\\", "/")).parts


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, to: Path, path: Path) -> None:
    """One file, as long as its entry promises and not a byte more."""
    left = member.file_size
    with archive.open(member) as source, to.open("wb") as target:
        while piece := source.read(_PIECE_BYTES):
            left -= len(piece)
            if left < 0:
                raise DataError(
                    f"{path}: files as long as the archive says were expected, one is longer than "
                    "it says; pack it again."
                )
            target.write(piece)

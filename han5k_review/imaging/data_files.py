"""Data files: the files that hold the voxels of a NRRD or MetaImage header, and their sizes."""

from __future__ import annotations

import re
from pathlib import Path

from han5k_review.errors import DataError
from han5k_review.imaging.header_values import Codec, VoxelFile
from han5k_review.texts.paths import find_same_name

_MAX_FILES = 100_000
_MAX_RATIO = 1040  # deflate cannot pack more than 1,032 bytes into one
_NUMBER = re.compile(r"%(?=0?\d?d)|%.?")


def decode_line(raw: bytes) -> tuple[str, bool]:
    """A header's bytes as UTF-8, as most writers have it, and True; as Latin-1 and False else."""
    try:
        return raw.decode("utf-8"), True
    except UnicodeDecodeError:
        return raw.decode("latin-1"), False


def locate(name: str, header: Path) -> Path:
    """The path of a data file named in a header, which must lie beside it or in a folder there.

    DataError otherwise: a header that comes from outside must not open other files.
    """
    place = Path(name)
    if not name or place.is_absolute() or ".." in place.parts:
        raise DataError(
            f"{header}: voxels in a file beside the header were expected, found {name!r}; put it "
            "in the same folder and name it without a path."
        )
    return find_same_name(header.parent / place) or header.parent / place


def list_numbered(pattern: str, first: str, last: str, step: str, header: Path) -> list[str]:
    """The names of `name%03d.raw 1 20 1`; DataError when they are none."""
    try:
        start, stop, stride = int(first), int(last), int(step)
        if (
            _NUMBER.findall(pattern) != ["%"]
            or stride == 0
            or not 0 < (stop - start) // stride + 1 <= _MAX_FILES
        ):
            raise ValueError("no such numbers")
        return [pattern % n for n in range(start, stop + (1 if stride > 0 else -1), stride)]
    except (ValueError, TypeError) as error:
        raise DataError(
            f"{header}: a pattern with its first and last number and step was expected, found "
            f"{pattern} {first} {last} {step}; list the files instead."
        ) from error


def build_voxel_files(
    paths: list[Path], nbytes: int, codec: Codec, *, offset: int, skip: int, header: Path
) -> tuple[VoxelFile, ...]:
    """Equal parts of `nbytes` in each of `paths`; `offset` -1: the voxels end where the file ends.

    DataError when a file is missing, or shorter than what it must hold.
    """
    if not paths or nbytes % len(paths):
        raise DataError(
            f"{header}: {nbytes} bytes of voxels in equal files were expected, found "
            f"{len(paths)} files."
        )
    part = nbytes // len(paths)
    return tuple(_check_file(path, part, codec, offset, skip, header) for path in paths)


def _check_file(
    path: Path, nbytes: int, codec: Codec, offset: int, skip: int, header: Path
) -> VoxelFile:
    if not path.is_file():
        raise DataError(
            f"{header}: its voxels were expected in {path.name}, found nothing; copy that file too."
        )
    size = path.stat().st_size
    if offset == -1:
        offset = size - nbytes
    wanted = offset + (nbytes if codec is Codec.RAW else nbytes // _MAX_RATIO + 1)
    if offset < 0 or size < wanted:
        raise DataError(
            f"{header}: {nbytes} bytes of voxels were expected"
            f"{'' if path == header else f' in {path.name}'}, found "
            f"{max(0, size - max(offset, 0))}: the file is cut off; copy it again."
        )
    return VoxelFile(path=path, offset=offset, skip=skip, nbytes=nbytes, codec=codec)

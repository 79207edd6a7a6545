"""Voxel streams: the voxels of an image file in their stored order, without holding them all.

SimpleITK reads a compressed file in one piece; this opens MetaImage, NRRD and NIfTI files where
their voxels begin, so that a large 4-D file can be taken in one volume at a time.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from han5k_review.errors import DataError
from han5k_review.imaging.image_names import METAIMAGE_SUFFIXES, NRRD_SUFFIXES, image_suffix

_CHUNK = 1 << 20
_SLACK = 16 << 20  # bytes after the last voxel that some writers leave
_MAX_HEADER_LINES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class VoxelPlace:
    """Where voxels begin: file, byte offset, `codec` ("raw", "zlib" or "gzip"), byte order."""

    path: Path
    offset: int
    codec: str
    big_endian: bool


class _ZlibFile(io.RawIOBase):
    """A readable, unseekable file over a zlib (or gzip) stream."""

    def __init__(self, packed: BinaryIO) -> None:
        self._packed = packed
        self._inflate = zlib.decompressobj(wbits=47)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill `buffer` from the stream; 0 only at its end, EOFError when that is missing."""
        piece = b""
        while not piece and not self._inflate.eof:
            packed = self._inflate.unconsumed_tail or self._packed.read(_CHUNK)
            if not packed:
                raise EOFError("the compressed voxels end too early")
            piece = self._inflate.decompress(packed, len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


@contextmanager
def open_voxels(path: Path) -> Iterator[tuple[BinaryIO, VoxelPlace]]:
    """Open the voxels of `path` as a binary stream that begins at the first voxel.

    Damage met while reading comes out as DataError naming the file.
    """
    place = find_voxels(path)
    try:
        with place.path.open("rb") as raw:
            raw.seek(place.offset)
            if place.codec == "raw":
                yield raw, place
            elif place.codec == "gzip":
                yield cast(BinaryIO, gzip.GzipFile(fileobj=raw)), place
            else:
                yield cast(BinaryIO, io.BufferedReader(_ZlibFile(raw), _CHUNK)), place
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"{path}: undamaged, complete voxels were expected, found: {error}; copy it again."
        ) from error
    except OSError as error:
        raise DataError(f"{path}: readable voxels were expected, found: {error}.") from error


def check_packed_voxels(path: Path, promised_bytes: int | None = None) -> None:
    """Verify the checksum of compressed voxels; DataError when they are damaged.

    DataError too when they unfold to more than the header's `promised_bytes`; what comes after is
    not unpacked.
    SimpleITK 2.5 returns wrong voxels for a damaged MetaImage and only prints a line. Encodings
    that are not compressed, or not known here, are left to it.
    """
    place = _find_known(path)
    if place is None or place.codec == "raw" or not place.path.is_file():
        return
    read = 0
    with open_voxels(path) as (stream, _):
        while piece := stream.read(_CHUNK):
            read += len(piece)
            check_promise(path, read, promised_bytes)


def check_promise(path: Path, read: int, promised_bytes: int | None) -> None:
    """DataError when more was unpacked than the header promises, and a little."""
    if promised_bytes is not None and read > promised_bytes + _SLACK:
        raise DataError(
            f"{path}: {promised_bytes} bytes of voxels were expected by its header, found more; "
            "write the file again."
        )


def check_end(stream: BinaryIO, place: VoxelPlace) -> None:
    """After the last voxel: read on to the end, where a compressed stream verifies its checksum."""
    if place.codec != "raw":
        stream.read(1)


def _find_known(path: Path) -> VoxelPlace | None:
    try:
        return find_voxels(path)
    except DataError:
        return None


def find_voxels(path: Path) -> VoxelPlace:
    """Where the voxels of a MetaImage, NRRD or single NIfTI file begin; DataError otherwise."""
    suffix = image_suffix(path)
    if suffix in METAIMAGE_SUFFIXES:
        return _find_metaimage(path)
    if suffix in NRRD_SUFFIXES:
        return _find_nrrd(path)
    raise DataError(
        f"{path}: a 4-D image was expected as MetaImage or NRRD; write it in one of these formats."
    )


def _find_metaimage(path: Path) -> VoxelPlace:
    fields: dict[str, str] = {}
    with path.open("rb") as file:
        for _ in range(_MAX_HEADER_LINES):
            key, _, text = file.readline(_CHUNK).decode("latin-1").partition("=")
            fields[key.strip().lower()] = text.strip()
            if key.strip().lower() == "elementdatafile":
                break
        offset = file.tell()
    source = fields.get("elementdatafile", "")
    if not source or source.upper() == "LIST" or "%" in source:
        raise DataError(
            f"{path}: a MetaImage with its voxels in one file was expected, found "
            f"ElementDataFile = {source!r}."
        )
    local = source.upper() == "LOCAL"
    packed = fields.get("compresseddata", "false").lower() == "true"
    order = fields.get("binarydatabyteordermsb", fields.get("elementbyteordermsb", "false"))
    return VoxelPlace(
        path=path if local else path.parent / source,
        offset=offset if local else 0,
        codec="zlib" if packed else "raw",
        big_endian=order.lower() == "true",
    )


def _find_nrrd(path: Path) -> VoxelPlace:
    fields: dict[str, str] = {}
    with path.open("rb") as file:
        for _ in range(_MAX_HEADER_LINES):
            line = file.readline(_CHUNK).decode("latin-1").rstrip("\r\n")
            if not line:
                break
            key, separator, text = line.partition(": ")
            if separator and not line.startswith("#"):
                fields[key.strip().lower()] = text.strip()
        offset = file.tell()
    encoding = fields.get("encoding", "").lower()
    source = fields.get("data file", fields.get("datafile", ""))
    codec = {"raw": "raw", "gzip": "gzip", "gz": "gzip"}.get(encoding)
    skips = any(fields.get(f, "0") != "0" for f in ("line skip", "byte skip"))
    if codec is None or skips or source.startswith("LIST") or "%" in source:
        raise DataError(
            f"{path}: a NRRD with raw or gzip voxels in one file was expected, found encoding "
            f"{encoding!r}, data file {source or 'attached'!r}."
        )
    return VoxelPlace(
        path=path.parent / source if source else path,
        offset=0 if source else offset,
        codec=codec,
        big_endian=fields.get("endian", "little").lower() == "big",
    )

"""Voxel streams: the voxels of an image in their stored order, without holding them all.

A header says where they lie and how they are packed. They are unpacked by ISA-L into pieces that
stay in the processor's cache, and checked on the way: whole, undamaged (the checksum of a packed
file), and not more than the header promises.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from isal import igzip, igzip_lib

from han5k_review.errors import DataError
from han5k_review.imaging.header_values import Codec, ImageHeader, VoxelFile
from han5k_review.texts.paths import say_cause

_CHUNK = 1 << 18
_SLACK = 16 << 20  # bytes after the last voxel that some writers leave
_GZIP_MAGIC = b"\x1f\x8b"


@contextmanager
def open_voxels(header: ImageHeader) -> Iterator[VoxelStream]:
    """Open the voxels of an image; `finish` the stream when all that is wanted was read.

    Damage met while reading comes out as DataError naming the image.
    """
    with ExitStack() as opened:
        try:
            yield VoxelStream(header.path, header.files, opened)
        except EOFError as error:
            raise DataError(
                f"{header.path}: a whole compressed file was expected, it ends too early (a "
                "broken copy or download); copy it again."
            ) from error
        except (igzip_lib.IsalError, gzip.BadGzipFile) as error:  # type: ignore[misc]  # isal's stub
            raise DataError(
                f"{header.path}: undamaged compressed voxels were expected, found: {error}; copy "
                "it again."
            ) from error
        except OSError as error:
            raise DataError(
                f"{header.path}: readable voxels were expected, found: {say_cause(error)}."
            ) from error


class VoxelStream:
    """Bytes of all voxels in stored order, over all data files of an image."""

    def __init__(self, path: Path, files: Sequence[VoxelFile], opened: ExitStack) -> None:
        self._path = path
        self._opened = opened
        self._waiting = list(files)
        self._file: VoxelFile | None = None
        self._source: BinaryIO = io.BytesIO()
        self._left = 0

    def read(self, nbytes: int) -> bytes:
        """The next `nbytes`, all of them; DataError where the file holds fewer."""
        piece = self._read_some(nbytes)
        while len(piece) < nbytes:
            piece += self._read_some(nbytes - len(piece))
        return piece

    def skip(self, nbytes: int) -> None:
        """Pass over the next `nbytes`; raw files are not even read there."""
        while nbytes:
            if not self._left:
                self._open_next(nbytes)
            step = min(nbytes, self._left)
            if self._file is not None and self._file.codec is Codec.RAW:
                self._source.seek(step, io.SEEK_CUR)
                self._left -= step
            else:
                step = len(self._read_some(min(step, _CHUNK)))
            nbytes -= step

    def finish(self) -> None:
        """After the last voxel: read on to the end, where packed files verify their checksum.

        DataError when much more follows than the header promises; the rest is not unpacked.
        """
        self._finish_file()
        while self._waiting:
            self._open_next(0)
            self._finish_file()

    def _read_some(self, nbytes: int) -> bytes:
        if not self._left:
            self._open_next(nbytes)
        piece = self._source.read(min(nbytes, self._left))
        if not piece:
            raise self._too_short(self._left)
        self._left -= len(piece)
        return piece

    def _open_next(self, wanted: int) -> None:
        self._finish_file()
        if not self._waiting:
            raise self._too_short(wanted)
        self._file = file = self._waiting.pop(0)
        self._source = _open_file(file, self._opened)
        self._left = file.nbytes

    def _finish_file(self) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        if file.codec is Codec.RAW:
            more = file.path.stat().st_size - file.offset - file.nbytes
        else:
            more = -self._left
            while more <= _SLACK and (piece := self._source.read(_CHUNK)):
                more += len(piece)
        if more < 0:
            raise self._too_short(-more)
        if more > _SLACK:
            raise DataError(
                f"{self._path}: {file.nbytes} bytes of voxels were expected by its header, found "
                "more; write the file again."
            )

    def _too_short(self, missing: int) -> DataError:
        return DataError(
            f"{self._path}: voxels were expected to the end, {missing} bytes are missing: the file "
            "is truncated; copy it again."
        )


def _open_file(file: VoxelFile, opened: ExitStack) -> BinaryIO:
    """The file's unpacked bytes from its first voxel on."""
    raw = opened.enter_context(file.path.open("rb"))
    raw.seek(file.offset)
    if file.codec is Codec.RAW:
        return raw
    source = opened.enter_context(_unpack(raw, file.codec))
    skip = file.skip
    while skip and (piece := source.read(min(skip, _CHUNK))):
        skip -= len(piece)
    return source


def _unpack(raw: BinaryIO, codec: Codec) -> BinaryIO:
    if codec is Codec.GZIP:
        return cast(BinaryIO, igzip.IGzipFile(fileobj=raw))  # type: ignore[no-untyped-call]
    return cast(BinaryIO, io.BufferedReader(_ZlibFile(raw), _CHUNK))


class _ZlibFile(io.RawIOBase):
    """A readable, unseekable file over one zlib stream (or a gzip one, as MetaImage allows)."""

    def __init__(self, packed: BinaryIO) -> None:
        self._packed = packed
        start = packed.tell()
        is_gzip = packed.read(2) == _GZIP_MAGIC
        packed.seek(start)
        self._inflate = igzip_lib.IgzipDecompressor(
            flag=igzip_lib.DECOMP_GZIP if is_gzip else igzip_lib.DECOMP_ZLIB
        )

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill `buffer` from the stream; 0 only at its end, EOFError when that is missing."""
        piece = b""
        while not piece and not self._inflate.eof:
            packed = self._packed.read(_CHUNK) if self._inflate.needs_input else b""
            if self._inflate.needs_input and not packed:
                raise EOFError("the packed voxels end too early")
            piece = self._inflate.decompress(packed, len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

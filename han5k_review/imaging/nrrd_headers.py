"""NRRD headers: attached or detached voxels, one file or several, raw or gzip.

Written from the format's definition (https://teem.sourceforge.net/nrrd/format.html).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from han5k_review.errors import DataError
from han5k_review.imaging.data_files import (
    build_voxel_files,
    decode_line,
    list_numbered,
    locate,
)
from han5k_review.imaging.header_values import Codec, ImageHeader, VoxelFile, VoxelLayout
from han5k_review.imaging.nrrd_orientation import place_nrrd, sort_nrrd_axes

_MAGIC = re.compile(rb"NRRD000[1-6]\r?\n")
_LATIN_1 = (
    "its header is not UTF-8 and was read as Latin-1; check letters with accents in its names"
)
_MAX_LINES, _MAX_LINE = 100_000, 1 << 20
_CODECS = {"raw": Codec.RAW, "gzip": Codec.GZIP, "gz": Codec.GZIP}
_TYPES = {
    "i1": "signed char,int8,int8_t",
    "u1": "uchar,unsigned char,uint8,uint8_t",
    "i2": "short,short int,signed short,signed short int,int16,int16_t",
    "u2": "ushort,unsigned short,unsigned short int,uint16,uint16_t",
    "i4": "int,signed int,int32,int32_t",
    "u4": "uint,unsigned int,uint32,uint32_t",
    "i8": "longlong,long long,long long int,signed long long,signed long long int,int64,int64_t",
    "u8": "ulonglong,unsigned long long,unsigned long long int,uint64,uint64_t",
    "f4": "float",
    "f8": "double",
}
_DTYPES = {name: code for code, names in _TYPES.items() for name in names.split(",")}


@dataclass(frozen=True, slots=True, kw_only=True)
class NrrdText:
    """A header as text: `lines` by field name, free `pairs`, file names listed at its end.

    `is_utf8` is False where bytes had to be read as Latin-1.
    """

    lines: dict[str, str]
    pairs: dict[str, str]
    listed: tuple[str, ...]
    end: int
    is_utf8: bool


def read_nrrd_header(path: Path) -> ImageHeader:
    """Read the header of a NRRD file; DataError or GeometryError naming the file."""
    text = _read_text(path)
    sizes = _read_sizes(text.lines, path)
    dtype = _read_dtype(text.lines, path)
    axes = sort_nrrd_axes(text.lines, sizes, path)
    layout = VoxelLayout(
        sizes=sizes, channels=axes.channels, channel_axis=axes.channel_axis, dtype=dtype
    )
    grid, notices = place_nrrd(text.lines, axes, layout.shape, path)
    return ImageHeader(
        path=path,
        grid=grid,
        sizes=sizes,
        channels=layout.channels,
        channel_axis=layout.channel_axis,
        dtype=dtype,
        slope=1.0,
        intercept=0.0,
        files=_find_files(text, layout, path),
        notices=notices if text.is_utf8 else (*notices, _LATIN_1),
        fields=MappingProxyType(text.pairs),
    )


def _read_text(path: Path) -> NrrdText:
    lines: dict[str, str] = {}
    pairs: dict[str, str] = {}
    listed: list[str] = []
    is_utf8 = True
    with path.open("rb") as file:
        first = file.readline(_MAX_LINE)
        if not _MAGIC.fullmatch(first):
            raise DataError(
                f"{path}: a NRRD image was expected, the file holds something else (it begins with "
                f"{first[:12]!r})."
            )
        for _ in range(_MAX_LINES):
            raw = file.readline(_MAX_LINE).rstrip(b"\r\n")
            if not raw:
                break
            text, is_sound = decode_line(raw)
            is_utf8 &= is_sound
            _sort_line(text, lines, pairs, listed, path)
        else:
            raise DataError(f"{path}: a NRRD header that ends was expected, found none.")
        return NrrdText(
            lines=lines, pairs=pairs, listed=tuple(listed), end=file.tell(), is_utf8=is_utf8
        )


def _sort_line(
    line: str, lines: dict[str, str], pairs: dict[str, str], listed: list[str], path: Path
) -> None:
    if line.startswith("#"):
        return
    if "datafile" in lines and lines["datafile"].split()[:1] == ["LIST"]:
        listed.append(line.strip())
        return
    match = re.match(r"(.*?)(:=|: )(.*)", line, re.DOTALL)
    if match is None:
        raise DataError(
            f"{path}: lines of the form 'field: value' were expected in its header, found "
            f"{line[:60]!r}."
        )
    key, kind, value = match.groups()
    if kind == ":=":
        pairs[_unescape(key)] = _unescape(value)
        return
    name = key.strip().lower()
    name = {"data file": "datafile", "line skip": "lineskip", "byte skip": "byteskip"}.get(
        name, name
    )
    if name in lines:
        raise DataError(f"{path}: the field {name!r} was expected once in its header, found twice.")
    lines[name] = value.strip()


def _unescape(text: str) -> str:
    r"""The format writes the end of a line as `\n` and a backslash as `\\`."""
    return re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), text)


def _read_sizes(lines: dict[str, str], path: Path) -> tuple[int, ...]:
    try:
        sizes = tuple(int(n) for n in lines["sizes"].split())
        if len(sizes) != int(lines["dimension"]) or any(n < 1 for n in sizes):
            raise ValueError("no positive size for each dimension")
    except (KeyError, ValueError) as error:
        raise DataError(
            f"{path}: a dimension and as many positive sizes were expected, found "
            f"{lines.get('dimension')} and {lines.get('sizes')}."
        ) from error
    if not 3 <= len(sizes) <= 4:
        shown = " x ".join(str(n) for n in sizes)
        raise DataError(f"{path}: a 3-D image was expected, found {len(sizes)}-D ({shown}).")
    return sizes


def _read_dtype(lines: dict[str, str], path: Path) -> np.dtype[np.generic]:
    code = _DTYPES.get(lines.get("type", "").lower())
    if code is None:
        raise DataError(
            f"{path}: whole numbers or floats as voxels were expected, found the NRRD type "
            f"{lines.get('type')!r}; save the image with one number per voxel."
        )
    endian = lines.get("endian", "little" if code.endswith("1") else "").lower()
    if endian not in ("little", "big"):
        raise DataError(
            f"{path}: the byte order (endian: little or big) was expected, found {endian!r}."
        )
    return np.dtype(("<" if endian == "little" else ">") + code)


def _find_files(text: NrrdText, layout: VoxelLayout, path: Path) -> tuple[VoxelFile, ...]:
    encoding = text.lines.get("encoding", "")
    codec = _CODECS.get(encoding.lower())
    if codec is None:
        raise DataError(
            f"{path}: raw or gzip voxels were expected, found the encoding {encoding!r}; save the "
            "image with one of these."
        )
    source = text.lines.get("datafile")
    paths = [path] if source is None else _list_files(source, text.listed, path)
    line_skip, byte_skip = (_read_skip(text.lines, name, path) for name in ("lineskip", "byteskip"))
    if byte_skip == -1 and codec is not Codec.RAW:
        raise DataError(f"{path}: 'byte skip: -1' was expected with raw voxels only; found gzip.")
    found: list[VoxelFile] = []
    for one in paths:
        start = _skip_lines(one, text.end if source is None else 0, line_skip, path)
        raw = codec is Codec.RAW
        found += build_voxel_files(
            [one],
            layout.nbytes // len(paths),
            codec,
            offset=-1 if byte_skip == -1 else start + (byte_skip if raw else 0),
            skip=0 if raw else byte_skip,
            header=path,
        )
    return tuple(found)


def _list_files(source: str, listed: tuple[str, ...], path: Path) -> list[Path]:
    words = source.split()
    if words[:1] == ["LIST"]:
        names = list(listed)
    elif "%" in source and len(words) >= 4:
        names = list_numbered(words[0], words[1], words[2], words[3], path)
    else:
        names = [source]
    return [locate(name, path) for name in names]


def _read_skip(lines: dict[str, str], name: str, path: Path) -> int:
    try:
        skip = int(lines.get(name, "0"))
        if skip < (-1 if name == "byteskip" else 0):
            raise ValueError("negative")
    except ValueError as error:
        raise DataError(
            f"{path}: a number of lines or bytes to skip was expected, found {lines[name]!r}."
        ) from error
    return skip


def _skip_lines(file: Path, start: int, count: int, header: Path) -> int:
    """The byte after `count` lines from `start`."""
    if not count or not file.is_file():
        return start
    with file.open("rb") as stream:
        stream.seek(start)
        for _ in range(min(count, _MAX_LINES)):
            if not stream.readline(_MAX_LINE).endswith(b"\n"):
                raise DataError(f"{header}: {count} lines to skip were expected in {file.name}.")
        return stream.tell()

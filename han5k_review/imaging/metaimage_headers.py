"""MetaImage headers: .mha and .mhd, voxels in the file, beside it, or in several files.

Written from the format's definition (https://itk.org/Wiki/MetaIO/Documentation) and compared with
ITK's own reading.
"""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from han5k_review.errors import DataError, GeometryError
from han5k_review.imaging.data_files import (
    build_voxel_files,
    decode_line,
    list_numbered,
    locate,
)
from han5k_review.imaging.geometry_rule import (
    NO_ORIENTATION,
    NO_ORIGIN,
    NO_SPACING,
    build_image_grid,
    check_spacing,
    check_unit_lengths,
)
from han5k_review.imaging.grid import RAS_TO_LPS, Grid
from han5k_review.imaging.header_values import (
    ChannelAxis,
    Codec,
    ImageHeader,
    VoxelFile,
    VoxelLayout,
)

_MAX_LINES, _MAX_LINE = 100_000, 1 << 20
_DTYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG": "i4",
    "MET_ULONG": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
_OFFSET = ("Offset", "Position", "Origin")
_MATRIX = ("TransformMatrix", "Rotation", "Orientation")
_SPACING = ("ElementSpacing", "ElementSize")
_BYTE_ORDER = ("BinaryDataByteOrderMSB", "ElementByteOrderMSB")


def read_metaimage_header(path: Path) -> ImageHeader:
    """Read the header of a MetaImage; DataError or GeometryError naming the file."""
    fields, listed, end = _read_fields(path)
    layout = _read_layout(fields, path)
    grid, notices = _place(fields, layout, path)
    return ImageHeader(
        path=path,
        grid=grid,
        sizes=layout.sizes,
        channels=layout.channels,
        channel_axis=layout.channel_axis,
        dtype=layout.dtype,
        slope=1.0,
        intercept=0.0,
        files=_find_files(fields, listed, end, layout, path),
        notices=notices,
        fields=MappingProxyType(fields),
    )


def _read_fields(path: Path) -> tuple[dict[str, str], list[str], int]:
    """(fields, the lines after ElementDataFile = LIST, the byte after the header)."""
    fields: dict[str, str] = {}
    with path.open("rb") as file:
        for _ in range(_MAX_LINES):
            raw = file.readline(_MAX_LINE)
            key, sign, text = decode_line(raw)[0].partition("=")
            if not raw or (not sign and raw.strip()):
                raise DataError(
                    f"{path}: a MetaImage header (Field = value) was expected, found {raw[:40]!r}."
                )
            if key.strip() in fields and key.strip() != "Comment":
                raise DataError(f"{path}: the field {key.strip()} was expected once, found twice.")
            if sign:
                fields[key.strip()] = text.strip()
            if key.strip() == "ElementDataFile":
                break
        end = file.tell()
        if fields.get("ElementDataFile", "").split()[:1] != ["LIST"]:
            return fields, [], end
        lines = [decode_line(line)[0].strip() for line in file.read(_MAX_LINE).splitlines()]
        return fields, [line for line in lines if line], end


def _read_layout(fields: dict[str, str], path: Path) -> VoxelLayout:
    sizes = tuple(_whole_numbers(fields, "DimSize", path))
    channels = _whole_number(fields, "ElementNumberOfChannels", 1, path)
    if len(sizes) != _whole_number(fields, "NDims", -1, path) or min(*sizes, channels, 1) < 1:
        raise DataError(
            f"{path}: NDims and as many positive sizes were expected, found "
            f"{fields.get('NDims')} and {fields['DimSize']}."
        )
    several = channels > 1
    if len(sizes) != 3 and (len(sizes) != 4 or several):
        shown = " x ".join(str(n) for n in sizes)
        raise DataError(f"{path}: a 3-D image was expected, found {len(sizes)}-D ({shown}).")
    code = _DTYPES.get(fields.get("ElementType", ""))
    if code is None:
        raise DataError(
            f"{path}: whole numbers or floats as voxels were expected, found the type "
            f"{fields.get('ElementType')!r}; save the image with one number per voxel."
        )
    if not _is_true(fields, "BinaryData", default=True):
        raise DataError(f"{path}: binary voxels were expected, found text; save it as binary.")
    orders = {_is_true(fields, name) for name in _BYTE_ORDER if name in fields}
    _check_scale(fields, path)
    if len(orders) > 1:
        raise DataError(f"{path}: one byte order was expected, found two that disagree.")
    return VoxelLayout(
        sizes=(channels, *sizes) if several else sizes,
        channels=channels if several else (sizes[3] if len(sizes) == 4 else 1),
        channel_axis=ChannelAxis.FIRST if several else ChannelAxis.LAST,
        dtype=np.dtype((">" if True in orders else "<") + code),
    )


def _check_scale(fields: dict[str, str], path: Path) -> None:
    """ITK ignores MetaImage's scaling, other readers apply it: refused unless it does nothing."""
    for name, nothing in (("Slope", 1.0), ("Offset", 0.0)):
        found = fields.get(f"ElementToIntensityFunction{name}", str(nothing))
        if _numbers(found, 1, path) != [nothing]:
            raise DataError(
                f"{path}: unscaled voxels were expected, found ElementToIntensityFunction{name} = "
                f"{found}; apply it and write the file again."
            )


def _place(fields: dict[str, str], layout: VoxelLayout, path: Path) -> tuple[Grid, tuple[str, ...]]:
    """The grid and notices: rows of TransformMatrix are the directions of i, j, k in LPS."""
    count = len(layout.sizes) if layout.channel_axis is ChannelAxis.LAST else 3
    notices: list[str] = []
    spacing, axes, origin = np.ones(count), np.eye(count), np.zeros(count)
    if found := _only(fields, _MATRIX, count * count, path):
        axes = np.array(found).reshape(count, count).T
    else:
        notices.append(NO_ORIENTATION.format(why=" (no TransformMatrix)"))
    if found := _only(fields, _OFFSET, count, path):
        origin = np.array(found)
    else:
        notices.append(NO_ORIGIN)
    if found := _only(fields, _SPACING, count, path):
        spacing = np.array(found)
    else:
        notices.append(NO_SPACING)
    if (axes[:3, 3:] != 0).any() or (axes[3:, :3] != 0).any():
        raise GeometryError(
            f"{path}: channels apart from space were expected, found TransformMatrix "
            f"{axes.T.tolist()}."
        )
    check_spacing(spacing[:3], path)
    check_unit_lengths(axes[:3, :3], path)
    matrix = np.eye(4)
    matrix[:3, :3] = axes[:3, :3] * spacing[:3]
    matrix[:3, 3] = origin[:3]
    return build_image_grid(layout.shape, RAS_TO_LPS @ matrix, path), tuple(notices)


def _only(
    fields: dict[str, str], names: tuple[str, ...], count: int, path: Path
) -> list[float] | None:
    """The numbers of the first of `names`, all names of one thing; None when none is there."""
    present = [name for name in names if name in fields]
    return _numbers(fields[present[0]], count, path) if present else None


def _find_files(
    fields: dict[str, str], listed: list[str], end: int, layout: VoxelLayout, path: Path
) -> tuple[VoxelFile, ...]:
    source = fields["ElementDataFile"]
    codec = Codec.ZLIB if _is_true(fields, "CompressedData") else Codec.RAW
    skip = _whole_number(fields, "HeaderSize", 0, path)
    paths = _list_files(source, listed, fields, path)
    local = paths == [path]
    offset = end if local and skip == 0 else skip
    unsound = skip < -1 or (local and 0 < skip < end) or (codec is Codec.ZLIB and skip == -1)
    if unsound or (codec is Codec.ZLIB and len(paths) > 1):
        raise DataError(
            f"{path}: HeaderSize = 0, -1 (voxels not compressed) or the byte where voxels begin, "
            f"and several files only uncompressed, were expected, found HeaderSize = {skip}, "
            f"{len(paths)} files, {codec.value} voxels."
        )
    return build_voxel_files(paths, layout.nbytes, codec, offset=offset, skip=0, header=path)


def _list_files(source: str, listed: list[str], fields: dict[str, str], path: Path) -> list[Path]:
    words = source.split()
    if source in ("LOCAL", "Local", "local"):
        return [path]
    if words[:1] == ["LIST"]:
        dimension = str(int(fields["NDims"]) - 1)
        if "".join(words[1:]) not in ("", dimension, f"{dimension}D"):
            raise DataError(
                f"{path}: a list of files with one slice each was expected, found {source!r}."
            )
        return [locate(name, path) for name in listed]
    if "%" in source:
        first, last, step = [*words[1:], "", "", "1"][:3] if len(words) < 4 else words[1:4]
        return [locate(name, path) for name in list_numbered(words[0], first, last, step, path)]
    return [locate(source, path)]


def _is_true(fields: dict[str, str], name: str, *, default: bool = False) -> bool:
    """MetaIO takes a first letter T, t or 1 as true."""
    return fields[name][:1] in ("T", "t", "1") if name in fields else default


def _whole_numbers(fields: dict[str, str], name: str, path: Path) -> list[int]:
    try:
        return [int(word) for word in fields[name].split()]
    except (KeyError, ValueError) as error:
        raise DataError(
            f"{path}: whole numbers were expected in {name}, found {fields.get(name)!r}."
        ) from error


def _whole_number(fields: dict[str, str], name: str, default: int, path: Path) -> int:
    numbers = _whole_numbers(fields, name, path) if name in fields else [default]
    if len(numbers) != 1:
        raise DataError(f"{path}: one number was expected in {name}, found {fields[name]!r}.")
    return numbers[0]


def _numbers(text: str, count: int, path: Path) -> list[float]:
    words = text.split()
    try:
        numbers: NDArray[np.float64] = np.array([float(word) for word in words])
        if len(words) != count:
            raise ValueError("another count")
    except ValueError as error:
        raise DataError(f"{path}: {count} numbers were expected, found {text!r}.") from error
    return [float(n) for n in numbers]

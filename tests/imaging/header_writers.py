"""Own writers of NIfTI, NRRD and MetaImage files, field by field, so that any field can be odd.

No library of the product takes part: what is written is what the fields say. Arrays are in the
file's order of axes, the first axis fastest.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.generic]
Affine = NDArray[np.float64]
RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_NIFTI_TYPES = {
    "u1": 2,
    "i2": 4,
    "i4": 8,
    "f4": 16,
    "f8": 64,
    "i1": 256,
    "u2": 512,
    "u4": 768,
    "i8": 1024,
    "u8": 1280,
}
_NRRD_TYPES = {
    "u1": "uchar",
    "i1": "signed char",
    "i2": "short",
    "u2": "ushort",
    "i4": "int",
    "u4": "uint",
    "i8": "longlong",
    "u8": "ulonglong",
    "f4": "float",
    "f8": "double",
}
_META_TYPES = {
    "u1": "UCHAR",
    "i1": "CHAR",
    "i2": "SHORT",
    "u2": "USHORT",
    "i4": "INT",
    "u4": "UINT",
    "i8": "LONG_LONG",
    "u8": "ULONG_LONG",
    "f4": "FLOAT",
    "f8": "DOUBLE",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Qform:
    """The quaternion's b, c, d, the offset, and qfac, as NIfTI stores them."""

    bcd: tuple[float, float, float] = (0.0, 0.0, 0.0)
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    qfac: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Nifti:
    """A NIfTI file; `sform` and `qform` are stored whatever their codes say."""

    array: Array
    pixdim: tuple[float, float, float] = (1.0, 1.0, 1.0)
    sform: Affine | None = None
    sform_code: int = 0
    qform: Qform = field(default_factory=Qform)
    qform_code: int = 0
    xyzt_units: int = 10
    slope: float = 1.0
    intercept: float = 0.0
    sizes: tuple[int, ...] | None = None
    version: int = 1
    big_endian: bool = False
    magic: bytes | None = None

    def write(self, path: Path, *, packed: bool | None = None) -> Path:
        """Write the file; packed by gzip when its name ends in gz, unless said otherwise."""
        content = self._head() + _raw(self.array, self.big_endian)
        is_packed = path.name.endswith("gz") if packed is None else packed
        path.write_bytes(gzip.compress(content, 4, mtime=0) if is_packed else content)
        return path

    def _head(self) -> bytes:
        sizes = self.sizes or self.array.shape
        dim = [len(sizes), *sizes, *[1] * (7 - len(sizes))]
        bits = 8 * self.array.dtype.itemsize
        code = _NIFTI_TYPES[self.array.dtype.str[1:]]
        pixdim = [self.qform.qfac, *self.pixdim, 1.0, 1.0, 1.0, 1.0]
        srow = np.zeros(12) if self.sform is None else self.sform[:3].ravel()
        quaternion = (*self.qform.bcd, *self.qform.offset)
        first = self.version == 1
        head = bytearray(352 if first else 544)
        put: list[tuple[str, int, Sequence[float]]]
        if first:
            put = [("i", 0, [348]), ("8h", 40, dim), ("2h", 70, [code, bits])]
            put += [("8f", 76, pixdim), ("3f", 108, [352.0, self.slope, self.intercept])]
            put += [("2h", 252, [self.qform_code, self.sform_code])]
            put += [("6f", 256, quaternion), ("12f", 280, srow), ("B", 123, [self.xyzt_units])]
        else:
            put = [("i", 0, [540]), ("2h", 12, [code, bits]), ("8q", 16, dim), ("8d", 104, pixdim)]
            put += [("q", 168, [544]), ("2d", 176, [self.slope, self.intercept])]
            put += [("2i", 344, [self.qform_code, self.sform_code])]
            put += [("6d", 352, quaternion), ("12d", 400, srow), ("i", 500, [self.xyzt_units])]
        for layout, place, values in put:
            struct.pack_into((">" if self.big_endian else "<") + layout, head, place, *values)
        magic = self.magic or (b"n+1\0" if first else b"n+2\0\r\n\x1a\n")
        start = 344 if first else 4
        head[start : start + len(magic)] = magic
        return bytes(head)


def sound_nifti(array: Array, affine_ras: Affine) -> Nifti:
    """A NIfTI with the same orientation in sform and qform, both with code 1."""
    spacing = np.linalg.norm(affine_ras[:3, :3], axis=0)
    return Nifti(
        array=array,
        pixdim=(float(spacing[0]), float(spacing[1]), float(spacing[2])),
        sform=affine_ras,
        sform_code=1,
        qform=build_qform(affine_ras),
        qform_code=1,
    )


def build_qform(affine_ras: Affine) -> Qform:
    """The quaternion of a perpendicular affine, by NIfTI-1's own formula (nifti1.h, method 2)."""
    axes = affine_ras[:3, :3] / np.linalg.norm(affine_ras[:3, :3], axis=0)
    qfac = 1.0 if np.linalg.det(axes) > 0 else -1.0
    axes = axes * (1, 1, qfac)
    # The rotation's axis is the eigenvector of 1; its angle follows from the trace.
    values, vectors = np.linalg.eig(axes)
    axis = np.real(vectors[:, np.argmin(np.abs(values - 1))])
    angle = np.arccos(np.clip((np.trace(axes) - 1) / 2, -1, 1))
    twist = np.array([axes[2, 1] - axes[1, 2], axes[0, 2] - axes[2, 0], axes[1, 0] - axes[0, 1]])
    sign = -1.0 if twist @ axis < 0 else 1.0
    b, c, d = sign * axis * np.sin(angle / 2)
    x, y, z = (float(v) for v in affine_ras[:3, 3])
    return Qform(bcd=(float(b), float(c), float(d)), offset=(x, y, z), qfac=qfac)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nrrd:
    """A NRRD file: `geometry` are lines of the header, `pairs` key/value pairs.

    `data_file` and the `listed` names after it are where the voxels are said to be; `parts` where
    they are written, in equal pieces, each behind `before`.
    """

    array: Array
    geometry: tuple[str, ...] = ()
    encoding: str = "raw"
    big_endian: bool = False
    data_file: str | None = None
    listed: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    before: bytes = b""
    pairs: Mapping[str, str] = field(default_factory=dict)

    def write(self, path: Path) -> Path:
        """Write the header, and the voxels behind it or into their own files."""
        array = self.array
        lines = ["NRRD0005", f"type: {_NRRD_TYPES[array.dtype.str[1:]]}"]
        lines += [f"dimension: {array.ndim}", "sizes: " + " ".join(map(str, array.shape))]
        lines += [f"encoding: {self.encoding}", f"endian: {'big' if self.big_endian else 'little'}"]
        lines += self.geometry
        lines += [f"{key}:={value}" for key, value in self.pairs.items()]
        lines += [f"data file: {self.data_file}", *self.listed] if self.data_file else []
        packed = self.encoding in ("gzip", "gz")
        pieces = _cut(_raw(array, self.big_endian), max(1, len(self.parts)))
        stored = [
            _packed(self.before + piece) if packed else self.before + piece for piece in pieces
        ]
        head = ("\n".join(lines) + "\n").encode("utf-8")
        path.write_bytes(head if self.data_file else head + b"\n" + stored[0])
        for name, piece in zip(self.parts, stored, strict=False):
            (path.parent / name).write_bytes(piece)
        return path


def nrrd_lines(affine_ras: Affine, space: str = "left-posterior-superior") -> tuple[str, str, str]:
    """The lines space, space directions and space origin of an affine, in one of three spaces."""
    signs = {"l": -1.0, "r": 1.0, "p": -1.0, "a": 1.0, "s": 1.0}
    words = space.split("-") if "-" in space else list(space)
    matrix = np.diag([*(signs[word[0].lower()] for word in words), 1.0]) @ affine_ras
    columns = " ".join(_vector(matrix[:3, n]) for n in range(3))
    return (
        f"space: {space}",
        f"space directions: {columns}",
        f"space origin: {_vector(matrix[:3, 3])}",
    )


def sound_nrrd(array: Array, affine_ras: Affine) -> Nrrd:
    """A NRRD in left-posterior-superior, raw voxels in the file."""
    return Nrrd(array=array, geometry=nrrd_lines(affine_ras))


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaImage:
    """A MetaImage: `fields` come before DimSize, ElementType and ElementDataFile."""

    array: Array
    fields: Mapping[str, str] = field(default_factory=dict)
    big_endian: bool = False
    packed: bool = False
    data_file: str = "LOCAL"
    listed: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    before: bytes = b""
    element_type: str | None = None

    def write(self, path: Path) -> Path:
        """Write the header, and the voxels behind it or into their own files."""
        array = self.array
        kind = self.element_type or f"MET_{_META_TYPES[array.dtype.str[1:]]}"
        given = {"ObjectType": "Image", "NDims": str(array.ndim), "BinaryData": "True"}
        given |= {
            "BinaryDataByteOrderMSB": str(self.big_endian),
            "CompressedData": str(self.packed),
        }
        given |= (
            {"CompressedDataSize": str(len(zlib.compress(_raw(array, self.big_endian))))}
            if self.packed
            else {}
        )
        given |= self.fields
        given |= {"DimSize": " ".join(map(str, array.shape)), "ElementType": kind}
        lines = [f"{key} = {value}" for key, value in given.items() if value]
        lines += [f"ElementDataFile = {self.data_file}", *self.listed]
        pieces = _cut(_raw(array, self.big_endian), max(1, len(self.parts)))
        stored = [self.before + (zlib.compress(p) if self.packed else p) for p in pieces]
        head = ("\n".join(lines) + "\n").encode()
        path.write_bytes(head if self.parts else head + stored[0])
        for name, piece in zip(self.parts, stored, strict=False):
            (path.parent / name).write_bytes(piece)
        return path

    def with_fields(self, **fields: str) -> MetaImage:
        """The same file with other fields; an empty text leaves a field out."""
        return replace(self, fields={**self.fields, **fields})


def sound_metaimage(array: Array, affine_ras: Affine) -> MetaImage:
    """A MetaImage with its orientation; rows of TransformMatrix are the axes' directions in LPS."""
    lps = RAS_TO_LPS @ affine_ras
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    return MetaImage(
        array=array,
        fields={
            "TransformMatrix": _numbers((lps[:3, :3] / spacing).T.ravel()),
            "Offset": _numbers(lps[:3, 3]),
            "ElementSpacing": _numbers(spacing),
        },
    )


def _raw(array: Array, big_endian: bool) -> bytes:
    order = ">" if big_endian else "<"
    return array.astype(array.dtype.newbyteorder(order)).tobytes(order="F")


def _cut(content: bytes, count: int) -> list[bytes]:
    size = len(content) // count
    return [content[n * size : (n + 1) * size] for n in range(count)]


def _packed(content: bytes) -> bytes:
    return gzip.compress(content, 4, mtime=0)


def _vector(values: NDArray[np.float64]) -> str:
    return "(" + ",".join(f"{v:.17g}" for v in values) + ")"


def _numbers(values: NDArray[np.float64]) -> str:
    return " ".join(f"{v:.17g}" for v in values)

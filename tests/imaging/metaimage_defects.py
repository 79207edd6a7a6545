"""Odd MetaImages, each with what it must become."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.imaging.defects import (
    AFFINE,
    AT_ZERO,
    UNIT_AT_ZERO,
    Cell,
    Defect,
    mirrored,
    scaled,
    sheared,
    turned,
)
from tests.imaging.header_writers import Affine, Array, MetaImage, sound_metaimage

_SIZE = "ITK needs CompressedDataSize and reads other voxels without it"
R, W, X = Cell.RIGHT, Cell.WARNED, Cell.REFUSED


def _defect(
    name: str,
    cell: Cell,
    *,
    affine: Affine = AFFINE,
    packed: bool = False,
    big_endian: bool = False,
    oracle: str = "",
    **fields: str,
) -> Defect:
    def build(array: Array, _stem: str) -> MetaImage:
        file = sound_metaimage(array, affine).with_fields(**fields)
        return replace(file, packed=packed, big_endian=big_endian)

    return Defect(
        name=f"MHA, {name}", suffix=".mha", cell=cell, build=build, affine=affine, oracle=oracle
    )


def _beside(
    name: str, change: Callable[[MetaImage, str], MetaImage], cell: Cell = R, oracle: str = ""
) -> Defect:
    def build(array: Array, stem: str) -> MetaImage:
        file = sound_metaimage(array, AFFINE)
        file = replace(file, data_file=f"{stem}.voxels", parts=(f"{stem}.voxels",))
        return change(file, stem)

    return Defect(
        name=f"MHD, {name}",
        suffix=".mhd",
        cell=cell,
        build=build,
        affine=AFFINE,
        upload=X,
        oracle=oracle,
    )


def _header_size(size: str) -> Callable[[MetaImage, str], MetaImage]:
    return lambda file, _: replace(file.with_fields(HeaderSize=size), before=b"\1" * 64)


def _listed(file: MetaImage, stem: str) -> MetaImage:
    names = tuple(f"{stem}.{n}.voxels" for n in range(file.array.shape[2]))
    return replace(file, data_file="LIST", listed=names, parts=names)


def _numbered(file: MetaImage, stem: str) -> MetaImage:
    count = file.array.shape[2]
    names = tuple(f"{stem}.{n:03d}.voxels" for n in range(1, count + 1))
    return replace(file, data_file=f"{stem}.%03d.voxels 1 {count} 1", parts=names)


def _elsewhere(file: MetaImage, stem: str) -> MetaImage:
    return replace(file, data_file=f"../{stem}.voxels")


_LIST_OF_SLABS = "LIST 3D"
METAIMAGE_DEFECTS = (
    _defect("whole header", R),
    _defect("oblique", R, affine=turned(20, (1, 2))),
    _defect("i to the right", R, affine=mirrored((12, 10, 8))),
    _defect("no orientation", W, affine=AT_ZERO, TransformMatrix="", Offset=""),
    _defect("no matrix", W, TransformMatrix=""),
    _defect("no origin", W, affine=AT_ZERO, Offset=""),
    _defect("no spacing", W, affine=UNIT_AT_ZERO, ElementSpacing="", Offset="0 0 0"),
    _defect("nothing", W, affine=UNIT_AT_ZERO, TransformMatrix="", Offset="", ElementSpacing=""),
    _defect("Position for Offset", R, Offset="", Position="-40.25 -71.5 -310.75"),
    _defect("ElementSize for ElementSpacing", R, ElementSpacing="", ElementSize="1.5 2 3"),
    _defect("AnatomicalOrientation beside a matrix", R, AnatomicalOrientation="LPS"),
    _defect("negative spacing", X, ElementSpacing="-1.5 2 3"),
    _defect("spacing 0", X, ElementSpacing="1.5 0 3"),
    _defect("spacing NaN", X, ElementSpacing="nan 2 3"),
    _defect("spacing of 1500 mm", X, affine=scaled(1000)),
    _defect("spacing of 0.05 mm", X, affine=scaled(1 / 30)),
    _defect("sheared", X, affine=sheared(0.5)),
    _defect("sheared by 0.005 degrees", R, affine=sheared(0.005)),
    _defect("sheared by 0.02 degrees", X, affine=sheared(0.02)),
    _defect("sheared, determinant 1", X, TransformMatrix="1 0 0 0.5 1 0 0 0 1"),
    _defect("directions of length 2 and 0.5", X, TransformMatrix="2 0 0 0 0.5 0 0 0 1"),
    _defect("matrix of zeros", X, TransformMatrix="0 0 0 0 0 0 0 0 0"),
    _defect("scaled voxels", X, ElementToIntensityFunctionSlope="2"),
    _defect("text voxels", X, BinaryData="False"),
    _defect("packed", R, packed=True),
    _defect("packed, no size of it", R, oracle=_SIZE, packed=True, CompressedDataSize=""),
    _defect("big endian", R, big_endian=True),
    _beside("voxels beside it", lambda file, _: file),
    _beside("HeaderSize 64", _header_size("64")),
    _beside("HeaderSize -1", _header_size("-1")),
    _beside("list of files", _listed),
    _beside("numbered files", _numbered),
    _beside("list of slabs", lambda file, _: replace(file, data_file=_LIST_OF_SLABS), X),
    _beside("voxels in another folder", _elsewhere, X),
)

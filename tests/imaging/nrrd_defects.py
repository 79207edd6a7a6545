"""Odd NRRD files, each with what it must become."""

from __future__ import annotations

from collections.abc import Callable

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
from tests.imaging.header_writers import Affine, Array, Nrrd, nrrd_lines

R, W, X = Cell.RIGHT, Cell.WARNED, Cell.REFUSED
LINES = nrrd_lines(AFFINE)
_SPACE, _DIRECTIONS, _ORIGIN = LINES
_UNITS = "ITK does not read the unit"


def _defect(
    name: str,
    cell: Cell,
    geometry: tuple[str, ...] = LINES,
    *,
    affine: Affine = AFFINE,
    encoding: str = "raw",
    big_endian: bool = False,
    oracle: str = "",
) -> Defect:
    def build(array: Array, _stem: str) -> Nrrd:
        return Nrrd(array=array, geometry=geometry, encoding=encoding, big_endian=big_endian)

    return Defect(
        name=f"NRRD, {name}", suffix=".nrrd", cell=cell, build=build, affine=affine, oracle=oracle
    )


def _detached(name: str, build: Callable[[Array, str], Nrrd], cell: Cell = R) -> Defect:
    return Defect(
        name=f"NHDR, {name}", suffix=".nhdr", cell=cell, build=build, affine=AFFINE, upload=X
    )


def _beside(encoding: str, before: bytes = b"", *more: str) -> Callable[[Array, str], Nrrd]:
    def build(array: Array, stem: str) -> Nrrd:
        name = f"{stem}.voxels"
        return Nrrd(
            array=array,
            geometry=(*LINES, *more),
            encoding=encoding,
            data_file=name,
            parts=(name,),
            before=before,
        )

    return build


def _listed(array: Array, stem: str) -> Nrrd:
    names = tuple(f"{stem}.{n}.voxels" for n in range(array.shape[2]))
    return Nrrd(array=array, geometry=LINES, data_file="LIST", listed=names, parts=names)


def _numbered(array: Array, stem: str) -> Nrrd:
    names = tuple(f"{stem}.{n:03d}.voxels" for n in range(1, array.shape[2] + 1))
    pattern = f"{stem}.%03d.voxels 1 {array.shape[2]} 1"
    return Nrrd(array=array, geometry=LINES, data_file=pattern, parts=names)


def _elsewhere(array: Array, stem: str) -> Nrrd:
    return Nrrd(
        array=array, geometry=LINES, data_file=f"../{stem}.voxels", parts=(f"{stem}.voxels",)
    )


def _in_unit(unit: str, per_mm: float) -> tuple[str, ...]:
    space, directions, origin = nrrd_lines(scaled(per_mm))
    return (space, f'space units: "{unit}" "{unit}" "{unit}"', directions, origin)


NRRD_DEFECTS = (
    _defect("left-posterior-superior", R),
    _defect("LPS", R, nrrd_lines(AFFINE, "LPS")),
    _defect("RAS", R, nrrd_lines(AFFINE, "RAS")),
    _defect("right-anterior-superior", R, nrrd_lines(AFFINE, "right-anterior-superior")),
    _defect("LAS", R, nrrd_lines(AFFINE, "LAS")),
    _defect("left-anterior-superior", R, nrrd_lines(AFFINE, "left-anterior-superior")),
    _defect("oblique", R, nrrd_lines(turned(20)), affine=turned(20)),
    _defect("i to the right", R, nrrd_lines(mirrored((12, 10, 8))), affine=mirrored((12, 10, 8))),
    _defect("space without a name", W, ("space dimension: 3", _DIRECTIONS, _ORIGIN)),
    _defect("scanner-xyz", W, ("space: scanner-xyz", _DIRECTIONS, _ORIGIN)),
    _defect("3D-right-handed", W, ("space: 3D-right-handed", _DIRECTIONS, _ORIGIN)),
    _defect("3D-left-handed", X, ("space: 3D-left-handed", _DIRECTIONS, _ORIGIN)),
    _defect("no origin", W, (_SPACE, _DIRECTIONS), affine=AT_ZERO),
    _defect("spacings alone", W, ("spacings: 1.5 2 3",), affine=AT_ZERO),
    _defect("nothing", W, (), affine=UNIT_AT_ZERO),
    _defect("axis mins without directions", X, ("spacings: 1.5 2 3", "axis mins: 1 2 3")),
    _defect("spacings beside directions", X, (*LINES, "spacings: 1.5 2 3")),
    _defect("negative spacings", X, ("spacings: 1.5 -2 3",)),
    _defect("sheared", X, nrrd_lines(sheared(0.5)), affine=sheared(0.5)),
    _defect("sheared by 0.005 degrees", R, nrrd_lines(sheared(0.005)), affine=sheared(0.005)),
    _defect("sheared by 0.02 degrees", X, nrrd_lines(sheared(0.02)), affine=sheared(0.02)),
    _defect("a direction of length 0", X, (_SPACE, "space directions: (0,0,0) (0,2,0) (0,0,3)")),
    _defect("NaN in the origin", X, (_SPACE, _DIRECTIONS, "space origin: (nan,0,0)")),
    _defect("spacing of 1500 mm", X, nrrd_lines(scaled(1000)), affine=scaled(1000)),
    _defect("spacing of 0.05 mm", X, nrrd_lines(scaled(1 / 30)), affine=scaled(1 / 30)),
    _defect("in metres", R, _in_unit("m", 0.001), oracle=_UNITS),
    _defect("in micrometres", R, _in_unit("um", 1000.0), oracle=_UNITS),
    _defect("in centimetres", R, _in_unit("cm", 0.1), oracle=_UNITS),
    _defect("in inches", X, _in_unit("in", 1 / 25.4)),
    _defect("gzip", R, encoding="gzip"),
    _defect("big endian", R, big_endian=True),
    _defect("gzip, big endian", R, encoding="gz", big_endian=True),
    _defect("encoding not known", X, encoding="zrl"),
    _detached("raw", _beside("raw")),
    _detached("gzip", _beside("gzip")),
    _detached("byte skip", _beside("raw", b"\1" * 100, "byte skip: 100")),
    _detached("byte skip -1", _beside("raw", b"\1" * 100, "byte skip: -1")),
    _detached("byte skip in gzip", _beside("gzip", b"\1" * 100, "byte skip: 100")),
    _detached("line skip", _beside("raw", b"one\ntwo\n", "line skip: 2")),
    _detached("list of files", _listed),
    _detached("numbered files", _numbered),
    _detached("voxels in another folder", _elsewhere, X),
)

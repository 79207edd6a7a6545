"""Odd NIfTI files, each with what it must become."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.imaging.defects import AFFINE, AT_ZERO, Cell, Defect, mirrored, scaled, sheared, turned
from tests.imaging.header_writers import Affine, Array, Nifti, Qform, build_qform, sound_nifti

_UNITS = "nibabel does not read the unit"
_GUESS = "nothing is stored; nibabel centres the image, ITK puts voxel 0 at 0"
_SUFFIX = ".nii.gz"
Change = Callable[[Nifti], Nifti]


def _defect(
    name: str,
    cell: Cell,
    change: Change | None = None,
    *,
    affine: Affine = AFFINE,
    suffix: str = _SUFFIX,
    packed: bool | None = None,
    oracle: str = "",
    **fields: Any,
) -> Defect:
    def build(array: Array, _stem: str) -> Nifti:
        file = replace(sound_nifti(array, affine), **fields)
        return change(file) if change else file

    return Defect(
        name=f"NIfTI, {name}",
        suffix=suffix,
        cell=cell,
        build=build,
        affine=affine,
        packed=packed,
        oracle=oracle,
    )


def _with_qform(affine: Affine) -> dict[str, Any]:
    return {"qform": build_qform(affine), "qform_code": 1}


def _shifted(mm: float) -> Affine:
    affine = AFFINE.copy()
    affine[0, 3] += mm
    return affine


def _as_frames(file: Nifti) -> Nifti:
    return replace(file, sizes=(*file.array.shape, 1, 1))


def _two_frames(file: Nifti) -> Nifti:
    return replace(file, sizes=(*file.array.shape[:2], file.array.shape[2] // 2, 2))


def _mirror_qform(file: Nifti) -> Nifti:
    return replace(file, qform=build_qform(mirrored(file.array.shape)))


def _with_bcd(file: Nifti) -> Nifti:
    return replace(file, qform=replace(file.qform, bcd=(0.9, 0.9, 0.9)))


def _with_qfac(qfac: float) -> Change:
    return lambda file: replace(file, qform=replace(file.qform, qfac=qfac))


_S, _Q = {"qform_code": 0, "qform": Qform()}, {"sform_code": 0, "sform": None}
R, W, X = Cell.RIGHT, Cell.WARNED, Cell.REFUSED
NAN = float("nan")
NIFTI_DEFECTS = (
    _defect("sform and qform", R),
    _defect("sform alone", R, **_S),
    _defect("qform alone", R, **_Q),
    _defect("qform alone, oblique", R, affine=turned(20), **_Q),
    _defect("qform alone, qfac -1", R, affine=mirrored((12, 10, 8)), **_Q),
    _defect("sform of code 4", R, sform_code=4, qform_code=0),
    _defect("no orientation", W, affine=AT_ZERO, oracle=_GUESS, sform_code=0, qform_code=0),
    _defect("negative codes", W, affine=AT_ZERO, oracle=_GUESS, sform_code=-1, qform_code=-1),
    _defect("qform mirrored", X, _mirror_qform),
    _defect("qform 0.14 mm off (0.15 are a tenth)", R, **_with_qform(_shifted(0.14))),
    _defect("qform 0.16 mm off", X, **_with_qform(_shifted(0.16))),
    _defect("pixdim negative", X, pixdim=(-1.5, 2.0, 3.0)),
    _defect("pixdim negative, sform alone", X, pixdim=(1.5, 2.0, -3.0), **_S),
    _defect("pixdim negative, qform alone", X, pixdim=(1.5, -2.0, 3.0), **_Q),
    _defect("pixdim 1, 1, 1 against the sform", X, pixdim=(1.0, 1.0, 1.0), **_S),
    _defect("pixdim 5 % against the sform", X, pixdim=(1.5, 2.0, 3.15), **_S),
    _defect("pixdim rounded", R, pixdim=(1.501, 2.0, 3.0), **_S),
    _defect("pixdim 0", X, pixdim=(1.5, 0.0, 3.0)),
    _defect("pixdim NaN", X, pixdim=(NAN, 2.0, 3.0)),
    _defect("sheared sform", X, affine=sheared(0.5), **_S),
    _defect("sheared sform beside a qform", X, affine=sheared(18), **_with_qform(AFFINE)),
    _defect("sheared by 0.005 degrees", R, affine=sheared(0.005), **_S),
    _defect("sheared by 0.02 degrees", X, affine=sheared(0.02), **_S),
    _defect("NaN in the sform", X, sform=scaled(NAN)),
    _defect("quaternion longer than 1", X, _with_bcd, **_Q),
    _defect("qfac 0 means 1", R, _with_qfac(0.0), **_Q),
    _defect("qfac 3", X, _with_qfac(3.0), **_Q),
    _defect("unit unknown", R, xyzt_units=8),
    _defect(
        "unit that does not exist", W, xyzt_units=5, oracle="nibabel does not read it; NIfTI-1: mm"
    ),
    _defect("spacing of 1500 mm", X, affine=scaled(1000)),
    _defect("spacing of 0.05 mm", X, affine=scaled(1 / 30)),
    _defect("spacing of 0.15 mm", R, affine=scaled(0.1)),
    _defect("mm said to be metres", X, xyzt_units=9),
    _defect("slope 0 with an intercept", R, slope=0.0, intercept=7.0),
    _defect("slope NaN", R, slope=NAN, intercept=NAN),
    _defect("intercept NaN", X, intercept=NAN),
    _defect("big endian", R, big_endian=True),
    _defect("NIfTI-2", R, version=2),
    _defect("NIfTI-2, big endian", R, version=2, big_endian=True),
    _defect("packed, named .nii", R, suffix=".nii", packed=True, oracle="nibabel reads by name"),
    _defect("not packed, named .nii.gz", R, packed=False, oracle="nibabel reads by name"),
    _defect("not packed", R, suffix=".nii"),
    _defect("4-D of one frame", R, _as_frames),
    _defect("4-D of two frames", X, _two_frames),
    _defect("Analyze pair (ni1)", X, magic=b"ni1\0"),
)


def _in_unit(name: str, code: int, per_mm: float) -> Defect:
    """The numbers of `AFFINE` in another unit, which the header names."""

    def build(array: Array, _stem: str) -> Nifti:
        return replace(sound_nifti(array, scaled(per_mm)), xyzt_units=code | 8)

    return Defect(
        name=f"NIfTI, {name}",
        suffix=_SUFFIX,
        cell=R,
        build=build,
        affine=AFFINE,
        oracle=_UNITS,
    )


NIFTI_DEFECTS = (
    *NIFTI_DEFECTS,
    _in_unit("in metres", 1, 0.001),
    _in_unit("in micrometres", 3, 1000.0),
)

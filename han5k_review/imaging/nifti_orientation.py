"""NIfTI orientation: the standard's own order of sform, qform and none, and what contradicts it."""

from __future__ import annotations

import math
from pathlib import Path

import nibabel as nib
import numpy as np
from nibabel.quaternions import mat2quat, quat2mat
from numpy.typing import NDArray

from han5k_review.errors import GeometryError
from han5k_review.imaging.geometry_rule import NO_ORIENTATION, build_image_grid, check_spacing
from han5k_review.imaging.grid import NEAR_VOXELS, RAS_TO_LPS, Affine, Grid

_MM_PER_UNIT = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
_UNIT_BITS = 0b111
_QUATERNION_SLACK = 4e-7  # b, c, d are stored in 32 bits
_HALF_TURN = 1e-7  # nifti1_io.c


def place_nifti(
    header: nib.Nifti1Header, shape: tuple[int, int, int], path: Path
) -> tuple[Grid, tuple[str, ...]]:
    """The grid of a NIfTI file, and notices.

    NIfTI-1: the sform when its code is above 0, else the qform when its code is above 0, else
    spacing alone ("method 1", placed as ITK does: i to the left, j to the back, k up, voxel 0 at
    0). Raises GeometryError for a sound form contradicted by pixdim or by the other form.
    """
    unit = int(header["xyzt_units"]) & _UNIT_BITS
    scale = _MM_PER_UNIT.get(unit, 1.0)
    notices = () if unit in _MM_PER_UNIT else (f"unit {unit} of the spacing is unknown: mm",)
    pixdim = np.array(header["pixdim"][1:4], dtype=np.float64) * scale
    check_spacing(pixdim, path)
    sform_code, qform_code = int(header["sform_code"]), int(header["qform_code"])
    if sform_code <= 0 and qform_code <= 0:
        affine = RAS_TO_LPS @ np.diag([*pixdim, 1.0])
        why = NO_ORIENTATION.format(why=" (sform and qform codes are 0)")
        return build_image_grid(shape, affine, path), (*notices, why)
    if sform_code <= 0:
        return build_image_grid(shape, _build_qform(header, pixdim, scale, path), path), notices
    grid = build_image_grid(shape, _build_sform(header, scale), path)
    _check_pixdim(grid, pixdim, path)
    if qform_code > 0:
        qform = _build_qform(header, pixdim, scale, path, sform=grid.affine)
        other = build_image_grid(shape, qform, path)
        _check_forms(grid, other, path)
    return grid, notices


def _build_sform(header: nib.Nifti1Header, scale: float) -> Affine:
    affine = np.eye(4)
    for row, name in enumerate(("srow_x", "srow_y", "srow_z")):
        affine[row] = np.array(header[name], dtype=np.float64) * scale
    return affine


def _build_qform(
    header: nib.Nifti1Header,
    pixdim: NDArray[np.float64],
    scale: float,
    path: Path,
    sform: Affine | None = None,
) -> Affine:
    """NIfTI-1 "method 2": a rotation from the quaternion, k mirrored when qfac is -1.

    `sform` is the file's other form, where it has one.
    """
    quaternion = np.array([float(header[f"quatern_{c}"]) for c in "bcd"])
    offset = np.array([float(header[f"qoffset_{c}"]) for c in "xyz"]) * scale
    qfac = float(header["pixdim"][0])
    if qfac not in (-1.0, 0.0, 1.0):
        raise GeometryError(
            f"{path}: a qfac (pixdim[0]) of 1 or -1 was expected, found {qfac:g}: which way its "
            "slices go cannot be said; write the file again with its orientation."
        )
    length = float(quaternion @ quaternion)
    if not length <= 1 + _QUATERNION_SLACK:
        raise GeometryError(
            f"{path}: a unit quaternion was expected in the qform, found b, c, d = "
            f"{', '.join(f'{v:g}' for v in quaternion)}; write the file again with its orientation."
        )
    mirror = np.array([1, 1, -1 if qfac < 0 else 1])
    scalar = _complete(1 - length, None if sform is None else sform[:3, :3] * mirror)
    rotation = quat2mat([scalar, *quaternion])  # type: ignore[no-untyped-call]
    affine = np.eye(4)
    affine[:3, :3] = rotation * pixdim * mirror
    affine[:3, 3] = offset
    return affine


def _complete(squared: float, axes: NDArray[np.float64] | None) -> float:
    """The quaternion's first number, of which NIfTI stores nothing: the root of `squared`.

    Near a half turn (most CTs) b, c, d in 32 bits leave it open by 0.0006, which turns a large grid
    by a third of a voxel. There it is 0, as the standard's own code has it, or what agrees with
    the other form (`axes`, 3 x 3).
    """
    if axes is not None:
        other = float(mat2quat(axes / np.linalg.norm(axes, axis=0))[0])  # type: ignore[no-untyped-call]
        if abs(other * other - squared) <= _QUATERNION_SLACK:
            return other
    return math.sqrt(squared) if squared > _HALF_TURN else 0.0


def _check_pixdim(grid: Grid, pixdim: NDArray[np.float64], path: Path) -> None:
    """GeometryError when pixdim moves the last voxel of an axis by over a tenth of a voxel."""
    spacing = np.array(grid.spacing_mm)
    drift = np.abs(spacing - pixdim) * np.maximum(np.array(grid.shape) - 1, 1)
    if drift.max() > NEAR_VOXELS * spacing.min():
        raise GeometryError(
            f"{path}: one spacing was expected, found {_listed(spacing)} mm in the sform and "
            f"{_listed(pixdim)} mm in pixdim; write the file again with the right one."
        )


def _check_forms(sform: Grid, qform: Grid, path: Path) -> None:
    if not qform.is_near(sform):
        apart = qform.measure_apart_mm(sform)
        raise GeometryError(
            f"{path}: one orientation was expected, its sform and qform are up to {apart:.2f} mm "
            f"apart; sform: {sform.describe()}; qform: {qform.describe()}. Find out which is right "
            "and write the file again with that one alone."
        )


def _listed(spacing: NDArray[np.float64]) -> str:
    return " x ".join(f"{v:.6g}" for v in spacing)

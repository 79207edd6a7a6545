"""An asymmetric phantom and its files in any of the 48 axis orders, written by other libraries."""

from __future__ import annotations

import itertools
from pathlib import Path

import nibabel as nib
import numpy as np
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from han5k_review.imaging.grid import Grid

SHAPE = (7, 9, 5)
# i grows to L, j to P, k to S: the axes every volume is brought to.
AFFINE_LPS_AXES = np.array(
    [[-1.5, 0, 0, 40.25], [0, -2.0, 0, 71.5], [0, 0, 3.0, -310.75], [0, 0, 0, 1]]
)
ORIENTATIONS = [
    np.array(list(zip(axes, flips, strict=True)), dtype=float)
    for axes in itertools.permutations(range(3))
    for flips in itertools.product((1, -1), repeat=3)
]


def phantom_grid() -> Grid:
    return Grid.from_affine(SHAPE, AFFINE_LPS_AXES)


def phantom_hu() -> NDArray[np.int16]:
    """Every voxel has its own value; from air to bone."""
    count = int(np.prod(SHAPE))
    return (np.arange(count, dtype=np.int16).reshape(SHAPE) * 5 - 1024).astype(np.int16)


def phantom_labels() -> NDArray[np.uint8]:
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[1:3, 2:5, 1:4] = 1
    labels[4:6, 2:5, 1:4] = 2
    labels[5, 7:9, 4] = 3
    return labels


def write_image(path: Path, array: NDArray[np.generic], affine_ras: NDArray[np.float64]) -> Path:
    """NIfTI by nibabel, the other formats by SimpleITK from the same array and affine."""
    if ".nii" in path.name:
        nib.save(nib.Nifti1Image(array, affine_ras, dtype=array.dtype), path)
        return path
    image = sitk.GetImageFromArray(np.ascontiguousarray(array.transpose(2, 1, 0)))
    lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine_ras
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetOrigin(lps[:3, 3].tolist())
    image.SetDirection((lps[:3, :3] / spacing).ravel().tolist())
    sitk.WriteImage(image, str(path), path.name.endswith("z"))
    return path


def write_phantom(
    path: Path, array: NDArray[np.generic], orientation: NDArray[np.float64] | None = None
) -> Path:
    """Write an array that lies in LPS axes, turned to `orientation` by nibabel."""
    image = nib.Nifti1Image(array, AFFINE_LPS_AXES, dtype=array.dtype)
    if orientation is not None:
        image = image.as_reoriented(orientation)
    return write_image(path, np.asarray(image.dataobj), image.affine)


def write_one_hot(path: Path, channels: NDArray[np.generic], *, packed: bool) -> Path:
    lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ AFFINE_LPS_AXES
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    volumes = []
    for channel in channels:
        volume = sitk.GetImageFromArray(np.ascontiguousarray(channel.transpose(2, 1, 0)))
        volume.SetSpacing(spacing.tolist())
        volume.SetOrigin(lps[:3, 3].tolist())
        volume.SetDirection((lps[:3, :3] / spacing).ravel().tolist())
        volumes.append(volume)
    sitk.WriteImage(sitk.JoinSeries(volumes), str(path), packed)
    return path

"""Bounds on what a label file may unfold to, judged by its header before any voxel is read.

A few megabytes of gzip can hold gigabytes. Only the header is read here; the streaming checks then
stop where the voxels that it promises end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import SimpleITK as sitk  # noqa: N813

from han5k_review.errors import DataError, GeometryError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.placement import get_placement

MAX_LABEL_BYTES = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class PromisedSize:
    """What a header promises: voxels along each axis, numbers per voxel, bytes per number.

    `grid` is None where the header's geometry makes none.
    """

    shape: tuple[int, ...]
    grid: Grid | None
    components: int
    bytes_per_number: int

    @property
    def total_bytes(self) -> int:
        """Bytes of all voxels, unpacked."""
        return math.prod(self.shape) * self.components * self.bytes_per_number


def find_promised_size(path: Path) -> PromisedSize | None:
    """What the header of an image promises; None when no header can be read (others say why)."""
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
        number = sitk.Image([1, 1], reader.GetPixelID(), reader.GetNumberOfComponents())
    except RuntimeError:
        return None
    return PromisedSize(
        shape=tuple(int(n) for n in reader.GetSize()),
        grid=_find_grid(reader),
        components=int(reader.GetNumberOfComponents()),
        bytes_per_number=int(number.GetSizeOfPixelComponent()),
    )


def _find_grid(reader: sitk.ImageFileReader) -> Grid | None:
    if reader.GetDimension() != 3:
        return None
    try:
        return Grid.from_lps(
            reader.GetSize(), reader.GetSpacing(), reader.GetOrigin(), reader.GetDirection()
        )
    except GeometryError:
        return None


def check_label_size(path: Path, grid: Grid, *, must_match: bool) -> None:
    """Refuse a label file that is too large, or cannot lie on `grid`, by its header alone.

    DataError above `MAX_LABEL_BYTES`; GeometryError when `must_match` and the sizes, in any order
    of axes, are above the grid's.
    """
    promised = find_promised_size(path)
    if promised is None:
        return
    if promised.total_bytes > MAX_LABEL_BYTES:
        size = " x ".join(str(n) for n in (*promised.shape, promised.components))
        raise DataError(
            f"{path}: labels of at most {MAX_LABEL_BYTES >> 20} MB unpacked were expected, the "
            f"header says {promised.total_bytes >> 20} MB ({size}); store whole numbers of one "
            "byte, on the grid of the CT."
        )
    pairs = zip(sorted(promised.shape), sorted(grid.shape), strict=False)
    fits = all(n <= wanted for n, wanted in pairs)
    if must_match and promised.grid is not None and not fits:
        get_placement(promised.grid, grid, str(path))

"""Bounds on what a label file may unfold to, judged by its header before any voxel is read.

A few megabytes of gzip can hold gigabytes. Only the header is read here; the streaming checks then
stop where the voxels that it promises end.
"""

from __future__ import annotations

from pathlib import Path

from han5k_review.errors import DataError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.headers import read_header
from han5k_review.imaging.placement import get_placement

MAX_LABEL_BYTES = 1 << 30


def check_label_size(path: Path, grid: Grid, *, must_match: bool) -> None:
    """Refuse a label file that is too large, or cannot lie on `grid`, by its header alone.

    DataError above `MAX_LABEL_BYTES`; GeometryError when `must_match` and the sizes, in any order
    of axes, are above the grid's.
    """
    header = read_header(path)
    if header.nbytes > MAX_LABEL_BYTES:
        size = " x ".join(str(n) for n in header.sizes)
        raise DataError(
            f"{path}: labels of at most {MAX_LABEL_BYTES >> 20} MB unpacked were expected, the "
            f"header says {header.nbytes >> 20} MB ({size}); store whole numbers of one "
            "byte, on the grid of the CT."
        )
    pairs = zip(sorted(header.grid.shape), sorted(grid.shape), strict=True)
    fits = all(n <= wanted for n, wanted in pairs)
    if must_match and not fits:
        get_placement(header.grid, grid, str(path))

"""CT files: one NIfTI, NRRD or MetaImage file -> a CtVolume in LPS axes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from han5k_review.errors import DataError
from han5k_review.imaging.image_files import read_image
from han5k_review.imaging.volume import CtVolume

_AIR_BELOW_HU = -200
_TISSUE_ABOVE_HU = 100
_INT16 = np.iinfo(np.int16)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CtReading:
    """A CT in LPS axes and the `notices` a person should read before trusting it."""

    volume: CtVolume
    notices: tuple[str, ...]


def read_ct(path: Path) -> CtVolume:
    """Read a CT and bring it to LPS axes: i grows to L, j to P, k to S.

    Fractions of HU are rounded. Raises DataError (not a 3-D image; NaN, infinite or beyond int16
    voxels) or GeometryError; the message names the file.
    """
    return read_ct_with_notices(path).volume


def read_ct_with_notices(path: Path) -> CtReading:
    """As `read_ct`, with notices on orientation and on HU that do not look like a CT."""
    image = read_image(path)
    hu = _to_int16(image.array, path)
    volume = CtVolume(grid=image.grid, hu=hu).to_lps_axes()
    notices = list(image.notices)
    if volume.grid.is_oblique:
        notices.append("the grid is oblique to the patient's axes; it is kept as it is")
    low, high = int(hu.min()), int(hu.max())
    if high < _TISSUE_ABOVE_HU:
        notices.append(
            f"HU from {low} to {high}: no tissue above {_TISSUE_ABOVE_HU} HU, is it a CT?"
        )
    elif low > _AIR_BELOW_HU:
        notices.append(
            f"HU from {low} to {high}: no air below {_AIR_BELOW_HU} HU; was the offset of -1024 "
            "applied?"
        )
    return CtReading(volume=volume, notices=tuple(notices))


def _to_int16(array: NDArray[np.generic], path: Path) -> NDArray[np.int16]:
    if array.dtype == np.int16:
        return array.view(np.int16)
    if array.dtype.kind not in "iuf":
        raise DataError(f"{path}: HU as numbers were expected, found type {array.dtype}.")
    if array.dtype.kind == "f":
        wrong = int(array.size - np.count_nonzero(np.isfinite(array)))
        if wrong:
            raise DataError(
                f"{path}: finite HU were expected, found {wrong} voxels that are NaN or infinite; "
                "fill them (air is -1024) and import again."
            )
    low, high = array.min(), array.max()
    if low < _INT16.min or high > _INT16.max:
        raise DataError(
            f"{path}: HU between {_INT16.min} and {_INT16.max} were expected, found {low} to "
            f"{high}."
        )
    values = np.rint(array) if array.dtype.kind == "f" else array
    return values.astype(np.int16)

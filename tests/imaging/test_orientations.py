"""All 48 axis orders of a real file come out right: CT and labels, NIfTI, NRRD and MetaImage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from han5k_review.imaging.ct_files import read_ct
from han5k_review.imaging.label_images import read_mask, read_multi_label
from tests.imaging.phantoms import (
    ORIENTATIONS,
    phantom_grid,
    phantom_hu,
    phantom_labels,
    write_phantom,
)

FORMATS = ("nii.gz", "nii", "nrrd", "mha")


def test_there_are_48_axis_orders() -> None:
    assert len({o.tobytes() for o in ORIENTATIONS}) == 48


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("orientation", ORIENTATIONS, ids=lambda o: str(o.astype(int).tolist()))
def test_a_ct_in_any_axis_order_is_the_same_ct(
    tmp_path: Path, suffix: str, orientation: NDArray[np.float64]
) -> None:
    path = write_phantom(tmp_path / f"ct.{suffix}", phantom_hu(), orientation)
    volume = read_ct(path)
    assert np.array_equal(volume.hu, phantom_hu())
    assert volume.hu.dtype == np.int16
    assert volume.grid.matches(phantom_grid(), tolerance_mm=1e-4)
    assert volume.grid.orientation == "LPS"


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("orientation", ORIENTATIONS, ids=lambda o: str(o.astype(int).tolist()))
def test_labels_in_any_axis_order_land_on_their_ct(
    tmp_path: Path, suffix: str, orientation: NDArray[np.float64]
) -> None:
    path = write_phantom(tmp_path / f"labels.{suffix}", phantom_labels(), orientation)
    unions = {"left": {1}, "right": {2}, "both": {1, 2}}
    masks = read_multi_label(path, phantom_grid(), unions, {1, 2, 3})
    for name, values in unions.items():
        assert np.array_equal(masks[name].dense(), np.isin(phantom_labels(), list(values)))
        assert masks[name].grid == phantom_grid()


@pytest.mark.parametrize(
    "orientation", ORIENTATIONS[::5], ids=lambda o: str(o.astype(int).tolist())
)
def test_a_single_mask_in_any_axis_order_has_the_same_hash(
    tmp_path: Path, orientation: NDArray[np.float64]
) -> None:
    inside = (phantom_labels() == 3).astype(np.uint8) * 255
    plain = read_mask(write_phantom(tmp_path / "plain.mha", inside), phantom_grid())
    turned = read_mask(write_phantom(tmp_path / "turned.nrrd", inside, orientation), phantom_grid())
    assert turned.sha256 == plain.sha256
    assert turned.start_ijk == (5, 7, 4)

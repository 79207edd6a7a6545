"""SegRap's 4-D one-hot file: every channel right, memory at about one channel, damage refused."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from han5k_review.errors import DataError, GeometryError
from han5k_review.imaging.one_hot_files import is_one_hot, read_one_hot
from tests.imaging.header_writers import sound_nifti
from tests.imaging.phantoms import (
    AFFINE_LPS_AXES,
    SHAPE,
    phantom_grid,
    phantom_labels,
    write_one_hot,
    write_phantom,
)

CHANNELS = 6


def one_hot() -> NDArray[np.uint8]:
    """(channels, ni, nj, nk): overlapping channels, number 4 is empty."""
    labels = phantom_labels()
    unions = ({1}, {2}, {3}, {1, 2}, set(), {1, 2, 3})
    return np.stack([np.isin(labels, list(u)).astype(np.uint8) for u in unions])


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("suffix", ["mha", "mhd", "nrrd", "nhdr"])
def test_every_channel_is_its_structure(tmp_path: Path, suffix: str, packed: bool) -> None:
    path = write_one_hot(tmp_path / f"labels.{suffix}", one_hot(), packed=packed)
    assert is_one_hot(path)
    found = read_one_hot(path, phantom_grid(), {0, 2, 3, 4, 5})
    assert found.channels == CHANNELS
    assert set(found.masks) == {0, 2, 3, 4, 5}
    for number, mask in found.masks.items():
        assert np.array_equal(mask.dense(), one_hot()[number] != 0)


def test_a_nifti_of_channels_is_one_hot_too(tmp_path: Path) -> None:
    channels = np.ascontiguousarray(np.moveaxis(one_hot(), 0, -1))
    path = sound_nifti(channels, AFFINE_LPS_AXES).write(tmp_path / "labels.nii.gz")
    assert is_one_hot(path)
    found = read_one_hot(path, phantom_grid(), {2, 5})
    assert found.channels == CHANNELS
    for number, mask in found.masks.items():
        assert np.array_equal(mask.dense(), one_hot()[number] != 0)


@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.float32, np.int64])
def test_channels_of_other_number_types_are_read(tmp_path: Path, dtype: type) -> None:
    path = write_one_hot(tmp_path / "labels.mha", one_hot().astype(dtype), packed=True)
    masks = read_one_hot(path, phantom_grid(), {5}).masks
    assert np.array_equal(masks[5].dense(), one_hot()[5] != 0)


def test_big_endian_voxels_are_read(tmp_path: Path) -> None:
    path = write_one_hot(tmp_path / "labels.mha", one_hot().astype(np.int16), packed=False)
    header, voxels = path.read_bytes().split(b"ElementDataFile = LOCAL\n")
    header = header.replace(b"OrderMSB = False", b"OrderMSB = True")
    swapped = np.frombuffer(voxels, "<i2").astype(">i2").tobytes()
    path.write_bytes(header + b"ElementDataFile = LOCAL\n" + swapped)
    masks = read_one_hot(path, phantom_grid(), {0}).masks
    assert np.array_equal(masks[0].dense(), one_hot()[0] != 0)


def test_a_three_dimensional_image_is_no_one_hot_file(tmp_path: Path) -> None:
    assert not is_one_hot(write_phantom(tmp_path / "labels.mha", phantom_labels()))
    assert not is_one_hot(write_phantom(tmp_path / "labels.nii.gz", phantom_labels()))


def test_a_nifti_of_one_volume_is_no_one_hot_file(tmp_path: Path) -> None:
    path = tmp_path / "labels.nii.gz"
    nib.save(nib.Nifti1Image(phantom_labels()[..., None], AFFINE_LPS_AXES), path)
    assert not is_one_hot(path)


def test_another_grid_is_refused(tmp_path: Path) -> None:
    path = write_one_hot(tmp_path / "labels.mha", one_hot(), packed=True)
    with pytest.raises(GeometryError, match=r"labels\.mha"):
        read_one_hot(path, phantom_grid().cropped((0, 0, 1), SHAPE), {0})


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("suffix", ["mha", "nrrd"])
def test_a_cut_off_file_is_refused(tmp_path: Path, suffix: str, packed: bool) -> None:
    path = write_one_hot(tmp_path / f"labels.{suffix}", one_hot(), packed=packed)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match=rf"labels\.{suffix}"):
        read_one_hot(path, phantom_grid(), {0, 5})


def test_a_channel_with_several_values_is_refused(tmp_path: Path) -> None:
    channels = one_hot()
    channels[1] = phantom_labels()
    path = write_one_hot(tmp_path / "labels.mha", channels, packed=True)
    with pytest.raises(DataError, match=r"labels\.mha channel 1: .*up to 3"):
        read_one_hot(path, phantom_grid(), {1})


def test_bytes_that_are_no_zlib_are_refused(tmp_path: Path) -> None:
    path = write_one_hot(tmp_path / "labels.mha", one_hot(), packed=True)
    header, _ = path.read_bytes().split(b"ElementDataFile = LOCAL\n")
    path.write_bytes(header + b"ElementDataFile = LOCAL\n" + b"nonsense" * 20)
    with pytest.raises(DataError, match="undamaged compressed voxels"):
        read_one_hot(path, phantom_grid(), {0})


MEASURE = """
import resource, sys
from pathlib import Path
import numpy as np
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.one_hot_files import read_one_hot
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
grid = Grid.from_lps((256, 256, 64), (1, 1, 1), (0, 0, 0), np.eye(3).ravel())
found = read_one_hot(Path(sys.argv[1]), grid, range(45))
voxels = sum(mask.voxel_count for mask in found.masks.values())
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(voxels, (peak - before) * 1024)
"""


@pytest.mark.parametrize("packed", [False, True])
def test_memory_stays_at_a_few_channels(tmp_path: Path, packed: bool) -> None:
    """45 channels of 4 MiB; all of them would be 189 MB. The rest is cropped masks."""
    volumes, wanted = [], 0
    for number in range(45):
        channel = np.zeros((64, 256, 256), np.uint8)
        channel[10:30, 20 + number : 90, 30:60] = 1
        wanted += int(channel.sum())
        volumes.append(sitk.GetImageFromArray(channel))
    path = tmp_path / "labels.mha"
    sitk.WriteImage(sitk.JoinSeries(volumes), str(path), packed)
    command = [sys.executable, "-c", MEASURE, str(path)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    voxels, grown = int(answer[0]), int(answer[1])
    assert voxels == wanted
    assert grown < 10 * 64 * 256 * 256, f"{grown / 1e6:.0f} MB"


def test_scaled_channels_are_read(tmp_path: Path) -> None:
    channels = np.ascontiguousarray(np.moveaxis(one_hot() * np.uint8(255), 0, -1))
    file = replace(sound_nifti(channels, AFFINE_LPS_AXES), slope=1 / 255)
    path = file.write(tmp_path / "labels.nii.gz")
    assert is_one_hot(path)
    found = read_one_hot(path, phantom_grid(), {2, 5})
    for number, mask in found.masks.items():
        assert np.array_equal(mask.dense(), one_hot()[number] != 0)


@pytest.mark.parametrize(
    ("value", "found"), [(np.nan, "of NaN or infinity"), (0.7, "found fractions")]
)
def test_a_channel_is_judged_as_any_other_mask(tmp_path: Path, value: float, found: str) -> None:
    channels = one_hot().astype(np.float32)
    channels[3][channels[3] > 0] = value
    path = write_one_hot(tmp_path / "labels.mha", channels, packed=False)
    with pytest.raises(DataError, match=f"channel 3: whole numbers .*{found}"):
        read_one_hot(path, phantom_grid(), {3})

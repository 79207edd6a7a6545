"""Reading a CT: number types, geometry that is kept, and every kind of bad file refused."""

from __future__ import annotations

import contextlib
import gzip
import struct
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from han5k_review.errors import DataError, GeometryError
from han5k_review.imaging.ct_files import read_ct, read_ct_with_notices
from tests.imaging.phantoms import AFFINE_LPS_AXES, SHAPE, phantom_hu, write_image, write_phantom


def patched_nifti(path: Path, offset: int, layout: str, *values: float) -> Path:
    """A NIfTI file whose header bytes at `offset` are overwritten."""
    whole = bytearray(nib.Nifti1Image(phantom_hu(), AFFINE_LPS_AXES).to_bytes())
    struct.pack_into(layout, whole, offset, *values)
    path.write_bytes(gzip.compress(bytes(whole)))
    return path


@pytest.mark.parametrize(
    "dtype", ["int8", "uint8", "uint16", "int32", "int64", "float32", "float64"]
)
@pytest.mark.parametrize("suffix", ["nii.gz", "nrrd", "mha"])
def test_any_number_type_becomes_int16(tmp_path: Path, dtype: str, suffix: str) -> None:
    hu = np.clip(phantom_hu(), *(0, 255) if dtype[0] == "u" else (-100, 100)).astype(dtype)
    volume = read_ct(write_image(tmp_path / f"ct.{suffix}", hu, AFFINE_LPS_AXES))
    assert volume.hu.dtype == np.int16
    assert np.array_equal(volume.hu, hu.astype(np.int16))


def test_fractions_of_hu_are_rounded(tmp_path: Path) -> None:
    hu = np.full(SHAPE, -999.6, dtype=np.float32)
    hu[0, 0, 0] = 300.4
    volume = read_ct(write_phantom(tmp_path / "ct.mha", hu))
    assert volume.hu[0, 0, 0] == 300
    assert volume.hu[1, 1, 1] == -1000


def test_the_slope_and_intercept_of_a_nifti_are_applied(tmp_path: Path) -> None:
    path = patched_nifti(tmp_path / "ct.nii.gz", 112, "<2f", 2.0, -10.0)
    assert np.array_equal(read_ct(path).hu, phantom_hu() * 2 - 10)


def test_an_oblique_grid_is_kept_with_a_notice(tmp_path: Path) -> None:
    turn = np.deg2rad(15)
    rotation = np.eye(4)
    rotation[:2, :2] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    affine = rotation @ AFFINE_LPS_AXES
    reading = read_ct_with_notices(write_image(tmp_path / "ct.nrrd", phantom_hu(), affine))
    assert np.allclose(reading.volume.grid.affine, affine, atol=1e-5)
    assert np.array_equal(reading.volume.hu, phantom_hu())
    assert any("oblique" in notice for notice in reading.notices)


def test_a_plain_ct_has_no_notice(tmp_path: Path) -> None:
    assert read_ct_with_notices(write_phantom(tmp_path / "ct.nii.gz", phantom_hu())).notices == ()


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(0, 1, "is it a CT?"), (0, 3000, "offset of -1024"), (-1024, 50, "is it a CT?")],
)
def test_numbers_that_do_not_look_like_a_ct_are_noticed(
    tmp_path: Path, low: int, high: int, words: str
) -> None:
    hu = np.full(SHAPE, low, dtype=np.int16)
    hu[2, 2, 2] = high
    (notice,) = read_ct_with_notices(write_phantom(tmp_path / "ct.mha", hu)).notices
    assert words in notice


def test_a_nifti_without_orientation_is_noticed(tmp_path: Path) -> None:
    path = patched_nifti(tmp_path / "ct.nii.gz", 252, "<2h", 0, 0)
    (notice,) = read_ct_with_notices(path).notices
    assert "left and right are a guess" in notice


def test_a_nifti_with_two_orientations_is_refused(tmp_path: Path) -> None:
    image = nib.Nifti1Image(phantom_hu(), AFFINE_LPS_AXES)
    image.set_qform(np.diag([1.5, 2.0, 3.0, 1.0]), code=1)
    nib.save(image, tmp_path / "ct.nii.gz")
    with pytest.raises(GeometryError, match=r"its sform and qform are up to 321\.40 mm"):
        read_ct(tmp_path / "ct.nii.gz")


def test_a_truncated_gzip_is_refused(tmp_path: Path) -> None:
    path = write_phantom(tmp_path / "ct.nii.gz", phantom_hu())
    content = path.read_bytes()
    for kept in (100, len(content) // 2, len(content) - 4):
        path.write_bytes(content[:kept])
        with pytest.raises(DataError, match=r"ct\.nii\.gz: a whole compressed file was expected"):
            read_ct(path)


def test_a_gzip_with_a_flipped_bit_is_refused(tmp_path: Path) -> None:
    path = write_phantom(tmp_path / "ct.nii.gz", phantom_hu())
    content = bytearray(path.read_bytes())
    content[-6] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="undamaged compressed"):
        read_ct(path)


@pytest.mark.parametrize("suffix", ["nii.gz", "nrrd", "mha"])
@pytest.mark.parametrize("place", [0.5, 0.9])
def test_a_flipped_bit_in_compressed_voxels_is_refused(
    tmp_path: Path, suffix: str, place: float
) -> None:
    noise = np.random.default_rng(3).integers(-1000, 1000, (30, 30, 30)).astype(np.int16)
    path = tmp_path / f"ct.{suffix}"
    sitk.WriteImage(sitk.GetImageFromArray(noise), str(path), True)
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 4
    path.write_bytes(content)
    with pytest.raises(DataError, match="undamaged"):
        read_ct(path)


@pytest.mark.parametrize("suffix", ["mhd", "nhdr"])
@pytest.mark.parametrize("packed", [False, True])
def test_headers_with_their_voxels_in_another_file_are_read(
    tmp_path: Path, suffix: str, packed: bool
) -> None:
    path = tmp_path / f"ct.{suffix}"
    sitk.WriteImage(sitk.GetImageFromArray(phantom_hu().transpose(2, 1, 0)), str(path), packed)
    assert np.array_equal(read_ct(path).hu, phantom_hu())
    for other in tmp_path.iterdir():
        if other != path:
            other.unlink()
    with pytest.raises(DataError, match=rf"ct\.{suffix}"):
        read_ct(path)


@pytest.mark.parametrize("suffix", ["nii", "nrrd", "mha"])
def test_a_cut_off_file_is_refused(tmp_path: Path, suffix: str) -> None:
    path = write_phantom(tmp_path / f"ct.{suffix}", phantom_hu())
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(DataError, match=rf"ct\.{suffix}: "):
        read_ct(path)


@pytest.mark.parametrize("suffix", ["nii.gz", "nii", "nrrd", "mha"])
@pytest.mark.parametrize("content", [b"Dear colleague, here is the scan.\n" * 40, b""])
def test_a_text_file_named_like_an_image_is_refused(
    tmp_path: Path, suffix: str, content: bytes
) -> None:
    path = tmp_path / f"ct.{suffix}"
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"ct\.{suffix}: .* expected"):
        read_ct(path)


def test_a_missing_file_a_folder_and_another_format_are_refused(tmp_path: Path) -> None:
    (tmp_path / "ct.dcm").write_bytes(b"x")
    with pytest.raises(DataError, match="found nothing"):
        read_ct(tmp_path / "ct.nii.gz")
    with pytest.raises(DataError, match="found a folder"):
        read_ct(tmp_path)
    with pytest.raises(DataError, match="NIfTI, NRRD or MetaImage"):
        read_ct(tmp_path / "ct.dcm")


@pytest.mark.parametrize("spacing", [float("nan"), 0.0, float("inf")])
def test_nan_zero_and_infinite_spacing_are_refused(tmp_path: Path, spacing: float) -> None:
    path = patched_nifti(tmp_path / "ct.nii.gz", 80, "<f", spacing)
    with pytest.raises(GeometryError, match=r"ct\.nii\.gz: finite spacing above 0 mm"):
        read_ct(path)


@pytest.mark.parametrize("spacing", [b"nan 2 3", b"0 2 3"])
def test_bad_spacing_in_a_metaimage_is_refused(tmp_path: Path, spacing: bytes) -> None:
    path = write_phantom(tmp_path / "ct.mha", phantom_hu())
    path.write_bytes(
        path.read_bytes().replace(b"ElementSpacing = 1.5 2 3", b"ElementSpacing = " + spacing)
    )
    with pytest.raises(GeometryError, match=r"ct\.mha: finite spacing above 0"):
        read_ct(path)


def test_nan_in_the_orientation_is_refused(tmp_path: Path) -> None:
    path = patched_nifti(tmp_path / "ct.nii.gz", 284, "<f", float("nan"))
    with pytest.raises(GeometryError, match=r"ct\.nii\.gz: finite"):
        read_ct(path)


def test_a_sheared_grid_is_refused(tmp_path: Path) -> None:
    affine = AFFINE_LPS_AXES.copy()
    affine[0, 1] = 0.7
    image = nib.Nifti1Image(phantom_hu(), None)
    image.set_sform(affine, code=1)
    nib.save(image, tmp_path / "ct.nii.gz")
    with pytest.raises(GeometryError, match="three perpendicular axes"):
        read_ct(tmp_path / "ct.nii.gz")


@pytest.mark.parametrize("suffix", ["nii.gz", "nrrd", "mha"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_voxels_that_are_no_numbers_are_refused(tmp_path: Path, suffix: str, value: float) -> None:
    hu = phantom_hu().astype(np.float32)
    hu[1, 2, 3] = hu[0, 0, 0] = value
    with pytest.raises(DataError, match=r"2 voxels of NaN or infinity"):
        read_ct(write_phantom(tmp_path / f"ct.{suffix}", hu))


def test_values_beyond_int16_are_refused(tmp_path: Path) -> None:
    hu = phantom_hu().astype(np.int32)
    hu[0, 0, 0] = 70000
    with pytest.raises(DataError, match="found -1019 to 70000"):
        read_ct(write_phantom(tmp_path / "ct.mha", hu))


@pytest.mark.parametrize("suffix", ["nii.gz", "nrrd", "mha"])
def test_two_and_four_dimensional_images_are_refused(tmp_path: Path, suffix: str) -> None:
    path = str(tmp_path / f"ct.{suffix}")
    flat = sitk.GetImageFromArray(phantom_hu()[:, :, 0])
    sitk.WriteImage(flat, path)
    with pytest.raises(DataError, match="found 2-D"):
        read_ct(Path(path))
    volume = sitk.GetImageFromArray(phantom_hu())
    sitk.WriteImage(sitk.JoinSeries([volume, volume]), path)
    with pytest.raises(DataError, match="found 4-D"):
        read_ct(Path(path))


def test_a_colour_image_is_refused(tmp_path: Path) -> None:
    color = sitk.GetImageFromArray(np.zeros((4, 5, 6, 3), np.uint8), isVector=True)
    sitk.WriteImage(color, str(tmp_path / "ct.mha"))
    with pytest.raises(DataError, match="one number per voxel was expected, found 3"):
        read_ct(tmp_path / "ct.mha")


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_header_never_ends_in_a_foreign_error(tmp_path: Path, seed: int) -> None:
    randomness = np.random.default_rng(seed)
    whole = bytearray(nib.Nifti1Image(phantom_hu(), AFFINE_LPS_AXES).to_bytes())
    for place in randomness.integers(40, 348, size=6):
        whole[place] = randomness.integers(256)
    path = tmp_path / "ct.nii"
    path.write_bytes(whole)
    with contextlib.suppress(DataError):
        assert np.isfinite(read_ct(path).grid.affine).all()

"""CT series: what comes in is the phantom, voxel for voxel; what cannot be trusted is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from han5k_review.errors import DataError
from han5k_review.imaging.dicom.series import read_series, read_series_outline
from han5k_review.imaging.grid import Grid
from tests.imaging.dicom.writing import (
    CT,
    build_slices,
    ct_grid,
    ct_hu,
    save,
    write_series,
)


def phantom_comes_back(folder: Path) -> tuple[str, ...]:
    """Assert that the phantom is read voxel for voxel, and give the notices."""
    found = read_series(folder)
    assert found.outline.grid.measure_apart_mm(ct_grid()) < 1e-6
    np.testing.assert_array_equal(found.hu, ct_hu())
    return found.notices


def test_a_series_is_sorted_by_position_and_comes_back_voxel_for_voxel(tmp_path: Path) -> None:
    assert phantom_comes_back(write_series(tmp_path)) == ()


@pytest.mark.parametrize("axes", [(1, 0, 0, 0, 0, -1), (0, 1, 0, 0, 0, -1), (-1, 0, 0, 0, -1, 0)])
def test_any_orientation_is_brought_to_lps_axes(tmp_path: Path, axes: tuple[float, ...]) -> None:
    row, column = np.array(axes[:3], float), np.array(axes[3:], float)
    direction = np.stack([row, column, np.cross(row, column)], axis=1)
    grid = Grid.from_lps((12, 10, 6), (1.5, 2, 3), (10, 20, -30), direction.ravel())
    found = read_series(write_series(tmp_path, grid=grid))
    change = grid.reorientation_to_lps()
    assert found.outline.grid.orientation == "LPS"
    assert found.outline.grid.matches(grid.reoriented(change), tolerance_mm=1e-6)
    np.testing.assert_array_equal(found.hu, change.apply(ct_hu()))


def test_an_oblique_series_keeps_its_axes(tmp_path: Path) -> None:
    turn = np.radians(20)
    direction = [np.cos(turn), -np.sin(turn), 0, np.sin(turn), np.cos(turn), 0, 0, 0, 1]
    grid = Grid.from_lps((12, 10, 6), (1.5, 2, 3), (10, 20, -30), direction)
    found = read_series(write_series(tmp_path, grid=grid))
    assert found.outline.grid.matches(grid, tolerance_mm=1e-6)
    assert found.outline.grid.is_oblique


def test_each_slice_has_its_own_slope_and_intercept(tmp_path: Path) -> None:
    hu, grid = (ct_hu() // 2 * 2).astype(np.int16), ct_grid()
    plain, doubled = build_slices(hu, grid), build_slices(hu, grid, slope=2.0, intercept=-2000)
    for k in range(6):
        save((plain if k % 2 else doubled)[k], tmp_path / f"{k}.dcm")
    np.testing.assert_array_equal(read_series(tmp_path).hu, hu)


def stored_as(bits: int, signed: int) -> Callable[[int, Dataset], None]:
    def change(_k: int, one: Dataset) -> None:
        values = np.frombuffer(one.PixelData, "<u2").astype(int)
        one.RescaleIntercept = 0 if signed else -1024
        numbers = values - 1024 if signed else values
        # What stands in the unused bits is an overlay: it must not count.
        one.PixelData = (
            ((numbers & ((1 << bits) - 1)) | (1 << 15 if bits < 16 else 0)).astype("<u2").tobytes()
        )
        one.BitsStored, one.HighBit, one.PixelRepresentation = bits, bits - 1, signed

    return change


@pytest.mark.parametrize("bits", [12, 13, 16])
@pytest.mark.parametrize("signed", [0, 1])
def test_bits_and_sign_are_read_as_stored(tmp_path: Path, bits: int, signed: int) -> None:
    phantom_comes_back(write_series(tmp_path, change=stored_as(bits, signed)))


def test_padding_becomes_air_with_a_notice(tmp_path: Path) -> None:
    def change(_k: int, one: Dataset) -> None:
        values = np.frombuffer(one.PixelData, "<u2").copy()
        values[:4] = 63536  # -2000 as GE writes it
        one.PixelData = values.tobytes()
        one.add_new(0x00280120, "US", 63536)

    found = read_series(write_series(tmp_path, change=change))
    assert (found.hu[:4, 0] == -1024).all()
    np.testing.assert_array_equal(found.hu[:, 1:], ct_hu()[:, 1:])
    assert found.notices == ("24 padding pixels around the image: set to -1024 HU",)


@pytest.mark.parametrize(
    "syntax",
    [
        DeflatedExplicitVRLittleEndian,
        RLELossless,
        JPEG2000Lossless,
        JPEGLSLossless,
        JPEGLossless,
        JPEGLosslessSV1,
    ],
)
def test_packed_series_come_back_voxel_for_voxel(tmp_path: Path, syntax: pydicom.uid.UID) -> None:
    import imagecodecs  # noqa: PLC0415 - the oracle that packs, for formats pydicom cannot write

    for k, one in enumerate(build_slices(ct_hu(), ct_grid())):
        pixels = np.frombuffer(one.PixelData, "<u2").reshape(10, 12)
        save(one, tmp_path / f"{k}.dcm")
        if syntax == RLELossless:
            one.compress(syntax, encoding_plugin="pydicom", generate_instance_uid=False)
        elif syntax.is_encapsulated:
            pack = {
                JPEGLSLossless: imagecodecs.jpegls_encode,
                JPEG2000Lossless: lambda p: imagecodecs.jpeg2k_encode(
                    p, codecformat="j2k", level=0
                ),
            }.get(syntax, imagecodecs.ljpeg_encode)
            one.PixelData = pydicom.encaps.encapsulate([pack(pixels)])
            one["PixelData"].VR = "OB"
        one.file_meta.TransferSyntaxUID = syntax
        one.save_as(tmp_path / f"{k}.dcm", enforce_file_format=True)
    assert phantom_comes_back(tmp_path) == ()


def relabel(name: str, folder: Path) -> Path:
    """One of pydicom's own files as a CT of one slice."""
    one = pydicom.dcmread(str(get_testdata_file(name)))
    one.SOPClassUID, one.Modality, one.ImageType = CT, "CT", ["ORIGINAL", "PRIMARY", "AXIAL"]
    one.ImagePositionPatient, one.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
    one.PixelSpacing, one.SliceThickness = [1, 1], 2
    one.RescaleSlope, one.RescaleIntercept = 1, 0 if one.PixelRepresentation else -32768
    one.save_as(folder / "one.dcm")
    return folder


@pytest.mark.parametrize(
    "name", ["MR_small_RLE.dcm", "MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm"]
)
def test_files_packed_by_others_are_their_plain_file(tmp_path: Path, name: str) -> None:
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    plain.mkdir()
    packed.mkdir()
    np.testing.assert_array_equal(
        read_series(relabel(name, packed)).hu, read_series(relabel("MR_small.dcm", plain)).hu
    )


@pytest.mark.parametrize("name", ["JPEGLSNearLossless_16.dcm", "JPEG2000.dcm"])
def test_what_was_packed_with_loss_is_taken_with_a_warning(tmp_path: Path, name: str) -> None:
    notices = read_series(relabel(name, tmp_path)).notices
    assert any("1 of 1 slices were compressed with loss" in notice for notice in notices)


def test_lossy_jpeg_of_12_bits_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"JPEG Extended .*4\.51.* uncompressed DICOM"):
        read_series(relabel("JPEG-lossy.dcm", tmp_path))


# --- what is refused -------------------------------------------------------------------------


def test_a_file_chooses_its_series_among_several(tmp_path: Path) -> None:
    write_series(tmp_path / "scan")
    other = write_series(
        tmp_path / "other", change=lambda _k, one: setattr(one, "SeriesInstanceUID", "9.9.9")
    )
    with pytest.raises(DataError, match="one CT series was expected, found 2"):
        read_series_outline(tmp_path)
    for file in other.iterdir():
        file.rename(tmp_path / "scan" / f"other-{file.name}")
    phantom_comes_back(tmp_path / "scan" / "000.dcm")


def test_what_is_no_ct_is_left_out_and_counted(tmp_path: Path) -> None:
    write_series(tmp_path)
    scout, dose = build_slices(ct_hu(), ct_grid())[:2]
    scout.ImageType, scout.SeriesInstanceUID = ["ORIGINAL", "PRIMARY", "LOCALIZER"], "9.8"
    dose.SOPClassUID, dose.Modality = "1.2.840.10008.5.1.4.1.1.481.2", "RTDOSE"
    save(scout, tmp_path / "scout.dcm")
    save(dose, tmp_path / "dose.dcm")
    (tmp_path / "notes.txt").write_text("nothing")
    assert phantom_comes_back(tmp_path) == (
        "left out of the folder: 1 file of modality RTDOSE, 1 localizer (scout) image",
    )


def test_files_without_preamble_position_and_with_private_tags_are_taken(tmp_path: Path) -> None:
    def change(_k: int, one: Dataset) -> None:
        del one.PatientPosition
        block = one.private_block(0x0009, "SECRET VENDOR", create=True)
        block.add_new(0x01, "LO", "SECRET NAME")

    write_series(tmp_path, change=change)
    for file in tmp_path.iterdir():
        data = file.read_bytes()
        file.write_bytes(data[data.index(b"\x08\x00\x08\x00") :])
    notices = phantom_comes_back(tmp_path)
    assert [notice for notice in notices if "patient position" in notice]


def test_the_real_series_is_its_nifti(shared_data: Path) -> None:
    from han5k_review.imaging.ct_files import read_ct  # noqa: PLC0415

    folder = shared_data / "rtstruct-sts" / "STS_002" / "CT"
    found = read_series(folder / "dicom")
    other = read_ct(folder / "nifti" / "image" / "image.nii.gz")
    assert found.outline.grid.is_near(other.grid)
    np.testing.assert_array_equal(found.hu, other.hu)

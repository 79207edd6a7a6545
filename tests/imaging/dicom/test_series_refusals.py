"""Series that are wrong, incomplete or no CT: refused with their numbers, or told apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from han5k_review.errors import DataError, GeometryError
from han5k_review.imaging.dicom.series import read_series, read_series_outline
from tests.imaging.dicom.writing import (
    CT,
    ct_grid,
    write_series,
)


def change_one(number: int, **elements: object) -> Callable[[int, Dataset], None]:
    def change(k: int, one: Dataset) -> None:
        if k == number:
            for name, value in elements.items():
                setattr(one, name, value)

    return change


def move(number: int, by_mm: float, axis: int = 2) -> Callable[[int, Dataset], None]:
    def change(k: int, one: Dataset) -> None:
        if k == number:
            place = [float(v) for v in one.ImagePositionPatient]
            place[axis] += by_mm
            one.ImagePositionPatient = place

    return change


def tilt(k: int, one: Dataset) -> None:
    place = [float(v) for v in one.ImagePositionPatient]
    one.ImagePositionPatient = [place[0], place[1] + 0.2 * k, place[2]]


REFUSED = {
    "uneven": (move(3, 0.05), "uneven ones: slice 4 (at -301.70 mm) comes 3.050 mm"),
    "double": (move(3, -3.0), "at -304.75 mm (1 of 6 slices too many)"),
    "aside": (move(3, 0.5, axis=0), "slice 4 of 6 (at -301.75 mm) lies 0.500 mm off"),
    "tilt": (tilt, "a gantry tilt of 3.814 degrees (0.200 mm aside per slice)"),
    "turned": (
        change_one(2, ImageOrientationPatient=[0.9998, 0.02, 0, -0.02, 0.9998, 0]),
        "number 3 turned by 1.15 degrees",
    ),
    "pixel size": (change_one(2, PixelSpacing=[2.1, 1.5]), "12 x 10 of 1.5000 x 2.1000 mm"),
    "no position": (change_one(2, ImagePositionPatient=None), "ImagePositionPatient"),
    "NaN position": (
        change_one(2, ImagePositionPatient=["nan", "0", "0"]),
        "ImagePositionPatient",
    ),
    "sign of slope": (change_one(2, RescaleSlope=-1.0), "1 of 6 slices have one below 0"),
    "NaN slope": (change_one(2, RescaleSlope="nan"), "slice 3 of 6: a finite rescale slope"),
    "huge slope": (change_one(2, RescaleSlope=1e4), "slice 3 of 6: HU between"),
    "truncated": (change_one(2, PixelData=b"\0" * 100), "240 bytes of pixels were expected"),
    "burnt in": (change_one(2, BurnedInAnnotation="YES"), "1 of 6 say"),
    "two patients": (change_one(2, PatientID="OTHER-SECRET"), "2 patients"),
    "two series": (change_one(2, SeriesInstanceUID="9.9.9.123456"), "found 2: series"),
    "enhanced": (change_one(2, SOPClassUID=f"{CT}.1"), "an Enhanced CT"),
}


@pytest.mark.parametrize("defect", REFUSED)
@pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom warns the writer of the defects
def test_an_untrustworthy_series_is_refused_with_its_numbers(tmp_path: Path, defect: str) -> None:
    change, words = REFUSED[defect]
    before = pydicom.config.settings.writing_validation_mode
    pydicom.config.settings.writing_validation_mode = pydicom.config.IGNORE
    try:
        write_series(tmp_path, change=change)
    finally:
        pydicom.config.settings.writing_validation_mode = before
    with pytest.raises((DataError, GeometryError)) as caught:
        read_series(tmp_path)
    assert words in str(caught.value)
    assert "SECRET" not in str(caught.value)


def test_missing_slices_are_counted_with_their_place(tmp_path: Path) -> None:
    write_series(tmp_path, grid=ct_grid((12, 10, 9)))
    for file in tmp_path.iterdir():
        if pydicom.dcmread(file).InstanceNumber in (4, 5):
            file.unlink()
    words = r"2 are missing: 2 between -304.75 and -295.75 mm"
    with pytest.raises(GeometryError, match=words):
        read_series_outline(tmp_path)


def test_a_program_in_the_preamble_is_refused(tmp_path: Path) -> None:
    write_series(tmp_path)
    file = next(tmp_path.iterdir())
    file.write_bytes(b"MZ" + file.read_bytes()[2:])
    with pytest.raises(DataError, match="a program as well"):
        read_series_outline(tmp_path)


def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    write_series(tmp_path)
    file = tmp_path / "003.dcm"
    whole = file.read_bytes()
    for size in range(400, len(whole) - 1, 37):
        file.write_bytes(whole[:size])
        with pytest.raises((DataError, GeometryError)) as caught:
            read_series(tmp_path)
        assert "SECRET" not in str(caught.value)

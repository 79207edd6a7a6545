"""A .zip of DICOM is read as its folder; one that plays tricks is refused and leaves nothing."""

from __future__ import annotations

import os
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from han5k_review.errors import DataError
from han5k_review.imaging.dicom.labels import read_dicom_labels
from han5k_review.imaging.dicom.series import read_series
from tests.imaging.dicom.writing import (
    FRAME,
    build_rtstruct,
    ct_grid,
    ct_hu,
    save_rtstruct,
    square,
    write_series,
)


def pack(folder: Path, to: Path, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(to, "w", compression) as archive:
        for file in sorted(folder.rglob("*.dcm")):
            archive.write(file, f"SECRET NAME/{file.relative_to(folder)}")
    return to


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = write_series(tmp_path / "scan")
    dataset = build_rtstruct([("A", [square(ct_grid(), 1.5, 4.5, 1)])])
    save_rtstruct(dataset, folder / "plan" / "rs.dcm")
    return pack(folder, tmp_path / "case.zip")


def test_an_archive_is_its_folder(archive: Path) -> None:
    before = set(Path(tempfile.gettempdir()).glob(f"han5k-spool-{os.getpid()}-*"))
    np.testing.assert_array_equal(read_series(archive).hu, ct_hu())
    assert [roi.name for roi in read_dicom_labels(archive, FRAME).labels] == ["A"]
    assert set(Path(tempfile.gettempdir()).glob(f"han5k-spool-{os.getpid()}-*")) <= before


def test_its_errors_name_the_archive_and_no_name_in_it(tmp_path: Path) -> None:
    folder = write_series(tmp_path / "scan")
    (folder / "003.dcm").unlink()
    (folder / "000.dcm").write_bytes((folder / "000.dcm").read_bytes()[:-50])
    path = pack(folder, tmp_path / "case.zip")
    with pytest.raises(DataError) as caught:
        read_series(path)
    assert str(path) in str(caught.value)
    assert "SECRET" not in str(caught.value)


def add_bomb(archive: zipfile.ZipFile) -> None:
    archive.writestr("zeros.dcm", b"\0" * 20_000_000)


def add_way_out(archive: zipfile.ZipFile) -> None:
    archive.writestr("../../out.dcm", b"x")


def add_absolute(archive: zipfile.ZipFile) -> None:
    archive.writestr("/out.dcm", b"x")


def add_link(archive: zipfile.ZipFile) -> None:
    link = zipfile.ZipInfo("link.dcm")
    link.external_attr = 0o120777 << 16
    archive.writestr(link, "/etc/hostname")


@pytest.mark.parametrize(
    ("trick", "words"),
    [
        (add_bomb, "found a file of 20 MB in 0.02 MB packed"),
        (add_way_out, "one leads out of it"),
        (add_absolute, "one leads out of it"),
        (add_link, "holds a link"),
    ],
)
def test_tricks_are_refused(archive: Path, trick, words: str) -> None:
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as opened:
        trick(opened)
    with pytest.raises(DataError, match=words):
        read_series(archive)


def test_a_file_longer_than_it_says_is_refused(archive: Path) -> None:
    """The size in the directory is made smaller: what comes out beyond it is not unpacked."""
    data = bytearray(archive.read_bytes())
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = (10).to_bytes(4, "little")
    archive.write_bytes(data)
    with pytest.raises(DataError, match=r"longer than it says|damaged"):
        read_dicom_labels(archive)


def test_damage_is_refused(archive: Path) -> None:
    whole = archive.read_bytes()
    archive.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"a whole \.zip was expected"):
        read_series(archive)
    archive.write_bytes(whole[:300] + b"\xff" * 40 + whole[340:])
    with pytest.raises(DataError, match=r"a whole \.zip was expected"):
        read_series(archive)

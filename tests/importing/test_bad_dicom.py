"""Bad DICOM by the front door: one sentence with file and case, nothing half-stored, others go on.

A disk that fills up is in test_interruptions.py.
"""

from __future__ import annotations

import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from han5k_review.importing.reports import CaseOutcome
from han5k_review.store.study import Study
from tests.imaging.dicom.test_doses import build_rtdose
from tests.imaging.dicom.writing import (
    build_rtstruct,
    ct_grid,
    ct_hu,
    save,
    save_rtstruct,
    square,
    write_series,
)
from tests.importing.case_files import content, plan, run
from tests.importing.test_dicom import dicom_source, write_structure_set

GRID = ct_grid()
NAME = "SECRET^PATIENT"
Damage = Callable[[Path], dict[str, str]]


def rewrite(folder: Path, change: Callable[[int, Dataset], None]) -> dict[str, str]:
    write_series(folder / "scan", change=change)
    return {}


def write_contour(folder: Path, points: np.ndarray) -> dict[str, str]:
    """One contour, its numbers as text in one piece: a million of them are written at once."""
    dataset = build_rtstruct([("parotid_l", [square(GRID, 1.5, 5.5, 1)])])
    contour = dataset.ROIContourSequence[0].ContourSequence[0]
    del contour.ContourData
    text = "\\".join(f"{number:.4f}" for number in points.ravel())
    contour.add_new(0x30060050, "OB", text.encode())
    save_rtstruct(dataset, folder / "plan" / "rs.dcm")
    return {}


def pack(folder: Path, add: Callable[[zipfile.ZipFile], None]) -> dict[str, str]:
    shutil.make_archive(str(folder / "all"), "zip", folder / "scan")
    with zipfile.ZipFile(folder / "all.zip", "a", zipfile.ZIP_DEFLATED) as archive:
        add(archive)
    return {"ct": "all.zip", "labels": "plan/rs.dcm"}


def zip_bomb(folder: Path) -> dict[str, str]:
    return pack(folder, lambda archive: archive.writestr("x.dcm", b"\0" * 20_000_000))


def link_in_an_archive(folder: Path) -> dict[str, str]:
    link = zipfile.ZipInfo("x.dcm")
    link.external_attr = 0o120777 << 16
    return pack(folder, lambda archive: archive.writestr(link, "/etc/hostname"))


def path_out_of_an_archive(folder: Path) -> dict[str, str]:
    return pack(folder, lambda archive: archive.writestr("../../x.dcm", b"x"))


def nan_coordinates(folder: Path) -> dict[str, str]:
    points = square(GRID, 1.5, 5.5, 1)
    points[2, 1] = np.nan
    return write_contour(folder, points)


def other_frame_of_reference(folder: Path) -> dict[str, str]:
    write_structure_set(folder / "plan" / "rs.dcm", "parotid_l", frame="9.9.123456")
    return {}


def no_ct_in_the_series(folder: Path) -> dict[str, str]:
    def change(k: int, one: Dataset) -> None:
        if k == 2:
            one.SOPClassUID, one.Modality = "1.2.840.10008.5.1.4.1.1.4", "MR"

    return rewrite(folder, change)


def program_in_the_preamble(folder: Path) -> dict[str, str]:
    file = folder / "scan" / "003.dcm"
    whole = file.read_bytes()
    file.write_bytes(b"MZ" + whole[2:])
    return {}


def truncated_pixels(folder: Path) -> dict[str, str]:
    file = folder / "scan" / "003.dcm"
    file.write_bytes(file.read_bytes()[:-50])
    return {}


def two_patients_in_a_series(folder: Path) -> dict[str, str]:
    def change(k: int, one: Dataset) -> None:
        if k > 2:
            one.PatientID = "SECRET-OTHER"

    return rewrite(folder, change)


def two_patients_in_a_folder(folder: Path) -> dict[str, str]:
    def change(k: int, one: Dataset) -> None:
        one.PatientID, one.PatientName = "SECRET-OTHER", "SECRET^OTHER"
        one.SeriesInstanceUID, one.SOPInstanceUID = "1.2.3.7", f"1.2.3.7.{k}"

    write_series(folder / "other", ct_hu() + 1, change=change)
    return {}


def dose_of_another_image(folder: Path) -> dict[str, str]:
    other = build_rtdose(lambda one: setattr(one, "FrameOfReferenceUID", "9.9.123456"))
    save(other, folder / "plan" / "dose.dcm")
    return {"dose": "plan/dose.dcm"}


def dose_that_is_none(folder: Path) -> dict[str, str]:
    return {"dose": "plan/rs.dcm"}


BAD: list[tuple[Damage, str]] = [
    (zip_bomb, "all.zip: images were expected, found a file of 20 MB in 0.02 MB packed"),
    (link_in_an_archive, "all.zip: files were expected, the archive holds a link"),
    (path_out_of_an_archive, "all.zip: files within the archive were expected, one leads out"),
    (nan_coordinates, "rs.dcm: contour 1 of ROI 1: finite coordinates were expected, found 1"),
    (other_frame_of_reference, "rs.dcm: contours in the CT's frame of reference"),
    (no_ct_in_the_series, "scan"),
    (program_in_the_preamble, "a DICOM file was expected, found one that is a program"),
    (truncated_pixels, "cut off"),
    (two_patients_in_a_series, "one patient"),
    (two_patients_in_a_folder, "found those of 2 patients"),
    (dose_of_another_image, "dose.dcm: "),
    (dose_that_is_none, "rs.dcm: "),
]


def write_patient(folder: Path) -> Path:
    write_series(folder / "scan")
    write_structure_set(folder / "plan" / "rs.dcm", "parotid_l")
    return folder


@pytest.mark.parametrize(("damage", "words"), BAD, ids=[damage.__name__ for damage, _ in BAD])
def test_a_bad_case_is_one_sentence_and_stops_no_other(
    study: Study, tmp_path: Path, damage: Damage, words: str
) -> None:
    bad, good = write_patient(tmp_path / "bad"), write_patient(tmp_path / "good")
    write_series(good / "scan", ct_hu() + 40)
    cells = {"ct": "scan", "labels": "plan/rs.dcm"}
    if damage is two_patients_in_a_folder:
        cells["ct"] = "."
    cells |= damage(bad)
    sources = (
        dicom_source(study, bad, case="HN-bad", **cells),
        dicom_source(study, good, case="HN-good", ct="scan", labels="plan/rs.dcm"),
    )
    for attempt in (plan, run):
        report = attempt(study, *sources)
        sentence = report.cases[0].sentence
        assert [c.outcome for c in report.cases] == [CaseOutcome.REFUSED, CaseOutcome.NEW], sentence
        assert sentence.startswith("HN-bad: refused (test ")
        assert words in sentence
        assert "\n" not in sentence
        assert "Error" not in sentence
        assert "SECRET" not in sentence
    there = content(study)
    assert [row[0] for row in there["cases"]] == ["HN-good"]
    stored = {str(row[3]) for row in there["versions"]} | {str(there["cases"][0][3])}
    on_disk = {p.name.removesuffix(".nii.gz") for p in study.labels.folder.glob("*/*")}
    on_disk |= {p.name for p in study.volumes.folder.glob("*/*")}
    assert on_disk == stored
    assert not study.doses.folder.exists()
    assert not (tmp_path / "x.dcm").exists()


def test_what_looks_bad_and_is_not_is_taken(study: Study, tmp_path: Path) -> None:
    """A million points, private elements with a name, and links that lead round or away."""

    def change(_k: int, one: Dataset) -> None:
        block = one.private_block(0x0009, NAME, create=True)
        block.add_new(0x01, "LO", NAME)

    patient = tmp_path / "patient"
    write_series(patient / "scan", change=change)
    turns = np.linspace(0, 2 * np.pi, 1_000_000, endpoint=False)
    middle = np.array([-32.0, -62.0, -307.75])
    circle = np.stack([np.cos(turns), np.sin(turns), 0 * turns], axis=1) * 5 + middle
    write_contour(patient, circle)
    (patient / "round").symlink_to(patient, target_is_directory=True)
    (patient / "away.dcm").symlink_to("/etc/hostname")
    report = run(study, dicom_source(study, patient))
    assert report.cases[0].outcome is CaseOutcome.NEW, report.cases[0].sentence
    study.engine.dispose()
    dump = "\n".join(sqlite3.connect(study.root / "study.sqlite3").iterdump())
    assert "SECRET" not in dump + report.cases[0].sentence

"""`han5k contours`: an RTSTRUCT that another study imports as the same masks."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pydicom
import pytest
from sqlmodel import select

from han5k_review.cli.main import main
from han5k_review.imaging.dicom.label_masks import build_label_mask
from han5k_review.imaging.dicom.labels import read_dicom_labels
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.store.tables import Audit, LabelVersion
from tests.imaging.dicom.writing import SERIES, STUDY, ct_grid, write_series
from tests.importing.case_files import run
from tests.importing.conftest import make_import_study, more_structures
from tests.importing.test_dicom import dicom_source, patient, write_structure_set

__all__ = ["make_import_study", "more_structures", "patient"]


@pytest.fixture
def study(make_import_study, patient: Path) -> Study:
    study = make_import_study()
    run(study, dicom_source(study, patient))
    return study


def command(study: Study, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(("contours", *words, "--study", str(study.root)))
    printed = capsys.readouterr()
    return int(ended.value.code or 0), printed.out + printed.err


def test_the_file_names_the_series_and_is_the_stored_masks(
    study: Study, patient: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.dcm"
    code, printed = command(
        study, capsys, "HN-1", "--out", str(out), "--series", str(patient / "scan")
    )
    assert code == 0
    assert "ParotidL: read back identical, 0.29 cc\n" in printed
    read = pydicom.dcmread(out)
    assert (read.StudyInstanceUID, str(read.PatientName)) == (STUDY, "HN-1")
    first = read.ROIContourSequence[1].ContourSequence[0]  # the chiasm, before it, is empty
    assert first.ContourImageSequence[0].ReferencedSOPInstanceUID == f"{SERIES}.2"
    roi = read.StructureSetROISequence[1]
    assert roi.ROIName == "Parotid_L"
    assert roi.ROIGenerationAlgorithm == "AUTOMATIC"
    assert roi.ROIGenerationDescription == "HaN5K pseudo, label version 1"
    with reading(study.engine) as session:
        versions = {v.structure: v.mask_sha256 for v in session.exec(select(LabelVersion)).all()}
        assert "download contours" in [row.action for row in session.exec(select(Audit)).all()]
    found = read_dicom_labels(out, read.FrameOfReferenceUID).labels
    masks = [build_label_mask(one, ct_grid()).mask.sha256 for one in found]
    assert sorted(masks) == sorted(versions.values())


def test_the_report_is_a_table_of_the_structures(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, report = tmp_path / "out.dcm", tmp_path / "out.csv"
    words = ("HN-1", "--out", str(out), "--format", "rtstruct-keyholes", "--report", str(report))
    code, _ = command(study, capsys, *words)
    assert code == 0
    frame = pd.read_csv(report)
    assert frame["structure"].tolist() == ["OpticChiasm", "ParotidL"]
    assert frame["identical"].all()
    assert frame["fill_rule_needed"].tolist() == ["any", "any"]


@pytest.mark.parametrize("dicom_format", ["rtstruct", "seg"])
def test_what_left_as_dicom_is_imported_as_the_same_labels(
    study: Study,
    patient: Path,
    make_import_study,
    capsys: pytest.CaptureFixture[str],
    dicom_format: str,
) -> None:
    words = ("HN-1", "--series", str(patient / "scan"), "--format", dicom_format)
    command(study, capsys, *words, "--out", str(patient.parent / "back.dcm"))
    other = make_import_study("other")
    sentence = run(other, dicom_source(other, patient, labels="../back.dcm")).cases[0].sentence
    assert "Parotid_L -> ParotidL" in sentence
    is_seg = dicom_format == "seg"
    assert ("AUTOMATIC, HaN5K pseudo, label version 1)" in sentence) == is_seg
    hashes = []
    for one in (study, other):
        with reading(one.engine) as session:
            rows = session.exec(select(LabelVersion)).all()
            hashes.append({row.structure: row.mask_sha256 for row in rows})
    assert hashes[0] == hashes[1]


@pytest.mark.parametrize(("format_", "ending"), [("seg.nrrd", ".seg.nrrd"), ("nifti", ".zip")])
def test_other_forms_leave_too(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str], format_: str, ending: str
) -> None:
    out = tmp_path / f"out{ending}"
    code, _ = command(
        study, capsys, "HN-1", "--out", str(out), "--format", format_, "--structure", "ParotidL"
    )
    assert code == 0
    assert out.stat().st_size > 0


def test_nothing_is_reported_of_a_file_that_cannot_be_written(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("no folder")
    report = tmp_path / "report.csv"
    words = ("HN-1", "--out", str(tmp_path / "file" / "out.dcm"), "--report", str(report))
    code, printed = command(study, capsys, *words)
    assert code == 2
    assert "read back identical" not in printed
    assert not report.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("HN-9",), "A case of the study was expected"),
        (("HN-1", "--set", "b"), "a set of a (Pseudo-label) was expected for --set, found 'b'"),
        (("HN-1", "--structure", "Liver"), "found Liver"),
        (("HN-1", "--format", "nifti", "--series", "."), "--series goes with --format rtstruct"),
    ],
)
def test_what_is_not_there_is_said(
    study: Study,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    said: str,
) -> None:
    code, printed = command(study, capsys, *words, "--out", str(tmp_path / "out.dcm"))
    assert code == 2
    assert said in printed
    assert not (tmp_path / "out.dcm").exists()


def test_the_series_of_another_case_is_refused(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = write_series(tmp_path / "other", grid=ct_grid((12, 10, 5)))
    write_structure_set(other / "rs.dcm", "parotid_l")
    words = ("HN-1", "--out", str(tmp_path / "out.dcm"), "--series", str(other))
    code, printed = command(study, capsys, *words)
    assert code == 2
    assert "the series of the case's CT" in printed

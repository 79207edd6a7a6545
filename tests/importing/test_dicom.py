"""DICOM by the front door: a folder becomes a case, an RTSTRUCT its labels, and no name enters."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from han5k_review.errors import DataError
from han5k_review.exports.contour_files import Contour, build_nifti_archive
from han5k_review.imaging.ct_files import read_ct_outline
from han5k_review.imaging.mask import StructureMask
from han5k_review.importing.case_labels import read_case_labels
from han5k_review.importing.fingerprints import list_input_files
from han5k_review.importing.reports import CaseOutcome, ImportReport
from han5k_review.importing.sources import CaseSource, build_source
from han5k_review.store.study import Study
from han5k_review.study import read_study_catalogue
from tests.imaging.dicom.writing import (
    build_rtstruct,
    ct_grid,
    ct_hu,
    save_rtstruct,
    square,
    write_series,
)
from tests.importing.case_files import content, plan, run, source, write_ct

GRID = ct_grid()
PLANTED = "SECRET"
ROI_TEXT = "FREETEXT"


def write_structure_set(path: Path, *names: str, frame: str = "1.2.3.3") -> Path:
    """One square per name, each on its own slices; the last name has no contour."""
    rois = [
        (name, [square(GRID, 1.5 + n, 5.5 + n, k) for k in (1, 2)]) for n, name in enumerate(names)
    ]
    return save_rtstruct(build_rtstruct([*rois, ("Chiasm", [])], frame=frame), path)


@pytest.fixture
def patient(tmp_path: Path) -> Path:
    """A folder tree of a CT series and a structure set."""
    folder = tmp_path / "patient"
    write_series(folder / "scan")
    write_structure_set(folder / "plan" / "rs.dcm", "parotid_l", f"{ROI_TEXT} PTV")
    return folder


def dicom_source(study: Study, folder: Path, **cells: str) -> CaseSource:
    return source(study, folder, **({"ct": ".", "labels": "auto", "label_map": ""} | cells))


def only(report: ImportReport) -> str:
    assert len(report.cases) == 1
    return report.cases[0].sentence


def test_a_folder_becomes_a_case_with_the_structure_set_in_it(
    make_import_study, patient: Path
) -> None:
    study = make_import_study()
    found = dicom_source(study, patient)
    for report in (plan(study, found, deep=False), plan(study, found), run(study, found)):
        sentence = only(report)
        assert "ROIs of the labels: parotid_l -> ParotidL" in sentence
        assert f"not matched: {ROI_TEXT} PTV" in sentence
        assert report.cases[0].outcome is CaseOutcome.NEW
    stored = content(study)
    versions = {row[1]: row[4] for row in stored["versions"]}  # type: ignore[index]
    assert versions["ParotidL"] == 2 * 16
    volume = study.volumes.get_volume(stored["cases"][0][3])  # type: ignore[index]
    np.testing.assert_array_equal(volume.hu, ct_hu())
    assert only(run(study, found)) == "HN-1: unchanged"


def test_any_changed_file_of_the_series_is_noticed(make_import_study, patient: Path) -> None:
    study = make_import_study()
    found = dicom_source(study, patient)
    run(study, found)
    assert len(list_input_files(patient)) == 7
    assert list_input_files(patient / "plan" / "rs.dcm") == (patient / "plan" / "rs.dcm",)
    assert len(list_input_files(patient / "scan" / "000.dcm")) == 6
    hu = ct_hu()
    hu[3, 3, 3] += 1
    write_series(patient / "scan", hu)
    assert "another" in only(run(study, found))


def test_a_file_names_the_series_and_another_the_structure_set(
    make_import_study, patient: Path
) -> None:
    study = make_import_study()
    found = dicom_source(study, patient, ct="scan/003.dcm", reference="plan/rs.dcm", labels="")
    assert "0 pseudo-labels and 1 reference" in only(run(study, found))


def test_a_structure_set_of_another_image_is_refused(make_import_study, patient: Path) -> None:
    write_structure_set(patient / "plan" / "rs.dcm", "parotid_l", frame="9.9.123456")
    study = make_import_study()
    found = dicom_source(study, patient)
    for report in (plan(study, found, deep=False), run(study, found)):
        assert "another image" in only(report)
    assert content(study)["cases"] == []


def test_two_rois_for_one_structure_are_refused(make_import_study, patient: Path) -> None:
    write_structure_set(patient / "plan" / "rs.dcm", "parotid_l", "Parotid-L")
    study = make_import_study()
    assert "ROIs 1 and 2" in only(run(study, dicom_source(study, patient)))


def test_a_structure_set_on_a_nifti_ct_is_placed_by_coordinates_with_a_notice(
    make_import_study, patient: Path
) -> None:
    study = make_import_study()
    labels = read_case_labels(patient / "plan" / "rs.dcm", GRID, read_study_catalogue(study), None)
    assert "names no frame of reference" in labels.notices[0]
    assert labels.masks["ParotidL"].voxel_count == 32  # type: ignore[index]


def test_a_folder_without_a_case_name_is_refused(make_import_study, patient: Path) -> None:
    study = make_import_study()
    with pytest.raises(DataError, match="may be the patient's"):
        build_source({"ct": str(patient)}, folder=Path(), study=study, origin="here")


def test_a_folder_of_masks_is_still_one(make_import_study, tmp_path: Path) -> None:
    study = make_import_study()
    write_ct(tmp_path)
    (tmp_path / "masks").mkdir()
    found = source(study, tmp_path, labels="masks", label_map="")
    assert "a folder with one mask file per structure" in only(run(study, found))
    # the zip of masks that a case page or `han5k contours` writes is one, too
    grid = read_ct_outline(tmp_path / "ct.nii.gz").grid
    mask = StructureMask.from_box(np.ones((2, 2, 2), bool), (1, 1, 1), grid)
    content = build_nifti_archive([Contour(structure="OpticChiasm", mask=mask)])
    (tmp_path / "masks.zip").write_bytes(content)
    zipped = source(study, tmp_path, labels="masks.zip", label_map="")
    assert "1 pseudo-label and" in only(plan(study, zipped, deep=False))
    assert [one.mask_sha256 for one in run(study, zipped).cases[0].labels] == [mask.sha256]


def plant(_k: int, one: Dataset) -> None:
    """The patient's name in every text element there is, private ones and sequences too."""
    for name in (
        *("PatientName", "OtherPatientNames", "PatientAddress", "PatientComments", "Occupation"),
        *("InstitutionName", "InstitutionAddress", "ReferringPhysicianName", "OperatorsName"),
        *("PerformingPhysicianName", "StationName", "StudyDescription", "SeriesDescription"),
        *("ProtocolName", "AccessionNumber", "StudyID", "ImageComments", "Manufacturer"),
        *("PatientID", "DeviceSerialNumber", "RequestingPhysician", "AdmissionID"),
        *("ContrastBolusAgent", "BodyPartExamined", "ConvolutionKernel", "DetectorID"),
    ):
        setattr(one, name, "SECRET NAME"[:16])
    one.PatientBirthDate = "19010203"
    nested = Dataset()
    nested.PatientName, nested.CodeMeaning = "SECRET^NESTED", "SECRET CODE"
    one.OtherPatientIDsSequence = DicomSequence([nested])
    block = one.private_block(0x0009, "SECRET VENDOR", create=True)
    block.add_new(0x01, "LO", "SECRET PRIVATE")


DEFECTS = {
    "none": None,
    "number": ("RescaleSlope", "SECRET"),
    "position": ("ImagePositionPatient", ["SECRET", "0", "0"]),
    "size": ("BitsStored", 99),
    "pixels": ("PixelData", b"SECRET"),
    "class": ("SOPClassUID", "SECRET"),
}


@pytest.mark.parametrize("defect", DEFECTS)
@pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom warns the writer of the defects
def test_no_name_enters_database_logs_reports_or_errors(
    make_import_study,
    tmp_path: Path,
    defect: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    import pydicom  # noqa: PLC0415

    def change(k: int, one: Dataset) -> None:
        plant(k, one)
        wrong = DEFECTS[defect]
        if wrong is not None and k == 2:
            if isinstance(wrong[1], bytes) or wrong[0] == "BitsStored":
                setattr(one, *wrong)
            else:
                text = "\\".join(wrong[1]) if isinstance(wrong[1], list) else wrong[1]
                tag = pydicom.datadict.tag_for_keyword(wrong[0])
                one[tag] = pydicom.DataElement(tag, "LO", text)

    folder = tmp_path / "patient"
    write_series(folder / "scan", change=change)
    dataset = build_rtstruct([("parotid_l", [square(GRID, 1.5, 5.5, 1)]), (f"{ROI_TEXT}-ROI", [])])
    plant(0, dataset)
    save_rtstruct(dataset, folder / "rs.dcm")
    capfd.readouterr()
    study = make_import_study()
    found = dicom_source(study, folder)
    with caplog.at_level(logging.DEBUG):
        sentences = [only(plan(study, found, deep=False)), only(run(study, found))]
    assert (defect == "none") == all("refused" not in sentence for sentence in sentences)
    out, err = capfd.readouterr()
    for text in (*sentences, caplog.text, out, err):
        assert PLANTED not in text
        assert "19010203" not in text
    study.engine.dispose()
    dump = "\n".join(sqlite3.connect(study.root / "study.sqlite3").iterdump())
    for file in (f for f in study.root.rglob("*") if f.is_file()):
        text = file.read_bytes()
        for word in (PLANTED, "19010203", ROI_TEXT):
            assert word.encode() not in text, file
            assert word not in dump
            assert word not in file.name


def test_a_zip_of_the_folder_is_the_same_case(make_import_study, patient: Path) -> None:
    study = make_import_study()
    shutil.make_archive(str(patient), "zip", patient)
    found = dicom_source(study, patient.parent, ct="patient.zip")
    assert "parotid_l -> ParotidL" in only(plan(study, found, deep=False))
    run(study, found)
    assert only(run(study, found)) == "HN-1: unchanged"
    assert content(study)["versions"][0][4] == 2 * 16  # type: ignore[index]

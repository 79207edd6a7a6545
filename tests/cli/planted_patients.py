"""Patients for a DICOMweb server, with a name in every text element."""

from __future__ import annotations

from pathlib import Path

import pydicom
from pydicom.dataset import Dataset

from han5k_review.imaging.dicom.tree_files import PLAN_CLASS
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
from tests.importing.test_dicom import PLANTED, plant


def write_patient(folder: Path, number: int, *, contours: int = 1, gap: bool = False) -> Path:
    """A patient with a series of their own, whose every text element holds a name."""

    def change(k: int, one: Dataset) -> None:
        plant(k, one)
        one.PatientID = f"{PLANTED}-{number}"
        one.StudyInstanceUID, one.SeriesInstanceUID = f"1.2.4.{number}", f"1.2.4.{number}.1"
        one.SOPInstanceUID = f"1.2.4.{number}.1.{k + 1}"
        one.FrameOfReferenceUID = f"1.2.4.{number}.9"

    write_series(folder / "scan", ct_hu() + number, change=change)
    if gap:
        (folder / "scan" / "000.dcm").unlink()
    if contours:
        polygons = [square(ct_grid(), 1.5, 5.5, k) for k in range(1, 1 + contours)]
        one = build_rtstruct([("parotid_l", polygons)], frame=f"1.2.4.{number}.9")
        one.PatientID = f"{PLANTED}-{number}"
        one.StudyInstanceUID, one.SeriesInstanceUID = f"1.2.4.{number}", f"1.2.4.{number}.2"
        save_rtstruct(one, folder / "rs.dcm")
    return folder


def write_dose(folder: Path, number: int) -> None:
    """A dose that only its plan leads to the CT: it names no frame of reference."""
    dose, plan = build_rtdose(), Dataset()
    plan.SOPClassUID, plan.SOPInstanceUID, plan.Modality = PLAN_CLASS, "1.2.4.99.1", "RTPLAN"
    structures = pydicom.dcmread(folder / "rs.dcm")
    for series, one, named in ((3, dose, plan), (4, plan, structures)):
        plant(0, one)
        one.PatientID, one.StudyInstanceUID = f"{PLANTED}-{number}", f"1.2.4.{number}"
        one.SeriesInstanceUID = f"1.2.4.{number}.{series}"
        reference = Dataset()
        reference.ReferencedSOPInstanceUID = named.SOPInstanceUID
        tag = "ReferencedRTPlanSequence" if one is dose else "ReferencedStructureSetSequence"
        setattr(one, tag, [reference])
    del dose.FrameOfReferenceUID
    save(dose, folder / "dose.dcm")
    save(plan, folder / "plan.dcm")

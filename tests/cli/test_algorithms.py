"""A SEG keeps the name and version of its algorithm through the study; a manifest brings a dose."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import select

from han5k_review.cli.main import main
from han5k_review.imaging.dicom.labels import read_dicom_labels
from han5k_review.imaging.dicom.named_masks import NamedMask
from han5k_review.imaging.dicom.references import build_series_reference
from han5k_review.imaging.dicom.segmentations import build_segmentation
from han5k_review.imaging.dicom.segments import Segment
from han5k_review.imaging.dicom.series import read_series_outline
from han5k_review.importing.reports import CaseOutcome
from han5k_review.importing.sources import read_manifest
from han5k_review.store.engine import reading
from han5k_review.store.tables import Audit, Case, LabelVersion
from han5k_review.ui.cases.frames import build_history_frame
from rigs.studies import make_box
from tests.imaging.dicom.test_doses import STEP, build_rtdose
from tests.imaging.dicom.writing import ct_grid, save
from tests.importing.case_files import plan, run
from tests.importing.conftest import make_import_study, more_structures
from tests.importing.test_dicom import dicom_source, patient

__all__ = ["make_import_study", "more_structures", "patient"]

GRID = ct_grid()
MAKER = "AUTOMATIC, Vendor Contour, 4.2"


def test_the_algorithm_of_a_seg_is_kept_shown_and_leaves_again(
    make_import_study, patient: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reference = build_series_reference(read_series_outline(patient / "scan"), GRID)
    drawn = NamedMask(
        name="Parotid_L",
        mask=make_box(GRID, (2, 6), (2, 6), (1, 3)),
        colour_rgb=(1, 2, 3),
        algorithm="AUTOMATIC",
        made_by="Vendor Contour",
        version="4.2",
    )
    (tmp_path / "in.dcm").write_bytes(build_segmentation([drawn], reference, patient="P1"))
    study = make_import_study()
    run(study, dicom_source(study, patient, ct="scan", labels=str(tmp_path / "in.dcm")))
    with reading(study.engine) as session:
        version = session.exec(select(LabelVersion)).one()
        history = build_history_frame(session, session.exec(select(Case)).one())
        assert version.algorithm == MAKER
    assert history["Algorithm"].tolist() == [MAKER]
    out = tmp_path / "out.dcm"
    with pytest.raises(SystemExit):
        main(("contours", "HN-1", "--out", str(out), "--format", "seg", "--study", str(study.root)))
    (label,) = read_dicom_labels(out).labels
    assert isinstance(label, Segment)
    assert label.maker.describe() == MAKER
    assert "read back identical" in capsys.readouterr().out


def test_a_dose_of_the_manifest_is_kept_once_and_a_new_one_is_a_change(
    make_import_study, patient: Path
) -> None:
    study = make_import_study()
    manifest = patient / "cases.csv"
    manifest.write_text("case,ct,labels,dose\nHN-1,scan,plan/rs.dcm,dose.dcm\n")
    save(build_rtdose(), patient / "dose.dcm")
    sources = read_manifest(manifest, study)
    assert "; planned dose of up to" in plan(study, *sources).cases[0].sentence
    assert not study.doses.folder.exists()
    said = [run(study, *sources).cases[0]]
    assert "; planned dose of up to" in said[0].sentence
    said += [run(study, *sources).cases[0]]
    save(
        build_rtdose(lambda one: setattr(one, "DoseGridScaling", 1.01 * STEP)), patient / "dose.dcm"
    )
    said += [run(study, *sources).cases[0], run(study, *sources).cases[0]]
    assert [one.outcome for one in said] == [
        CaseOutcome.NEW,
        CaseOutcome.UNCHANGED,
        CaseOutcome.CHANGED,
        CaseOutcome.UNCHANGED,
    ]
    assert said[2].sentence.startswith("HN-1: changed, with no new labels; ROIs of the labels")
    with reading(study.engine) as session:
        actions = [row.action for row in session.exec(select(Audit)).all()]
    assert actions.count("dose") == 2
    assert len(list(study.doses.folder.rglob("*.npz"))) == 2

"""`han5k dose`: an RTDOSE beside the CT of a case, and what its contours receive."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sqlmodel import select

from han5k_review.cli.main import main
from han5k_review.store.dose_files import read_dose_file
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.store.tables import Audit, Case, LabelVersion
from han5k_review.study import grid_of, read_study_catalogue
from han5k_review.ui.dose_view import build_dose_chart, build_dose_frame
from tests.imaging.dicom.test_doses import build_rtdose, formula
from tests.imaging.dicom.writing import save
from tests.importing.case_files import run
from tests.importing.conftest import make_import_study, more_structures
from tests.importing.test_dicom import dicom_source, patient

__all__ = ["make_import_study", "more_structures", "patient"]


def command(study: Study, capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(("dose", *map(str, words), "--study", str(study.root)))
    printed = capsys.readouterr()
    return int(ended.value.code or 0), " ".join((printed.out + printed.err).split())


def test_a_dose_is_kept_and_counted_in_the_contours(
    make_import_study, patient: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = make_import_study()
    run(study, dicom_source(study, patient))
    file = save(build_rtdose(), patient.parent / "dose.dcm")
    for _ in range(2):
        code, said = command(study, capsys, "HN-1", file, "--series", patient / "scan")
        assert code == 0
        assert "HN-1: dose of up to" in said
        assert "warning" not in said
    with reading(study.engine) as session:
        case = session.exec(select(Case)).one()
        version = session.exec(
            select(LabelVersion).where(LabelVersion.structure == "ParotidL")
        ).one()
        actions = [row.action for row in session.exec(select(Audit)).all()]
        session.expunge_all()
    assert "dose" in actions
    kept = study.doses.find_newest(case.image_sha256)
    assert kept is not None
    assert kept.name.startswith("0001-")
    mask = study.labels.get_mask(version.mask_sha256, grid_of(case))
    doses = {"ParotidL": read_dose_file(kept).sample(mask)}
    frame = build_dose_frame(doses, mask.grid.voxel_volume_cc)
    points = mask.grid.points_ras_mm(np.argwhere(mask.voxels) + np.array(mask.start_ijk))
    mean = float(formula(points * (-1, -1, 1)).mean())
    assert frame["Mean Gy"].tolist() == [pytest.approx(mean, abs=1e-3)]
    assert frame["Beyond the dose cc"].tolist() == [0]
    revised = {"ParotidL": doses["ParotidL"] + 2}
    changed = build_dose_frame(doses, mask.grid.voxel_volume_cc, revised)
    assert changed["Change of mean Gy"].tolist() == [pytest.approx(2, abs=1e-4)]
    assert frame["Change of mean Gy"].isna().all()
    chart = build_dose_chart(doses, read_study_catalogue(study), revised)
    assert [line.name for line in chart.data] == ["ParotidL", "ParotidL, accepted"]
    assert chart.data[0].y[0] == 100


def test_a_dose_of_another_image_or_an_unknown_case_is_refused(
    make_import_study, patient: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = make_import_study()
    run(study, dicom_source(study, patient))
    other = build_rtdose(lambda one: setattr(one, "FrameOfReferenceUID", "9.9.123456"))
    file = save(other, patient.parent / "dose.dcm")
    code, said = command(study, capsys, "HN-1", file, "--series", patient / "scan")
    assert code == 2
    assert "give the dose of this CT" in said
    assert command(study, capsys, "HN-9", file)[0] == 2
    code, said = command(study, capsys, "HN-1", file)
    assert (code, "warning: whether the dose was planned on this CT" in said) == (0, True)

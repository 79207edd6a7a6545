"""The page Import: what a dry run of a .zip showed is imported, and a bad .zip is told."""

from __future__ import annotations

import shutil
import sys
import zipfile
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from han5k_review.intake.jobs import TreeImportJobs
from han5k_review.retraining.jobs.supervisor import Supervisor
from han5k_review.retraining.jobs.watch import QUICK
from han5k_review.settings import get_settings
from han5k_review.store.import_tables import TreeImport
from han5k_review.store.study import Study
from han5k_review.ui.visit import open_bench
from tests.importing.case_files import content
from tests.importing.test_trees import write_patient
from tests.web.bench import build_bench

SCRIPT = Path(__file__).with_name("imports_page.py")


def press(page: AppTest, study: Study, key: str) -> AppTest:
    """Press the button, let the import's process work to its end, and look again."""
    page.button(key=key).click().run()
    assert not page.exception
    at_work: Supervisor[TreeImport] = Supervisor(kind=TreeImportJobs(study=study), watch=QUICK)
    assert at_work.work_on_next()
    page.run()
    assert not page.exception
    return page


def test_what_a_dry_run_of_a_zip_showed_is_imported_and_a_bad_zip_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, clinic = build_bench(tmp_path / "study", None).study, tmp_path / "clinic"
    for number in (1, 2):
        write_patient(tmp_path / "tree", number)
    (tmp_path / "tree" / "02" / "5-2").unlink()  # a slice is missing: that patient is refused
    (tmp_path / "tree" / "letter.docx").write_bytes(b"no image")
    clinic.mkdir()
    shutil.make_archive(str(clinic / "sent"), "zip", tmp_path / "tree")
    with zipfile.ZipFile(clinic / "nifti.zip", "w") as archive:
        archive.writestr("HN-001/ct.nii.gz", b"\x1f\x8b")
    monkeypatch.setenv("HAN5K_STUDY", str(study.root))
    monkeypatch.setenv("HAN5K_IMPORT_FOLDER", str(clinic))
    # AppTest leaves its script as the main module, which processes spawned later would run.
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    get_settings.cache_clear()
    open_bench.clear()
    page = AppTest.from_file(str(SCRIPT), default_timeout=60).run()

    page.selectbox(key="import-folder").select("nifti.zip")
    said = press(page, study, "import-look").warning[0].value.replace("\\", "")
    assert said.startswith("No CT series (DICOM) was found in nifti.zip (1 file). Choose another")

    page.selectbox(key="import-folder").select("sent.zip")
    page.selectbox(key="import-split").select("held out")
    page.selectbox(key="import-naming").select_index(1)
    told = press(page, study, "import-look").warning[0].value.replace("\\", "").split("\n")
    assert told[0].startswith("Dry run, nothing was stored: 1 new, 0 changed, 0 unchanged, 1 ref")
    assert told[1].startswith("* RC-0002: ")
    assert len(told) == 2
    assert page.selectbox(key="import-folder").value == "sent.zip"
    assert "Imported: 1 new" in press(page, study, "import-start").warning[0].value
    rows = {str(row[1]): row for row in content(study)["cases"]}
    assert "held_out" in map(str, rows["RC-0001"])
    assert "RC-0002" not in rows

"""A folder tree of DICOM: series are found by header, and what is wrong ends nothing else."""

from __future__ import annotations

import gc
import os
import warnings
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.fileset import FileSet

from han5k_review.errors import ConfigError
from han5k_review.imaging.dicom.trees import FoundTree, find_tree
from han5k_review.importing.imports import plan_import, run_import
from han5k_review.importing.name_list import build_name_rows
from han5k_review.importing.refusals import RefusalKind
from han5k_review.importing.report_files import build_report_page, build_report_table
from han5k_review.importing.reports import CaseOutcome, ImportReport
from han5k_review.importing.sources import read_manifest
from han5k_review.importing.tree_imports import is_tree
from han5k_review.importing.tree_sources import CaseNaming, TreeChoice, build_tree_sources
from han5k_review.store.study import Study
from han5k_review.study import read_study_catalogue
from tests.imaging.dicom.writing import (
    build_rtstruct,
    build_slices,
    ct_grid,
    ct_hu,
    save,
    save_rtstruct,
    square,
)
from tests.importing.case_files import content
from tests.importing.conftest import NOON

GRID = ct_grid()
BY_ID = TreeChoice(naming=CaseNaming.PATIENT_ID)


def write_patient(root: Path, number: int, *, folder: str = "", rois: tuple[str, ...] = ()) -> Path:
    """One patient's series and structure set, each with identifiers of its own.

    With `folder` the files lie there together with those of others, under names that say nothing.
    """
    place = root / (folder or f"{number:02}")
    for k, one in enumerate(build_slices((ct_hu() + number).astype(np.int16), GRID)):
        _identify(one, number)
        one.SOPInstanceUID = f"1.9.{number}.{k}"
        save(one, place / f"{(k * 7 + 3) % 6}-{number}")
    names = rois or ("parotid_l", "Gl. sublingualis li")
    dataset = build_rtstruct(
        [(name, [square(GRID, 1.5, 5.5, 1 + n)]) for n, name in enumerate(names)],
        frame=f"1.7.{number}",
    )
    _identify(dataset, number)
    dataset.SeriesInstanceUID = f"1.6.{number}"
    return save_rtstruct(dataset, place / f"s-{number}")


def _identify(dataset: object, number: int) -> None:
    values = {
        "PatientID": f"RC-{number:04}",
        "StudyInstanceUID": f"1.5.{number}",
        "SeriesInstanceUID": f"1.8.{number}",
        "FrameOfReferenceUID": f"1.7.{number}",
        "StudyDate": "20200101",
        "StudyTime": "120000",
        "StudyID": "1",
        "AccessionNumber": "1",
        "SeriesNumber": 3,
        "InstanceNumber": getattr(dataset, "InstanceNumber", 1),
        "StructureSetDate": "20200101",
        "StructureSetTime": "120000",
    }
    for name, value in values.items():
        setattr(dataset, name, value)


def import_tree(
    study: Study,
    found: FoundTree,
    *,
    choice: TreeChoice = BY_ID,
    dry_run: bool = False,
    executor: Executor | None = None,
) -> ImportReport:
    sources = build_tree_sources(found, study, choice).sources
    catalogue = read_study_catalogue(study)
    if dry_run:
        return plan_import(study, catalogue, sources, executor=executor)
    return run_import(
        study, catalogue, sources, actor="anna", now=lambda: NOON, executor=executor, settle_s=0
    )


def outcomes(report: ImportReport) -> dict[str, str]:
    return {case.name: case.outcome.value for case in report.cases}


def test_a_tree_becomes_cases_whatever_files_are_called(study: Study, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    write_patient(tree, 1)
    write_patient(tree, 2, folder="both")
    write_patient(tree, 3, folder="both")  # two patients in one folder are told apart
    (tree / "loop").symlink_to(tree)
    (tree / "notes.txt").write_text("no image")
    (tree / "copy").write_bytes((tree / "01" / "s-1").read_bytes())
    found = find_tree(tree)
    assert found.notices == (
        "left out: 1 file without DICOM",
        "left out: 1 copy of structure sets, doses or plans with the same bytes",
        "1 link was not followed",
    )
    expected = dict.fromkeys(("RC-0001", "RC-0002", "RC-0003"), "new")
    with ThreadPoolExecutor(2) as threads:
        assert find_tree(tree, executor=threads) == found
        for executor in (None, threads):
            assert outcomes(import_tree(study, found, dry_run=True, executor=executor)) == expected
        assert content(study)["cases"] == []
        assert outcomes(import_tree(study, found, executor=threads)) == expected
    stored = content(study)
    assert [row[4] for row in stored["versions"]] == [16, 16, 16]  # type: ignore[index]
    again = import_tree(study, found)
    assert again.count(CaseOutcome.UNCHANGED) == 3
    assert content(study) == stored


def test_cases_are_named_by_pseudonyms_unless_identifiers_are_some(
    study: Study, tmp_path: Path
) -> None:
    write_patient(tmp_path / "tree", 1)
    found = find_tree(tmp_path / "tree")
    named = build_tree_sources(found, study, TreeChoice())
    assert named == build_tree_sources(found, study, TreeChoice())
    (case, patient), *_ = named.patients.items()
    assert case.startswith("P-")
    assert "0001" not in case
    assert patient == "RC-0001"
    import_tree(study, found, choice=TreeChoice())
    assert [row[:2] for row in content(study)["cases"]] == [(case, case)]  # type: ignore[index]


def test_what_is_wrong_is_one_sentence_and_the_rest_goes_on(study: Study, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for number in range(1, 7):
        write_patient(tree, number)
    gone = tree / "02" / "3-2"
    mixed = dcmread(tree / "03" / "3-3")
    mixed.PatientID = "RC-9999"
    save(mixed, tree / "03" / "3-3")
    second = dcmread(tree / "04" / "s-4")
    second.SOPInstanceUID = "1.2.9"
    save_rtstruct(second, tree / "04" / "second")
    (tree / "05" / "s-5").write_bytes(b"\x00" * 128 + b"DICM" + b"\x08\x00")
    (tree / "06" / "copy").write_bytes((tree / "06" / "3-6").read_bytes())
    found = find_tree(tree)
    gone.unlink()  # between the search and the import
    report = import_tree(study, found)
    said = {case.origin: case.sentence for case in report.cases}
    assert "RC-0002: refused (02): the ct was expected at" in said["02"]
    assert "2 (by their identifiers, which are not shown here)" in said["03"]
    assert "RC-0004: refused (04): one file of contours of this CT was expected" in said["04"]
    assert "found 2 (04/s-4, not approved; 04/second, not approved)" in said["04"]
    assert "a DICOM file that says what it is was expected" in said["05/s-5"]
    assert "1 file is a copy of images of the same series; left out" in said["06"]
    names = [row[0] for row in content(study)["cases"]]  # type: ignore[index]
    assert names == ["RC-0001", "RC-0005", "RC-0006"]


def test_a_dicomdir_is_an_index_and_no_authority(tmp_path: Path) -> None:
    media = tmp_path / "media"
    for number in (1, 2):
        write_patient(tmp_path / "tree", number)
    files = FileSet()
    for path in sorted((tmp_path / "tree" / "01").iterdir()):
        files.add(path)
    files.write(media)
    with warnings.catch_warnings():  # pydicom leaves its temporary folder to the collector
        warnings.simplefilter("ignore", ResourceWarning)
        del files
        gc.collect()
    whole = find_tree(media / "DICOMDIR")
    assert [series.shape for series in whole.series] == [(12, 10, 6)]
    assert len(whole.labels) == 1
    assert whole.damaged == ()  # the DICOMDIR itself is no damaged image
    (media / "DICOMDIR").rename(media / "INDEX.001")
    assert is_tree(media / "INDEX.001")  # its header says what it is, not its name
    assert find_tree(media / "INDEX.001").series == whole.series
    assert not is_tree(whole.series[0].files[0])
    (media / "INDEX.001").rename(media / "DICOMDIR")
    listed = sorted(whole.series[0].files)
    listed[2].unlink()  # listed, and not there
    (media / "more").mkdir()
    for path in (tmp_path / "tree" / "02").iterdir():  # there, and not listed
        (media / "more" / path.name).write_bytes(path.read_bytes())
    found = find_tree(media)
    assert sorted(series.shape for series in found.series) == [(12, 10, 5), (12, 10, 6)]
    assert "1 file that a DICOMDIR lists is not there" in found.notices


def test_what_is_no_tree_of_dicom_is_said_so(study: Study, tmp_path: Path) -> None:
    write_patient(tmp_path / "tree", 1)
    image = next(path for path in (tmp_path / "tree" / "01").iterdir() if path.is_file())
    with pytest.raises(ConfigError, match="found one DICOM file at "):
        read_manifest(image, study)
    (tmp_path / "empty").mkdir()
    notices = find_tree(tmp_path / "empty").notices
    assert notices == (
        f"no CT series (DICOM) was found in {tmp_path / 'empty'}; other formats need a manifest",
    )


def test_a_report_sorts_what_was_refused_and_escapes_what_files_say(
    study: Study, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    write_patient(tree, 1, rois=("parotid_l", "<b>=cmd</b>"))
    write_patient(tree, 2)
    for path in (tree / "02").iterdir():  # the same voxels under another patient
        one = dcmread(path)
        if one.Modality == "CT":
            k = int(one.InstanceNumber) - 1
            one.PixelData = dcmread(tree / "01" / f"{(k * 7 + 3) % 6}-1").PixelData
            one.save_as(path)
    report = import_tree(study, find_tree(tree))
    assert [case.kind for case in report.cases] == [None, RefusalKind.DUPLICATE]
    rows = build_name_rows(
        (name for case in report.cases for name in case.names), read_study_catalogue(study)
    )
    page = build_report_page(report, rows, ["1 link was not followed"])
    assert "<h3>Ct of another case</h3>" in page
    assert "&lt;b&gt;=cmd&lt;/b&gt;" in page
    assert "<b>=cmd" not in page
    table = build_report_table(report).decode()
    assert table.splitlines()[0].startswith("case,where,outcome,reason")
    assert ",CT of another case," in table


@pytest.mark.skipif(os.name != "posix", reason="rights of folders are those of POSIX")
def test_a_folder_that_cannot_be_opened_is_said(study: Study, tmp_path: Path) -> None:
    write_patient(tmp_path / "tree", 1)
    closed = tmp_path / "tree" / "closed"
    closed.mkdir(mode=0o000)
    image = next(file for file in closed.parent.rglob("3-1"))
    image.chmod(0o000)
    found = find_tree(tmp_path / "tree")
    closed.chmod(0o700)
    if os.geteuid():  # root may open everything
        assert found.notices == (f"the folder {closed} cannot be opened",)
        assert "Permission denied" in found.damaged[0].word
    else:
        assert outcomes(import_tree(study, found)) == {"RC-0001": "new"}

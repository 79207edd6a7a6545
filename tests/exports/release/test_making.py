"""Making a release: by rule, whole or not at all, the same bytes from the same study."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pydicom
import pytest
from nnunetv2.experiment_planning.verify_dataset_integrity import verify_dataset_integrity
from sqlmodel import select

from han5k_review.background import Desk
from han5k_review.errors import ConflictError, DataError, RuleError, StorageError
from han5k_review.exports.release import (
    ReleaseForm,
    ReleaseRequest,
    ReleaseRule,
    check_release,
    make_release,
    plan_release,
)
from han5k_review.exports.release.background import (
    list_releases,
    place_release,
    propose_name,
    start_release,
)
from han5k_review.exports.release.choice import Standing, choose_contours
from han5k_review.exports.release.making import DATASET
from han5k_review.exports.release.place import check_place, open_beside
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.store.tables import Audit
from han5k_review.store.work_tables import WorkKind
from tests.exports.release.conftest import BRAIN, PAROTID, STEM

EVERYTHING = ReleaseRequest(forms=tuple(ReleaseForm), images=True)
LABEL = b"Research use only. Not a medical device."


def all_bytes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_study_gives_the_same_bytes_however_many_work_on_it(
    study: Study, tmp_path: Path
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    first = make_release(study, plan_release(study, EVERYTHING), one, actor="lead")
    os.utime(one / "README.md", (0, 0))
    with ThreadPoolExecutor(2) as executor:
        make_release(study, plan_release(study, EVERYTHING), other, actor="x", executor=executor)
    assert all_bytes(one) == all_bytes(other)
    assert first is not None
    assert len(all_bytes(one)) == first.files
    summed = subprocess.run(
        ["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=one, capture_output=True, check=False
    )
    assert (summed.returncode, summed.stdout) == (0, b"")
    with reading(study.engine) as session:
        rows = session.exec(select(Audit).where(Audit.action == "release")).all()
        assert [row.detail["fingerprint"] for row in rows] == [first.fingerprint] * 2


def test_nnunet_accepts_the_data_set_and_overlaps_are_in_it(study: Study, tmp_path: Path) -> None:
    make_release(study, plan_release(study, EVERYTHING), tmp_path / "out", actor="lead")
    folder = tmp_path / "out" / "nnunet" / DATASET
    verify_dataset_integrity(str(folder), num_processes=1)
    told = json.loads((folder / "dataset.json").read_text())
    assert told["numTraining"] == 2  # HN-002 lacks the brain stem, HN-004 the parotid
    values = np.asarray(nib.load(folder / "labelsTr" / "HN-001.nii.gz").dataobj)
    for name, mask in (("Brain", BRAIN), ("BrainStem", STEM), ("ParotidL", PAROTID)):
        assert (np.isin(values, told["labels"][name]) == mask.dense()).all()
    absent = np.asarray(nib.load(folder / "labelsTr" / "HN-003.nii.gz").dataobj)
    assert not np.isin(absent, told["labels"]["ParotidL"]).any()
    # Written over one another in this order, the brain stem stays inside the brain.
    names = [name for name in told["labels"] if name != "background"]
    assert names.index("Brain") < names.index("BrainStem")


def test_the_rule_decides_and_every_reason_is_told(study: Study, tmp_path: Path) -> None:
    make_release(study, plan_release(study), tmp_path / "out", actor="lead")
    tables = tmp_path / "out" / "tables"
    contours = pd.read_csv(tables / "contours.csv", dtype=str)
    found = set(zip(contours["case"], contours["structure"], strict=True))
    assert found == {
        *((f"HN-00{n}", "Brain") for n in (1, 2, 3, 4)),
        *((f"HN-00{n}", "BrainStem") for n in (1, 3, 4)),
        *((f"HN-00{n}", "ParotidL") for n in (1, 3)),
    }
    left = pd.read_csv(tables / "left_out.csv", dtype=str).set_index(["case", "structure"])["why"]
    assert left["HN-002", "BrainStem"] == "a reader found that it needs a major revision"
    assert left["HN-002", "ParotidL"] == "a revision of it waits for a decision"
    assert left["HN-004", "ParotidL"] == "graded, but neither accepted nor certified"
    assert left["HN-001", "Aorta"] == "the study has no contour of it"
    mask = np.asarray(nib.load(tmp_path / "out/masks/HN-001/ParotidL.nii.gz").dataobj)
    assert (mask.astype(bool) == PAROTID.dense()).all()
    sheet = (tmp_path / "out/DATASHEET.md").read_text()
    assert "| ParotidL | 2 | 2 | 0 | 1 | revision 2 |" in sheet
    assert "model-1: 4 contours; checkpoint abab" in sheet
    assert "| R1 | reader | 2 | 2 |" in sheet


def test_a_certified_structure_brings_the_contours_nothing_speaks_against(study: Study) -> None:
    plan = plan_release(study, ReleaseRequest(rule=ReleaseRule.ACCEPTED))
    choice = choose_contours(plan.rows, plan.grades, ("BrainStem", "ParotidL"))
    found = {
        (plan.rows.cases[one.case_id].name, one.structure)
        for one in choice.chosen
        if one.standing is Standing.CERTIFIED
    }
    assert found == {("HN-004", "ParotidL")}  # not the one graded major, not the one that waits


def test_every_file_says_that_it_is_for_research_and_nobody_is_named(
    study: Study, tmp_path: Path
) -> None:
    make_release(study, plan_release(study, EVERYTHING), tmp_path / "out", actor="lena.login")
    for path in sorted((tmp_path / "out").rglob("*")):
        if not path.is_file():
            continue
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = nib.load(path).header["descrip"].tobytes()
        elif path.suffix == ".dcm":
            read = pydicom.dcmread(path, stop_before_pixels=True)
            told = read.get("StructureSetDescription") or read.get("SeriesDescription") or ""
            assert "research" in f"{told} {read.get('ContentDescription', '')}".lower(), path
            content += LABEL
        if path.parent.name != "LICENSES":  # nobody may change the text of a licence
            assert LABEL in content, path
        for secret in (b".login", str(tmp_path).encode()):
            assert secret not in content, path


def test_what_cannot_be_released_is_refused_and_leaves_nothing(
    study: Study, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    plan = plan_release(study, ReleaseRequest(structures=("Aorta",)))
    with pytest.raises(RuleError, match="At least one accepted or certified contour"):
        make_release(study, plan, out, actor="lead")
    plan = plan_release(study)
    out.mkdir()
    (out / "mine.txt").write_text("x")
    with pytest.raises(StorageError, match="An empty or new folder was expected"):
        make_release(study, plan, out, actor="lead")
    with pytest.raises(StorageError, match="of disk were expected free"):
        check_place(tmp_path / "new", 1 << 60)
    with open_beside(tmp_path / "new"), pytest.raises(ConflictError, match="One release at a time"):
        make_release(study, plan, tmp_path / "new", actor="lead")
    assert make_release(study, plan, tmp_path / "new", actor="x", cancel=lambda: True) is None
    with pytest.raises(DataError, match="Cases in which all of Aorta are released"):
        plan_release(study, ReleaseRequest(map_structures=("Aorta",)))
    version = plan.lines[0].version
    study.labels.path(version.mask_sha256).write_bytes(b"broken")
    with pytest.raises(DataError, match="A stored mask was expected"):
        make_release(study, plan, tmp_path / "new", actor="lead")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "study"]


def test_a_copy_is_checked_file_by_file(study: Study, tmp_path: Path) -> None:
    out = tmp_path / "out"
    report = make_release(study, plan_release(study), out, actor="lead")
    assert report is not None
    right = check_release(out)
    assert (right.is_right, right.fingerprint) == (True, report.fingerprint)
    (out / "TERMS.md").write_text("Do what you like.")
    (out / "masks/HN-001/Brain.nii.gz").unlink()
    (out / "masks/HN-002/Brain.nii.gz").rename(out / "moved.nii.gz")
    (out / "masks/HN-002/Brain.nii.gz").symlink_to(out / "moved.nii.gz")
    (out / f"nnunet/{DATASET}/imagesTr/HN-001_0000.nii.gz").write_bytes(b"a CT")
    assert check_release(out).sentences[:-1] == (
        "1 file is missing: masks/HN-001/Brain.nii.gz.",
        "2 files are altered: TERMS.md, masks/HN-002/Brain.nii.gz.",
        "1 file is additional: moved.nii.gz.",
        f"{report.files - 4} of {report.files - 1} files as released.",
        "1 CT was added by who holds this copy; not checked.",
    )
    sums = out / "SHA256SUMS"
    sums.write_text(sums.read_text().replace("TERMS.md", "../TERMS.md"))
    with pytest.raises(DataError, match="a path inside the release"):
        check_release(out)


def test_a_release_in_the_background_is_found_again(study: Study) -> None:
    name = propose_name(study)
    desk = Desk(study=study, kind=WorkKind.RELEASE)
    place = place_release(study, name)
    first = start_release(desk, ReleaseRequest(), place, threads=1, actor="lena")
    assert first.ended.wait(60)
    assert first.ending.text.startswith("9 contours of 4 cases in ")
    assert (first.steps.done, first.steps.total) == (6, 6)
    assert [one.contours for one in list_releases(study)] == [9]
    second = start_release(desk, ReleaseRequest(), place, threads=1, actor="lena")
    assert second.ended.wait(60)
    record = desk.find_record()
    assert record is not None
    assert "An empty or new folder" in record.said
    assert propose_name(study) == "release-2"
    with pytest.raises(DataError, match="A folder name"):
        place_release(study, "../elsewhere")

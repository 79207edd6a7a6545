"""Several structure sets and doses of one CT in a tree: a rule chooses, and it is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from han5k_review.errors import ConfigError
from han5k_review.imaging.dicom.trees import find_tree
from han5k_review.importing.reports import CaseReport
from han5k_review.importing.structure_set_choice import SetChoice, SetRule
from han5k_review.importing.tree_imports import TreeOrder, find_tree_sources
from han5k_review.store.dose_files import read_dose_file
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import LabelSource
from tests.imaging.dicom.test_doses import STEP, build_rtdose
from tests.imaging.dicom.writing import ct_grid, save, save_rtstruct, square
from tests.importing.case_files import content
from tests.importing.test_trees import BY_ID, import_tree, write_patient

GRID = ct_grid()
_SETS = ("12", "s-1")
PLAN = "1.2.840.10008.5.1.4.1.1.481.5"


def add_set(
    tree: Path, name: str, *, label: str, date: str, approved: bool = False, wide: float = 3.5
) -> None:
    """One more structure set of patient 1, its parotid as wide as no other."""
    one = dcmread(next(file for file in sorted((tree / "01").iterdir()) if file.name in _SETS))
    one.SOPInstanceUID = f"1.3.{name}"
    one.StructureSetLabel, one.StructureSetDate, one.StructureSetTime = label, date, "0800"
    one.ApprovalStatus = "APPROVED" if approved else "UNAPPROVED"
    points = square(GRID, 1.5, wide, 1)
    one.ROIContourSequence[0].ContourSequence[0].ContourData = [f"{v:.6f}" for v in points.ravel()]
    save_rtstruct(one, tree / "01" / name)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A patient with three structure sets: 4, 9 and 1 voxels of the left parotid."""
    root = tmp_path / "tree"
    write_patient(root, 1)
    add_set(root, "11", label="Clinic", date="20200101", approved=True)
    add_set(root, "12", label="Network v2", date="20210101", wide=4.5)
    add_set(root, "13", label="clinic old", date="20190101", approved=True, wide=2.5)
    (root / "01" / "s-1").unlink()
    return root


def bring(study: Study, tree: Path, choice: SetChoice, **more: object) -> CaseReport:
    report = import_tree(study, find_tree(tree), choice=replace(BY_ID, sets=choice, **more))
    (case,) = report.cases
    return case


CHOSEN: list[tuple[SetChoice, list[tuple[str, int]], str]] = [
    (SetChoice(rule=SetRule.NEWEST), [("pseudo", 9)], "the newest is taken: 01/12"),
    (
        SetChoice(rule=SetRule.NEWEST_APPROVED),
        [("pseudo", 4)],
        "01/11, approved; 01/13, approved) the newest approved is taken: 01/11",
    ),
    (SetChoice(label="NETWORK"), [("pseudo", 9)], "2 structure sets without 'NETWORK'"),
    (
        SetChoice(label="network", reference_label="clinic", rule=SetRule.NEWEST),
        [("pseudo", 9), ("reference", 4)],
        "of 2 structure sets",
    ),
]


@pytest.mark.parametrize(("choice", "stored", "words"), CHOSEN)
def test_a_rule_chooses_among_structure_sets_and_it_is_said(
    study: Study, tree: Path, choice: SetChoice, stored: list[tuple[str, int]], words: str
) -> None:
    case = bring(study, tree, choice)
    assert words in case.sentence
    assert [(row[2], row[4]) for row in content(study)["versions"]] == stored  # type: ignore[index]


REFUSED: list[tuple[SetChoice, str]] = [
    (SetChoice(), "found 3 (01/12, not approved; 01/11, approved; 01/13, approved); say which"),
    (SetChoice(label="plan 7"), "holds 'plan 7' was expected, found 3 without"),
    (SetChoice(label="clinic"), "found 2 (01/11, approved; 01/13, approved)"),
    (SetChoice(label="network", reference_label="clinic"), "found 2 (01/11"),
]


@pytest.mark.parametrize(("choice", "words"), REFUSED)
def test_what_a_rule_leaves_open_is_refused_with_the_files(
    study: Study, tree: Path, choice: SetChoice, words: str
) -> None:
    assert words in bring(study, tree, choice).refusal
    assert content(study)["cases"] == []


def test_no_rule_guesses_between_equals_and_the_labels_are_listed(study: Study, tree: Path) -> None:
    add_set(tree, "14", label="Network v3", date="20210101", wide=2.5)
    case = bring(study, tree, SetChoice(rule=SetRule.NEWEST))
    assert "two of them of the same time" in case.refusal
    for name in ("11", "13"):
        (tree / "01" / name).unlink()
    case = bring(study, tree, SetChoice(rule=SetRule.NEWEST_APPROVED))
    assert "an approved structure set of this CT was expected, found 2" in case.refusal
    found = find_tree_sources(study, TreeOrder(root=tree, choice=BY_ID))
    assert found.notices == (
        "1 CT has several structure sets; their labels are: 'Network v2' (1), 'Network v3' (1)",
    )
    both = replace(BY_ID, contours=LabelSource.REFERENCE, sets=SetChoice(reference_label="Network"))
    with pytest.raises(ConfigError, match="leave one of the two out"):
        find_tree_sources(study, TreeOrder(root=tree, choice=both))


def add_dose(
    tree: Path, name: str, *, plan: str = "", of_set: str = "", summation: str = "PLAN", **more: str
) -> None:
    """A dose of patient 1, and with `plan` that plan, made on the structure set `of_set`."""
    one = build_rtdose()
    one.PatientID, one.FrameOfReferenceUID = "RC-0001", "1.7.1"
    one.SOPInstanceUID, one.DoseSummationType = generate_uid(), summation
    for key, value in more.items():
        setattr(one, key, value)
    if plan:
        one.ReferencedRTPlanSequence = [_refer(plan)]
        made = Dataset()
        made.SOPClassUID, made.SOPInstanceUID, made.Modality = PLAN, plan, "RTPLAN"
        made.PatientID = "RC-0001"
        made.ReferencedStructureSetSequence = [_refer(of_set)]
        save(made, tree / "01" / f"plan-{plan}")
    save(one, tree / "01" / name)


def _refer(uid: str) -> Dataset:
    one = Dataset()
    one.ReferencedSOPInstanceUID = uid
    return one


def kept(study: Study) -> list[float]:
    """The highest Gray of each dose that the study keeps."""
    files = sorted(study.doses.folder.rglob("*.npz"))
    return [float(read_dose_file(file).gy.max()) for file in files]


def test_a_dose_comes_in_with_the_ct_of_its_plan(study: Study, tmp_path: Path) -> None:
    """Two CTs in one frame of reference: only the plan tells which one the dose was made on."""
    tree = tmp_path / "tree"
    sets = []
    for number in (1, 2):
        for file in write_patient(tree, number).parent.iterdir():
            one = dcmread(file)
            one.PatientID, one.FrameOfReferenceUID = "RC-0001", "1.7.1"
            if one.Modality == "RTSTRUCT":
                one.ReferencedSeriesSequence = [Dataset()]
                one.ReferencedSeriesSequence[0].SeriesInstanceUID = f"1.8.{number}"
                for roi in one.StructureSetROISequence:
                    roi.ReferencedFrameOfReferenceUID = "1.7.1"
                sets.append(str(one.SOPInstanceUID))
            one.save_as(file)
    add_dose(tree, "dose", plan="1.4.9", of_set=sets[1])
    found = find_tree(tree)
    report = import_tree(study, found)
    assert {case.outcome.value for case in report.cases} == {"new"}
    (with_dose,) = [case for case in report.cases if "planned dose of up to" in case.sentence]
    assert with_dose.origin == "02"
    assert len(kept(study)) == 1
    assert "left out: 1 file of modality RTPLAN" in found.notices
    (tree / "01" / "plan-1.4.9").unlink()  # now both CTs could be meant
    said = [case.refusal for case in import_tree(study, find_tree(tree)).cases]
    assert any("found one of 2 (by its plan, structure set and frame" in one for one in said)


def test_of_several_doses_the_sum_or_the_one_of_these_contours_is_taken(
    study: Study, tree: Path
) -> None:
    newest = SetChoice(rule=SetRule.NEWEST)
    stored_max = np.frombuffer(build_rtdose().PixelData, "<u4").max() * STEP
    add_dose(tree, "beam", summation="BEAM")
    add_dose(tree, "old", plan="1.4.8", of_set="1.3.11", DoseComment="1")
    add_dose(tree, "new", plan="1.4.9", of_set="1.3.12", DoseGridScaling="1e-6")
    case = bring(study, tree, newest)
    assert "of 2 doses the one planned on these contours is taken: 01/new" in case.sentence
    assert "1 dose of single beams or fractions, parts of a plan" in case.sentence
    assert kept(study) == [pytest.approx(stored_max / 2, rel=1e-4)]
    add_dose(tree, "sum", summation="MULTI_PLAN")
    case = bring(study, tree, newest)
    assert "of 3 doses the sum is taken: 01/sum" in case.sentence
    assert "not that of a whole plan (summation: MULTI_PLAN)" in case.sentence
    for name in ("sum", "new", "plan-1.4.9"):
        (tree / "01" / name).unlink()
    case = bring(study, tree, newest)
    assert "planned on other contours than those that are taken" in case.sentence
    add_dose(tree, "third")
    case = bring(study, tree, newest)
    assert "2 doses (01/old, 01/third) were found, none is kept" in case.sentence
    assert "planned dose of" not in case.sentence
    assert "dose" not in bring(study, tree, newest, doses=False).sentence


def test_a_dose_without_its_ct_is_refused_and_its_case_goes_on(study: Study, tree: Path) -> None:
    add_dose(tree, "far", FrameOfReferenceUID="9.9.1")
    add_dose(tree, "whose", PatientID="RC-0009")
    add_dose(tree, "mixed", plan="1.4.9", of_set="1.3.12", FrameOfReferenceUID="9.9.1")
    choice = replace(BY_ID, sets=SetChoice(rule=SetRule.NEWEST))
    for dry_run in (True, False):
        report = import_tree(study, find_tree(tree), choice=choice, dry_run=dry_run)
        said = {case.origin: (case.outcome.value, case.refusal) for case in report.cases}
        assert said["01"] == ("new", "")
        assert "found one of none (by its plan" in said["01/far"][1]
        assert "a dose of one CT series of the same patient" in said["01/whose"][1]
        assert "whose plan leads to a CT in another" in said["01/mixed"][1]
    assert kept(study) == []

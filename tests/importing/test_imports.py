"""Importing: dry run, real run, twice, changed labels, duplicates, parallel; on small files."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from han5k_review.importing.imports import plan_import, run_import
from han5k_review.importing.reports import CaseOutcome
from han5k_review.store.study import Study
from han5k_review.study import read_study_catalogue
from tests.imaging.phantoms import (
    ORIENTATIONS,
    SHAPE,
    phantom_hu,
    phantom_labels,
    write_one_hot,
    write_phantom,
)
from tests.imaging.segment_phantoms import field, write_segments
from tests.importing.case_files import (
    EMPTY,
    content,
    plan,
    run,
    source,
    write_case,
    write_ct,
    write_label_map,
    write_labels,
)
from tests.importing.conftest import NOON


def test_a_dry_run_says_everything_and_writes_nothing(study: Study, tmp_path: Path) -> None:
    report = plan(study, write_case(study, tmp_path))
    (case,) = report.cases
    assert case.outcome is CaseOutcome.NEW
    assert case.matched == ("ParotidL", "ParotidR", "Larynx")
    assert case.unmatched == ("GTVp",)
    assert "7 x 9 x 5 voxels of 1.500 x 2.000 x 3.000 mm" in case.sentence
    assert "3 pseudo-labels and 0 references" in case.sentence
    assert "not matched: GTVp" in case.sentence
    assert report.exit_code == 0
    assert report.sentence.startswith("1 case: 1 new, 0 changed")
    assert content(study) == EMPTY


def test_what_was_imported_can_be_read_back(study: Study, tmp_path: Path) -> None:
    run(study, write_case(study, tmp_path))
    there = content(study)
    ((name, patient, split, image_sha256),) = there["cases"]
    assert (name, patient, split) == ("HN-1", "HN-1", "train")
    volume = study.volumes.get_volume(image_sha256)
    assert np.array_equal(volume.hu, phantom_hu())
    found = {}
    for _, structure, kind, sha256, voxels, _ in there["versions"]:
        found[structure] = study.labels.get_mask(sha256, volume.grid)
        assert kind == "pseudo"
        assert voxels == found[structure].voxel_count
    assert np.array_equal(found["ParotidL"].dense(), phantom_labels() == 1)
    assert np.array_equal(found["Larynx"].dense(), phantom_labels() == 3)
    assert there["audits"] == [("import case", "case HN-1")]


def test_importing_twice_changes_nothing(study: Study, tmp_path: Path) -> None:
    case = write_case(study, tmp_path)
    run(study, case)
    before = content(study)
    for report in (plan(study, case), run(study, case)):
        assert [c.outcome for c in report.cases] == [CaseOutcome.UNCHANGED]
    assert content(study) == before


def test_the_same_voxels_in_other_axes_change_nothing(study: Study, tmp_path: Path) -> None:
    run(study, write_case(study, tmp_path))
    before = content(study)
    write_phantom(tmp_path / "ct.nrrd", phantom_hu(), ORIENTATIONS[21])
    write_phantom(tmp_path / "labels.mha", phantom_labels(), ORIENTATIONS[30])
    report = run(study, source(study, tmp_path, ct="ct.nrrd", labels="labels.mha"))
    assert [c.outcome for c in report.cases] == [CaseOutcome.UNCHANGED]
    assert content(study) == before


def test_a_changed_label_makes_a_new_version_and_is_announced(study: Study, tmp_path: Path) -> None:
    case = write_case(study, tmp_path)
    run(study, case)
    before = content(study)
    labels = phantom_labels()
    labels[1, 2, 1] = 0
    write_labels(tmp_path, labels=labels)
    (planned,) = plan(study, case).cases
    assert planned.outcome is CaseOutcome.CHANGED
    assert "new versions of 1 pseudo-label and 0 references (ParotidL)" in planned.sentence
    assert content(study) == before
    (done,) = run(study, case).cases
    assert [label.structure for label in done.labels] == ["ParotidL"]
    after = content(study)
    assert after["cases"] == before["cases"]
    assert after["versions"][:3] == before["versions"]
    assert after["versions"][3][5] == "imported; replaces version 1"
    assert run(study, case).cases[0].outcome is CaseOutcome.UNCHANGED


def test_a_reference_can_follow_later_without_the_ct(study: Study, tmp_path: Path) -> None:
    run(study, write_case(study, tmp_path))
    later = source(study, tmp_path, ct="", labels="", reference="labels.nii.gz")
    (case,) = run(study, later).cases
    assert case.outcome is CaseOutcome.CHANGED
    kinds = [row[2] for row in content(study)["versions"]]
    assert kinds == ["pseudo"] * 3 + ["reference"] * 3


def test_a_changed_ct_under_a_known_name_is_refused(study: Study, tmp_path: Path) -> None:
    case = write_case(study, tmp_path)
    run(study, case)
    before = content(study)
    write_ct(tmp_path, shift=1)
    for report in (plan(study, case), run(study, case)):
        assert report.exit_code == 2
        assert "a CT never changes under its case" in report.cases[0].sentence
    assert content(study) == before


def test_the_ct_of_another_case_is_refused_as_a_duplicate(study: Study, tmp_path: Path) -> None:
    first = write_case(study, tmp_path)
    second = source(study, tmp_path, case="HN-2")
    for report in (plan(study, first, second), run(study, first, second), run(study, second)):
        assert report.exit_code == 2
        assert "is the CT of case HN-1" in report.cases[-1].sentence
    assert [row[0] for row in content(study)["cases"]] == ["HN-1"]


def test_a_case_name_twice_in_one_import_is_refused_once(study: Study, tmp_path: Path) -> None:
    first = write_case(study, tmp_path)
    write_ct(tmp_path / "b", shift=3)
    second = source(study, tmp_path, ct="b/ct.nii.gz")
    report = run(study, first, second)
    assert [c.outcome for c in report.cases] == [CaseOutcome.NEW, CaseOutcome.REFUSED]
    assert "each case once was expected" in report.cases[1].sentence


def test_a_patient_stays_in_one_split(study: Study, tmp_path: Path) -> None:
    write_case(study, tmp_path)
    cases = [
        source(study, tmp_path, case=f"HN-{n}", ct=f"{n}/ct.nii.gz", patient="P1", split=split)
        for n, split in enumerate(("held_out", "", "train"))
    ]
    for n in range(3):
        write_ct(tmp_path / str(n), shift=n)
    report = run(study, *cases)
    assert [c.outcome for c in report.cases] == [
        CaseOutcome.NEW,
        CaseOutcome.NEW,
        CaseOutcome.REFUSED,
    ]
    assert "a patient stays in one split" in report.cases[2].sentence
    assert [row[1:3] for row in content(study)["cases"]] == [("P1", "held_out")] * 2
    moved = source(study, tmp_path, case="HN-1", ct="1/ct.nii.gz", patient="P1", split="train")
    assert "neither changes after the import" in run(study, moved).cases[0].sentence


def test_a_folder_of_masks_resolves_names_by_alias(study: Study, tmp_path: Path) -> None:
    write_case(study, tmp_path)
    names = {"Parotid-Lt": 1, "glnd_submand_r": 2, "Lung-Lt": 3}
    for name, value in names.items():
        inside = (phantom_labels() == value).astype(np.uint8)
        write_labels(tmp_path / "masks", f"{name}.nii.gz", inside)
    (case,) = run(study, source(study, tmp_path, labels="masks", label_map="")).cases
    assert set(case.matched) == {"ParotidL", "Submandibular_R"}
    assert case.unmatched == ("Lung-Lt",)


def test_a_segrap_file_resolves_by_channel(study: Study, tmp_path: Path) -> None:
    write_case(study, tmp_path)
    channels = np.zeros((45, *SHAPE), np.uint8)
    channels[31], channels[32] = phantom_labels() == 1, phantom_labels() == 2
    write_one_hot(tmp_path / "labels.mha", channels, packed=True)
    (case,) = run(study, source(study, tmp_path, labels="labels.mha", label_map="")).cases
    full = {row[1]: row[4] for row in content(study)["versions"] if row[4]}
    assert full == {"ParotidL": 18, "ParotidR": 18}
    assert len(case.matched) == 42
    assert case.unmatched == ("channel 40", "channel 41", "channel 42")
    assert "channels of the labels: 0 Brain, 1 BrainStem" in case.sentence
    assert "31 ParotidL, 32 ParotidR" in case.sentence


def test_a_slicer_segmentation_resolves_by_segment_name(study: Study, tmp_path: Path) -> None:
    write_case(study, tmp_path)
    fields = field(0, Name="Parotid_L", LabelValue=1) + field(1, Name="GTVp", LabelValue=3)
    write_segments(tmp_path / "labels.seg.nrrd", fields)
    (case,) = run(study, source(study, tmp_path, labels="labels.seg.nrrd", label_map="")).cases
    assert case.matched == ("ParotidL",)
    assert case.unmatched == ("GTVp",)


def test_a_lost_file_of_an_unchanged_case_is_stored_again(study: Study, tmp_path: Path) -> None:
    case = write_case(study, tmp_path)
    run(study, case)
    before = content(study)
    lost = study.labels.path(str(before["versions"][0][3]))
    lost.unlink()
    run(study, case)
    assert lost.is_file()
    assert content(study)["versions"] == before["versions"]


def test_progress_hears_of_each_case(study: Study, tmp_path: Path) -> None:
    heard: list[tuple[str, int, int]] = []
    write_case(study, tmp_path)
    write_ct(tmp_path / "b", shift=2)
    cases = [source(study, tmp_path), source(study, tmp_path, case="HN-2", ct="b/ct.nii.gz")]
    run(study, *cases, progress=lambda case, n, total: heard.append((case.name, n, total)))
    assert heard == [("HN-1", 1, 2), ("HN-2", 2, 2)]


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_reading_in_parallel_gives_the_same_study(
    make_import_study: Callable[..., Study], tmp_path: Path, kind: str
) -> None:
    one, other = make_import_study("one"), make_import_study("other")
    write_label_map(tmp_path)
    write_labels(tmp_path)
    for n in range(5):
        write_ct(tmp_path / str(n), shift=n)
    cells = [{"case": f"HN-{n}", "ct": f"{n}/ct.nii.gz"} for n in (0, 1, 2, 3, 9, 4)]
    pool = (
        ThreadPoolExecutor(2)
        if kind == "threads"
        else ProcessPoolExecutor(2, mp_context=get_context("spawn"))
    )
    serial = run(one, *[source(one, tmp_path, **c) for c in cells])
    catalogue = read_study_catalogue(other)
    with pool as executor:
        cases = [source(other, tmp_path, **c) for c in cells]
        planned = plan_import(other, catalogue, cases, executor=executor)
        parallel = run_import(
            other, catalogue, cases, actor="anna", now=lambda: NOON, executor=executor
        )
    assert [c.outcome for c in planned.cases] == [c.outcome for c in parallel.cases]
    assert [c.sentence for c in parallel.cases] == [c.sentence for c in serial.cases]
    assert {k: content(other)[k] for k in ("cases", "versions")} == {
        k: content(one)[k] for k in ("cases", "versions")
    }


def test_an_import_into_postgresql_is_the_same(
    make_import_study: Callable[..., Study], postgres_url: str, tmp_path: Path
) -> None:
    study = make_import_study("study", postgres_url)
    case = write_case(study, tmp_path)
    assert [c.outcome for c in run(study, case).cases] == [CaseOutcome.NEW]
    before = content(study)
    assert [c.outcome for c in run(study, case).cases] == [CaseOutcome.UNCHANGED]
    assert content(study) == before

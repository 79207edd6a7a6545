"""Quick runs: a dry run without voxels, and unchanged files that are not even hashed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from han5k_review.importing.case_contents import CaseContent
from han5k_review.importing.case_reading import CaseTask, StudyFiles, read_case
from han5k_review.importing.file_stamps import measure_stamp
from han5k_review.importing.fingerprints import measure_catalogue
from han5k_review.importing.imports import plan_import, run_import
from han5k_review.importing.known_cases import KnownCase, find_known_case
from han5k_review.importing.reports import CaseOutcome, ImportReport
from han5k_review.importing.sources import CaseSource
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.study import read_study_catalogue
from tests.imaging.phantoms import SHAPE, phantom_labels, write_one_hot, write_phantom
from tests.imaging.segment_phantoms import field, write_segments
from tests.importing.case_files import (
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
from tests.importing.test_bad_input import BAD, Damage

# What only voxels tell: where the damage lies, and which values occur.
ONLY_VOXELS = ("truncated_gzip", "empty_label", "unknown_label_value")


def quick(study: Study, *sources: CaseSource) -> ImportReport:
    return plan(study, *sources, deep=False)


def run_settled(study: Study, *sources: CaseSource) -> ImportReport:
    """An import that trusts files however new they are: a test does not wait for two seconds."""
    catalogue = read_study_catalogue(study)
    return run_import(study, catalogue, sources, actor="anna", now=lambda: NOON, settle_s=0)


def get_known(study: Study, name: str = "HN-1") -> KnownCase:
    with reading(study.engine) as session:
        known = find_known_case(session, name)
    if known is None:
        raise LookupError(name)
    return known


def read(study: Study, case: CaseSource, known: KnownCase, *, deep: bool) -> CaseContent:
    catalogue = read_study_catalogue(study)
    task = CaseTask(
        source=case,
        catalogue=catalogue,
        catalogue_sha256=measure_catalogue(catalogue),
        known=known,
        owners={},
        files=StudyFiles(volumes=study.volumes, labels=study.labels, doses=study.doses),
        write=True,
        deep=deep,
    )
    found = read_case(task)
    if not isinstance(found, CaseContent):
        raise TypeError(str(found))
    return found


def test_a_quick_dry_run_names_structures_and_geometry_without_voxels(
    study: Study, tmp_path: Path
) -> None:
    before = content(study)
    report = quick(study, write_case(study, tmp_path))
    (case,) = report.cases
    assert case.outcome is CaseOutcome.NEW
    assert case.matched == ("ParotidL", "ParotidR", "Larynx")
    assert case.unmatched == ("GTVp",)
    assert "3 pseudo-labels and 0 references" in case.sentence
    assert "7 x 9 x 5 voxels of 1.500 x 2.000 x 3.000 mm" in case.sentence
    assert "voxels not read (--deep reads them)" in case.sentence
    assert "voxels not read; --deep reads them" in report.sentence
    assert content(study) == before


def test_a_quick_dry_run_takes_a_file_whose_voxels_are_damaged_and_a_deep_one_does_not(
    study: Study, tmp_path: Path
) -> None:
    case = write_case(study, tmp_path)
    path = tmp_path / "labels.nii.gz"
    path.write_bytes(path.read_bytes()[:-20])
    assert quick(study, case).cases[0].outcome is CaseOutcome.NEW
    assert plan(study, case, deep=True).cases[0].outcome is CaseOutcome.REFUSED


@pytest.mark.parametrize(
    ("damage", "words"),
    [(damage, words) for damage, words in BAD if damage.__name__ not in ONLY_VOXELS],
    ids=[damage.__name__ for damage, _ in BAD if damage.__name__ not in ONLY_VOXELS],
)
def test_what_names_and_headers_tell_is_refused_by_a_quick_dry_run(
    study: Study, tmp_path: Path, damage: Damage, words: str
) -> None:
    write_case(study, tmp_path)
    cells = damage(tmp_path)
    report = quick(study, source(study, tmp_path, **cells))
    assert report.exit_code == 2
    assert words in report.cases[0].sentence


@pytest.mark.parametrize("form", ["folder", "one hot", "segments"])
def test_every_form_of_labels_is_outlined_as_it_is_read(
    study: Study, tmp_path: Path, form: str
) -> None:
    write_case(study, tmp_path)
    if form == "folder":
        for name, value in {"Parotid-Lt": 1, "glnd_submand_r": 2, "Lung-Lt": 3}.items():
            inside = (phantom_labels() == value).astype(np.uint8)
            write_labels(tmp_path / "masks", f"{name}.nii.gz", inside)
        labels = "masks"
    elif form == "one hot":
        channels = np.zeros((45, *SHAPE), np.uint8)
        channels[31] = phantom_labels() == 1
        labels = write_one_hot(tmp_path / "labels.mha", channels, packed=True).name
    else:
        fields = field(0, Name="Parotid_L", LabelValue=1, Layer=0)
        fields += field(1, Name="GTVp", LabelValue=3, Layer=0)
        labels = write_segments(tmp_path / "labels.seg.nrrd", fields).name
    case = source(study, tmp_path, labels=labels, label_map="")
    outlined, read = quick(study, case).cases[0], plan(study, case, deep=True).cases[0]
    assert (outlined.outcome, read.outcome) == (CaseOutcome.NEW, CaseOutcome.NEW)
    assert set(outlined.matched) == set(read.matched)
    assert set(outlined.unmatched) == set(read.unmatched)
    assert outlined.channels == read.channels


def test_a_quick_dry_run_knows_the_ct_file_of_another_case(study: Study, tmp_path: Path) -> None:
    first = write_case(study, tmp_path)
    second = source(study, tmp_path, case="HN-2")
    assert "is the CT of case HN-1" in quick(study, first, second).cases[1].sentence
    run(study, first)
    assert "is the CT of case HN-1" in quick(study, second).cases[0].sentence


def test_a_quick_dry_run_says_which_files_of_a_known_case_changed(
    study: Study, tmp_path: Path
) -> None:
    case = write_case(study, tmp_path)
    run(study, case)
    assert quick(study, case).cases[0].outcome is CaseOutcome.UNCHANGED
    labels = phantom_labels()
    labels[1, 2, 1] = 0
    write_labels(tmp_path, labels=labels)
    (changed,) = quick(study, case).cases
    assert changed.outcome is CaseOutcome.CHANGED
    assert "HN-1: changed since its last import: labels (" in changed.sentence
    assert "voxels not read (--deep reads them)" in changed.sentence


def test_a_quick_dry_run_refuses_a_known_case_on_another_grid(study: Study, tmp_path: Path) -> None:
    case = write_case(study, tmp_path)
    run(study, case)
    write_phantom(tmp_path / "ct.nii.gz", np.zeros((7, 9, 6), np.int16))
    assert "a CT never changes under its case" in quick(study, case).cases[0].sentence


def test_unchanged_files_are_known_by_their_stamp(study: Study, tmp_path: Path) -> None:
    case = write_case(study, tmp_path)
    run_settled(study, case)
    known = get_known(study)
    assert known.stamp == measure_stamp(case).key
    assert read(study, case, known, deep=False).is_same
    assert run(study, case).cases[0].outcome is CaseOutcome.UNCHANGED
    assert quick(study, case).cases[0].outcome is CaseOutcome.UNCHANGED


def test_files_that_were_just_written_are_hashed_next_time(study: Study, tmp_path: Path) -> None:
    run(study, write_case(study, tmp_path))
    assert get_known(study).stamp == ""


def test_a_change_that_keeps_size_and_time_of_writing_is_seen(study: Study, tmp_path: Path) -> None:
    """As rsync or a file manager leaves a copy: the time of writing set back."""
    case = write_case(study, tmp_path)
    path = tmp_path / "labels.nii.gz"
    run_settled(study, case)
    status = path.stat()
    labels = phantom_labels()
    labels[1, 2, 1] = 2
    write_labels(tmp_path, labels=labels)
    path.write_bytes(path.read_bytes().ljust(status.st_size, b"\0")[: status.st_size])
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_mtime_ns == status.st_mtime_ns
    assert run(study, case).cases[0].outcome is not CaseOutcome.UNCHANGED


def test_a_copy_with_its_times_is_hashed_and_found_unchanged(study: Study, tmp_path: Path) -> None:
    case = write_case(study, tmp_path / "a")
    run_settled(study, case)
    shutil.copytree(tmp_path / "a", tmp_path / "b", copy_function=shutil.copy2)
    copied = source(study, tmp_path / "b")
    assert measure_stamp(copied).key != get_known(study).stamp
    before = content(study)
    assert run(study, copied).cases[0].outcome is CaseOutcome.UNCHANGED
    assert content(study) == before


def test_what_stamps_cannot_tell_deep_does(study: Study, tmp_path: Path) -> None:
    """A file system that keeps no time of change: other content under the stamp of the import."""
    case = write_case(study, tmp_path)
    run_settled(study, case)
    labels = phantom_labels()
    labels[1, 2, 1] = 0
    write_labels(tmp_path, labels=labels)
    fooled = replace(get_known(study), stamp=measure_stamp(case).key)
    assert read(study, case, fooled, deep=False).is_same
    assert not read(study, case, fooled, deep=True).is_same


def test_another_structure_table_is_another_import(study: Study, tmp_path: Path) -> None:
    case = write_case(study, tmp_path)
    run_settled(study, case)
    known = get_known(study)
    older = replace(known, fingerprint={**known.fingerprint, "structures": "another table"})
    assert not read(study, case, older, deep=False).is_same


CHANGING = """
import sys
from pathlib import Path
from han5k_review.importing.imports import run_import
from han5k_review.importing.sources import read_manifest
from han5k_review.study import read_study_catalogue
from han5k_review.store.study import open_study
from tests.importing.conftest import NOON

labels = Path(sys.argv[3])

def touch_the_labels_once_the_map_is_read(event, arguments):
    if event == "open" and str(arguments[0]).endswith("map.csv") and not done:
        done.append(1)
        labels.write_bytes(labels.read_bytes())

done = []
study = open_study(Path(sys.argv[1]))
sources = read_manifest(Path(sys.argv[2]), study)
sys.addaudithook(touch_the_labels_once_the_map_is_read)
report = run_import(
    study, read_study_catalogue(study), sources, actor="anna", now=lambda: NOON
)
sys.stdout.write(report.cases[0].sentence)
"""


def test_files_that_change_while_they_are_read_are_refused(study: Study, tmp_path: Path) -> None:
    write_ct(tmp_path)
    labels = write_labels(tmp_path)
    write_label_map(tmp_path)
    manifest = tmp_path / "cases.csv"
    manifest.write_text("case,ct,labels,label_map\nHN-1,ct.nii.gz,labels.nii.gz,map.csv\n")
    command = [sys.executable, "-c", CHANGING, str(study.root), str(manifest), str(labels)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert "one of this case was changed meanwhile; import it again" in done.stdout
    assert content(study)["cases"] == []


def test_a_dry_run_in_parallel_says_the_same(study: Study, tmp_path: Path) -> None:
    cases = [write_case(study, tmp_path), source(study, tmp_path, case="HN-2")]
    alone = quick(study, *cases)
    with ThreadPoolExecutor(2) as executor:
        together = plan_import(study, read_study_catalogue(study), cases, executor=executor)
    assert [c.sentence for c in together.cases] == [c.sentence for c in alone.cases]

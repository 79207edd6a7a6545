"""Labels that are empty, double, without a voxel, or of a CT that does not look like one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from han5k_review.importing.reports import CaseOutcome
from han5k_review.store.study import Study
from tests.imaging.phantoms import (
    SHAPE,
    phantom_hu,
    phantom_labels,
    write_phantom,
)
from tests.importing.case_files import (
    EMPTY,
    content,
    plan,
    run,
    source,
    write_case,
    write_labels,
)


def test_two_masks_for_one_structure_are_refused(study: Study, tmp_path: Path) -> None:
    write_case(study, tmp_path)
    for name in ("Parotid-Lt", "Parotid_L"):
        write_labels(tmp_path / "masks", f"{name}.nii.gz", (phantom_labels() == 1).astype("uint8"))
    (case,) = run(study, source(study, tmp_path, labels="masks", label_map="")).cases
    assert "found Parotid-Lt.nii.gz and Parotid_L.nii.gz" in case.sentence


def test_an_empty_pseudo_label_is_kept_and_an_empty_reference_left_out(
    study: Study, tmp_path: Path
) -> None:
    write_case(study, tmp_path)
    labels = phantom_labels()
    labels[labels == 2] = 0
    write_labels(tmp_path, labels=labels)
    (case,) = run(study, source(study, tmp_path, reference="labels.nii.gz")).cases
    assert case.outcome is CaseOutcome.NEW
    assert "empty pseudo-labels, kept as empty: ParotidR" in case.sentence
    assert "empty references, left out: ParotidR" in case.sentence
    rows = [(row[1], row[2], row[4]) for row in content(study)["versions"]]
    assert ("ParotidR", "pseudo", 0) in rows
    assert not [row for row in rows if row[:2] == ("ParotidR", "reference")]
    assert run(study, source(study, tmp_path, reference="labels.nii.gz")).cases[0].labels == ()


def test_labels_without_any_voxel_are_refused(study: Study, tmp_path: Path) -> None:
    write_case(study, tmp_path)
    write_labels(tmp_path, labels=np.zeros(SHAPE, np.uint8))
    report = run(study, source(study, tmp_path))
    assert "at least one labelled voxel was expected" in report.cases[0].sentence
    assert content(study) == EMPTY


def test_a_ct_that_does_not_look_like_one_is_imported_with_a_warning(
    study: Study, tmp_path: Path
) -> None:
    case = write_case(study, tmp_path)
    write_phantom(tmp_path / "ct.nii.gz", np.abs(phantom_hu() % 80).astype(np.int16))
    (planned,) = plan(study, case).cases
    assert planned.outcome is CaseOutcome.NEW
    assert "warning: CT: HU from 1 to 76: no tissue above 100 HU, is it a CT?" in planned.sentence

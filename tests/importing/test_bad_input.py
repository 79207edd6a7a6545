"""Every bad input is one sentence with file and case, exit code 2, and nothing half-stored."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from han5k_review.importing.reports import CaseOutcome
from han5k_review.store.study import Study
from tests.imaging.phantoms import AFFINE_LPS_AXES, SHAPE, phantom_hu, phantom_labels, write_image
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

Damage = Callable[[Path], dict[str, str]]


def truncated_gzip(folder: Path) -> dict[str, str]:
    path = folder / "ct.nii.gz"
    path.write_bytes(path.read_bytes()[:-40])
    return {}


def text_file(folder: Path) -> dict[str, str]:
    (folder / "ct.nii.gz").write_text("This is the scan of Tuesday.\n" * 30)
    return {}


def wrong_geometry(folder: Path) -> dict[str, str]:
    affine = AFFINE_LPS_AXES.copy()
    affine[2, 3] += 30
    write_image(folder / "labels.nii.gz", phantom_labels(), affine)
    return {}


def nan_spacing(folder: Path) -> dict[str, str]:
    whole = bytearray(nib.Nifti1Image(phantom_hu(), AFFINE_LPS_AXES).to_bytes())
    struct.pack_into("<f", whole, 80, float("nan"))
    (folder / "ct.nii.gz").write_bytes(gzip.compress(bytes(whole)))
    return {}


def empty_label(folder: Path) -> dict[str, str]:
    write_labels(folder, labels=np.zeros(SHAPE, np.uint8))
    return {}


def unknown_label_value(folder: Path) -> dict[str, str]:
    write_labels(folder, labels=phantom_labels() * 11)
    return {}


def missing_reference(folder: Path) -> dict[str, str]:
    return {"reference": "reference.nii.gz"}


def missing_ct(folder: Path) -> dict[str, str]:
    (folder / "ct.nii.gz").unlink()
    return {}


def no_ct_at_all(folder: Path) -> dict[str, str]:
    return {"ct": ""}


def no_label_map(folder: Path) -> dict[str, str]:
    return {"label_map": ""}


def no_known_structure(folder: Path) -> dict[str, str]:
    write_label_map(folder, "structure,values\nLiver,1-3\n")
    return {}


def bad_label_map(folder: Path) -> dict[str, str]:
    write_label_map(folder, "structure,values\nParotidL,one\n")
    return {}


BAD: list[tuple[Damage, str]] = [
    (truncated_gzip, "ct.nii.gz: a whole compressed file was expected, it ends too early"),
    (text_file, "ct.nii.gz: a NIfTI image was expected, the file holds something else"),
    (wrong_geometry, "origin RAS (40.25, 71.50, -280.75)"),
    (nan_spacing, "ct.nii.gz: finite spacing above 0 mm was expected"),
    (empty_label, "labels.nii.gz: at least one labelled voxel was expected"),
    (unknown_label_value, "labels.nii.gz: only label values of its label map were expected, found"),
    (missing_reference, "the reference was expected at "),
    (missing_ct, "the ct was expected at "),
    (no_ct_at_all, "a CT was expected for a case the study does not know"),
    (no_label_map, "labels.nii.gz: a label map that says which value is which structure"),
    (no_known_structure, "found only Liver"),
    (bad_label_map, "map.csv line 2: integers or ranges like 1-9 were expected, found 'one'"),
]


@pytest.mark.parametrize(("damage", "words"), BAD, ids=[damage.__name__ for damage, _ in BAD])
def test_a_bad_case_is_one_sentence_and_stops_no_other(
    study: Study, tmp_path: Path, damage: Damage, words: str
) -> None:
    bad = tmp_path / "bad"
    write_case(study, bad)
    good = tmp_path / "good"
    write_case(study, good)
    write_ct(good, shift=40)
    cells = damage(bad)
    sources = (source(study, bad, case="HN-bad", **cells), source(study, good, case="HN-good"))
    for attempt in (plan, run):
        report = attempt(study, *sources)
        assert report.exit_code == 2
        assert [c.outcome for c in report.cases] == [CaseOutcome.REFUSED, CaseOutcome.NEW]
        sentence = report.cases[0].sentence
        assert sentence.startswith("HN-bad: refused (test ")
        assert words in sentence
        assert "\n" not in sentence
        assert "Error" not in sentence
    there = content(study)
    assert [row[0] for row in there["cases"]] == ["HN-good"]
    assert there["audits"] == [("import case", "case HN-good")]
    stored = {str(row[3]) for row in there["versions"]} | {str(there["cases"][0][3])}
    on_disk = {p.name.removesuffix(".nii.gz") for p in study.labels.folder.glob("*/*")}
    on_disk |= {p.name for p in study.volumes.folder.glob("*/*")}
    assert on_disk == stored


def test_wrong_geometry_names_both_geometries(study: Study, tmp_path: Path) -> None:
    write_case(study, tmp_path)
    wrong_geometry(tmp_path)
    sentence = run(study, source(study, tmp_path)).cases[0].sentence
    assert "origin RAS (40.25, 71.50, -310.75)" in sentence
    assert "origin RAS (40.25, 71.50, -280.75)" in sentence

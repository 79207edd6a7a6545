"""Labels in the forms that people have them: what they mean is said, or they are refused."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from han5k_review.importing.reports import CaseOutcome, CaseReport
from han5k_review.store.study import Study
from tests.imaging.phantoms import (
    SHAPE,
    phantom_grid,
    phantom_labels,
    write_image,
    write_one_hot,
)
from tests.imaging.segment_phantoms import field, write_layers, write_segments
from tests.importing.case_files import content, plan, run, source, write_case, write_label_map


def case_of(study: Study, folder: Path, **cells: str) -> CaseReport:
    write_case(study, folder)
    (case,) = plan(study, source(study, folder, **cells)).cases
    return case


def write_channels(folder: Path, count: int) -> None:
    channels = np.zeros((count, *SHAPE), np.uint8)
    channels[0], channels[1] = phantom_labels() == 1, phantom_labels() == 2
    write_one_hot(folder / "labels.mha", channels, packed=True)


@pytest.mark.parametrize("count", [2, 44, 46])
def test_another_number_of_channels_than_the_tables_is_refused(
    study: Study, tmp_path: Path, count: int
) -> None:
    write_channels(tmp_path, count)
    case = case_of(study, tmp_path, labels="labels.mha", label_map="")
    assert case.outcome is CaseOutcome.REFUSED
    assert "labels.mha: 45 channels, as the column segrap_channel" in case.refusal
    assert f"found {count}; say which channel" in case.refusal


def test_a_channel_map_says_which_channel_is_which_structure(study: Study, tmp_path: Path) -> None:
    write_case(study, tmp_path)
    write_channels(tmp_path, 3)
    (tmp_path / "channels.csv").write_text("structure,channel\nParotid_L,0\nGTVp,2\nParotidR,1\n")
    cells = {"labels": "labels.mha", "label_map": "channels.csv"}
    (case,) = run(study, source(study, tmp_path, **cells)).cases
    assert case.channels == ("channels of the labels: 0 ParotidL, 1 ParotidR, 2 left out (GTVp)",)
    assert case.unmatched == ("GTVp",)
    rows = {row[1]: row[3] for row in content(study)["versions"]}
    for name, value in (("ParotidL", 1), ("ParotidR", 2)):
        mask = study.labels.get_mask(rows[name], phantom_grid())
        assert np.array_equal(mask.dense(), phantom_labels() == value)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("ParotidL,0\nParotidR,1\n", "differs in 2; give every channel a row"),
        ("ParotidL,0\nParotidR,1\n,2\nBrain,3\n", "differs in 3"),
        ("ParotidL,0\nParotidR,0\n", "line 3: each channel once was expected, found 0 again"),
        ("ParotidL,0\nParotid_L,1\n", "line 3: each structure once was expected, found ParotidL"),
        ("ParotidL,1²\n", "line 2: the number of a channel was expected, found '1²'"),
        ("ParotidL,0-2\n", "line 2: the number of a channel was expected, found '0-2'"),
    ],
)
def test_a_channel_map_that_leaves_a_doubt_is_refused(
    study: Study, tmp_path: Path, rows: str, words: str
) -> None:
    write_channels(tmp_path, 3)
    (tmp_path / "channels.csv").write_text("structure,channel\n" + rows, encoding="utf-8")
    case = case_of(study, tmp_path, labels="labels.mha", label_map="channels.csv")
    assert words in case.refusal


def test_a_map_of_values_does_not_name_channels(study: Study, tmp_path: Path) -> None:
    write_channels(tmp_path, 2)
    case = case_of(study, tmp_path, labels="labels.mha")
    assert "found 2; say which channel is which structure" in case.refusal


def test_rows_that_were_merged_are_said(study: Study, tmp_path: Path) -> None:
    write_case(study, tmp_path)
    write_label_map(tmp_path, "structure,values\nParotidL,1\nParotid_L,2\nLarynx,3\n")
    (case,) = plan(study, source(study, tmp_path)).cases
    assert case.warnings == (
        "labels: map.csv: ParotidL stands in 2 rows (ParotidL 1; Parotid_L 2), which were merged",
    )


def test_what_a_segmentation_leaves_out_is_said(study: Study, tmp_path: Path) -> None:
    write_segments(tmp_path / "x.seg.nrrd", field(0, Name="Parotid_L", LabelValue=1, Layer=0))
    case = case_of(study, tmp_path, labels="x.seg.nrrd", label_map="")
    assert case.outcome is CaseOutcome.NEW
    assert "18 voxels of value 2, 2 voxels of value 3 in layer 0" in case.warnings[0]
    assert "38 voxels of value 1 in layer 1" in case.warnings[1]


def test_a_nrrd_that_names_segments_needs_no_label_map(study: Study, tmp_path: Path) -> None:
    fields = field(0, Name="Parotid_L", Layer=0) + field(1, Name="Larynx", LabelValue=3, Layer=0)
    write_segments(tmp_path / "x.nrrd", fields)
    case = case_of(study, tmp_path, labels="x.nrrd", label_map="")
    assert case.matched == ("ParotidL", "Larynx")


def test_files_that_hold_a_part_of_the_ct_are_placed_and_said(study: Study, tmp_path: Path) -> None:
    write_case(study, tmp_path)
    (tmp_path / "masks").mkdir()
    part = phantom_grid().cropped((1, 1, 1), (5, 5, 4))
    for name, value in (("ParotidL", 1), ("ParotidR", 2)):
        inside = (phantom_labels() == value)[1:6, 1:6, 1:5].astype(np.uint8)
        write_image(tmp_path / "masks" / f"{name}.nii.gz", inside, part.affine)
    (case,) = run(study, source(study, tmp_path, labels="masks", label_map="")).cases
    assert case.warnings[0] == (
        "labels: ParotidL.nii.gz, ParotidR.nii.gz: a part of the CT's grid, put in its place "
        "exactly; what lies around it has no labels"
    )
    for row in content(study)["versions"]:
        value = {"ParotidL": 1, "ParotidR": 2}[row[1]]
        found = study.labels.get_mask(row[3], phantom_grid())
        assert np.array_equal(found.dense(), phantom_labels() == value)


def test_nan_in_a_label_is_one_sentence_with_the_number(study: Study, tmp_path: Path) -> None:
    labels = phantom_labels().astype(np.float32)
    labels[0, 0, :3] = np.nan
    for suffix in (".nii.gz", ".nrrd", ".mha"):
        write_image(tmp_path / f"nan{suffix}", labels, phantom_grid().affine)
        case = case_of(study, tmp_path, labels=f"nan{suffix}")
        assert case.outcome is CaseOutcome.REFUSED
        assert re.search(r"found 3 voxels of NaN", case.refusal)


@pytest.mark.parametrize("deep", [False, True])
def test_a_channel_map_with_an_image_of_one_number_per_voxel_is_named(
    study: Study, tmp_path: Path, deep: bool
) -> None:
    write_case(study, tmp_path)
    (tmp_path / "channels.csv").write_text("structure,channel\nParotidL,0\n")
    (case,) = plan(study, source(study, tmp_path, label_map="channels.csv"), deep=deep).cases
    assert "labels.nii.gz: a label map with the columns structure,values" in case.refusal
    assert "found the channel map" in case.refusal


@pytest.mark.parametrize("deep", [False, True])
def test_numbers_beside_each_other_are_named_before_the_map_is(
    study: Study, tmp_path: Path, deep: bool
) -> None:
    write_case(study, tmp_path)
    (tmp_path / "channels.csv").write_text("structure,channel\nParotidL,0\nParotidR,1\n")
    layers = np.stack([phantom_labels() == 1, phantom_labels() == 2]).astype(np.uint8)
    write_layers(tmp_path / "labels.nrrd", layers, "")
    given = source(study, tmp_path, labels="labels.nrrd", label_map="channels.csv")
    (case,) = plan(study, given, deep=deep).cases
    assert "labels.nrrd: one number per voxel was expected, found 2" in case.refusal

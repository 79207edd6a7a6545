from __future__ import annotations

import csv
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.demo.study import DemoEntry, iterate_demo_cases
from han5k_review.errors import ConfigError, StorageError
from han5k_review.store.vocabulary import Split
from tests.demo.demo_files import KNOWN_ERRORS, MANIFEST, write_demo_files


@pytest.fixture(scope="session")
def folder(entries: list[DemoEntry], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first and the last case as files: both train, one has references."""
    place = tmp_path_factory.mktemp("demo")
    write_demo_files(place, entries[::2])
    return place


def test_patients_are_distinct_and_the_splits_as_asked(entries: list[DemoEntry]) -> None:
    assert len({entry.patient for entry in entries}) == 3
    assert [entry.split for entry in entries] == [Split.TRAIN, Split.HELD_OUT, Split.TRAIN]
    assert [bool(entry.reference) for entry in entries] == [True, True, False]
    assert all(len(entry.pseudo) >= 24 for entry in entries)


def test_too_many_references_are_refused(catalogue: Catalogue) -> None:
    with pytest.raises(ConfigError, match="References for 0 to 2"):
        next(iterate_demo_cases(catalogue, cases=2, references_for=3))


def test_the_manifest_names_files_that_exist(folder: Path, catalogue: Catalogue) -> None:
    with (folder / MANIFEST).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["case", "patient", "split", "ct", "labels", "reference"]
    assert [row["split"] for row in rows] == ["train", "train"]
    for row in rows:
        assert (folder / row["ct"]).is_file()
        assert len(list((folder / row["labels"]).iterdir())) == len(catalogue)
    assert [bool(row["reference"]) for row in rows] == [True, False]


def test_known_errors_are_listed_per_case_and_structure(folder: Path, catalogue: Catalogue) -> None:
    with (folder / KNOWN_ERRORS).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * len(catalogue)
    assert len({row["error"] for row in rows}) >= 8


def test_two_readers_see_the_same_voxels_in_the_same_place(
    folder: Path, entries: list[DemoEntry]
) -> None:
    entry = entries[0]
    affine = entry.ct.grid.affine
    image = nib.load(folder / "demo-01" / "ct.nii.gz")
    assert np.allclose(image.affine, affine, atol=1e-3)
    assert np.array_equal(np.asarray(image.dataobj), entry.ct.hu)
    for name in ("ParotidL", "Brain", "OpticChiasm"):
        mask = entry.pseudo[name].dense()
        path = folder / "demo-01" / "pseudo" / f"{name}.nii.gz"
        image = nib.load(path)
        assert np.allclose(image.affine, affine, atol=1e-3)
        assert np.array_equal(np.asarray(image.dataobj).astype(bool), mask)
        other = sitk.ReadImage(str(path))
        assert np.allclose(other.GetSpacing(), entry.ct.grid.spacing_mm, atol=1e-4)
        assert np.array_equal(sitk.GetArrayFromImage(other).T.astype(bool), mask)


def test_every_set_of_files_says_research_use_only(folder: Path) -> None:
    notice = (folder / "README.txt").read_text(encoding="utf-8")
    assert "Research use only. Not a medical device." in notice


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, entries: list[DemoEntry]) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    with pytest.raises(StorageError, match="taken"):
        write_demo_files(tmp_path / "taken" / "demo", entries)

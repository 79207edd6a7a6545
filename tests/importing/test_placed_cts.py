"""CTs left in their places: nothing is copied, and what is no longer there as it was is said."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from han5k_review.cli.main import main
from han5k_review.errors import DataError
from han5k_review.imaging.dicom.trees import find_tree
from han5k_review.importing.reports import CaseOutcome
from han5k_review.store.study import Study
from tests.importing.case_files import content, run, write_case
from tests.importing.test_trees import BY_ID, import_tree, write_patient

IN_PLACE = replace(BY_ID, in_place=True)


def doctor(study: Study, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(("doctor", *words, "--study", str(study.root)))
    printed = capsys.readouterr()
    return int(ended.value.code or 0), " ".join((printed.out + printed.err).split())


def only_image(study: Study) -> str:
    (row,) = content(study)["cases"]
    return str(row[3])  # type: ignore[index]


def list_slabs(study: Study) -> list[str]:
    return sorted(path.name for path in study.volumes.folder.rglob("*.zst"))


@pytest.fixture
def placed(study: Study, tmp_path: Path) -> Study:
    """A study of one case whose CT lies in `tree/01`."""
    write_patient(tmp_path / "tree", 1)
    report = import_tree(study, find_tree(tmp_path / "tree"), choice=IN_PLACE)
    assert report.cases[0].outcome is CaseOutcome.NEW
    return study


def test_a_ct_in_place_is_not_copied_until_it_is_looked_at(
    placed: Study, make_import_study, tmp_path: Path
) -> None:
    copied = make_import_study("copied")
    import_tree(copied, find_tree(tmp_path / "tree"))
    image = only_image(placed)
    assert content(placed)["versions"] == content(copied)["versions"]
    assert list_slabs(placed) == []
    assert placed.volumes.get_index(image) == copied.volumes.get_index(image)
    assert np.array_equal(placed.volumes.get_volume(image).hu, copied.volumes.get_volume(image).hu)
    assert list_slabs(placed) == []
    slab = placed.volumes.get_slab_zstd(image, 0)
    assert slab == copied.volumes.get_slab_zstd(image, 0)
    assert list_slabs(placed) == list_slabs(copied) == ["0000.zst"]
    for file in (tmp_path / "tree" / "01").iterdir():
        file.unlink()
    assert placed.volumes.get_slab_zstd(image, 0) == slab  # its hash was checked when it was made
    assert placed.volumes.get_axial_slice(image, 3).shape == (12, 10)


def lose(folder: Path) -> str:
    (folder / "3-1").unlink()
    return "1 of 6 files missing"


def cut(folder: Path) -> str:
    (folder / "3-1").write_bytes((folder / "3-1").read_bytes()[:-20])
    return "no longer those that were imported"


def alter(folder: Path) -> str:
    """Other voxels, with the size and the time of writing of before: only hashing tells."""
    file = folder / "3-1"
    before = file.stat()
    one = dcmread(file)
    one.PixelData = bytes(reversed(one.PixelData))
    one.save_as(file)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    return "no longer those that were imported"


@pytest.mark.parametrize("harm", [lose, cut, alter])
def test_a_missing_or_changed_ct_is_said_and_never_shown(
    placed: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str], harm
) -> None:
    folder = tmp_path / "tree" / "01"
    image = only_image(placed)
    code, said = doctor(placed, capsys, "--deep")
    assert (code, "1 CT left in their places, 0 changed or missing" in said) == (0, True)
    words = harm(folder)
    code, said = doctor(placed, capsys, *(["--deep"] if harm is alter else []))
    assert code == 2
    assert f"the CT of RC-0001 in its place: {words}" in said or words in said
    assert "3-1" in said or harm is alter
    for ask in (
        lambda: placed.volumes.get_slab_zstd(image, 0),
        lambda: placed.volumes.get_volume(image),
        lambda: placed.volumes.get_axial_slice(image, 0),
    ):
        with pytest.raises(
            DataError, match="A CT that was left in its place was expected there"
        ) as e:
            ask()
        assert str(tmp_path) not in str(e.value)  # readers see it; folders may be names of people
    assert list_slabs(placed) == []


def test_a_moved_tree_is_found_again_and_a_copy_can_be_made_later(
    placed: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = only_image(placed)
    moved = (tmp_path / "tree").rename(tmp_path / "moved")
    with pytest.raises(DataError, match="6 of its 6 files missing"):
        placed.volumes.get_volume(image)
    assert import_tree(placed, find_tree(moved), choice=IN_PLACE).count(CaseOutcome.UNCHANGED) == 1
    assert placed.volumes.get_volume(image).sha256 == image
    report = import_tree(placed, find_tree(moved))
    assert report.cases[0].outcome is CaseOutcome.UNCHANGED
    assert placed.volumes.find_place(image) is None
    for file in (moved / "01").iterdir():
        file.unlink()
    assert placed.volumes.get_volume(image).sha256 == image
    assert doctor(placed, capsys)[0] == 0


def test_any_ct_can_stay_in_its_place_and_a_damaged_note_is_made_anew(
    study: Study, tmp_path: Path
) -> None:
    source = replace(write_case(study, tmp_path), in_place=True)
    run(study, source)
    image = only_image(study)
    note = study.volumes.path(image) / "place.json"
    note.write_text("{")
    with pytest.raises(DataError, match="found a damaged file; import the case again"):
        study.volumes.get_volume(image)
    run(study, source)
    assert study.volumes.get_volume(image).sha256 == image
    assert list_slabs(study) == []

"""A .zip of a tree is imported as the tree, and is gone from the disk when the report is read."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from han5k_review.errors import ConfigError, DataError
from han5k_review.imaging.dicom.archives import is_archive, unpack_named
from han5k_review.importing.reports import ImportReport
from han5k_review.importing.tree_imports import (
    TreeOrder,
    find_tree_sources,
    import_tree,
    is_tree,
    unpacked_order,
)
from han5k_review.importing.tree_sources import CaseNaming, TreeChoice
from han5k_review.store.study import Study
from han5k_review.study import read_study_catalogue
from tests.importing.conftest import NOON
from tests.importing.test_trees import write_patient

BY_ID = TreeChoice(naming=CaseNaming.PATIENT_ID)


def run(study: Study, archive: Path, spool: Path) -> ImportReport:
    with unpacked_order(TreeOrder(root=archive, choice=BY_ID), spool) as order:
        found = find_tree_sources(study, order)
        catalogue = read_study_catalogue(study)
        return import_tree(study, catalogue, found, order, actor="anna", now=lambda: NOON)


def test_a_zip_is_imported_as_the_tree_in_it(study: Study, tmp_path: Path) -> None:
    tree, spool = tmp_path / "tree", tmp_path / "spool"
    for number in (1, 2):
        write_patient(tree, number)
    (tree / "02" / "3-2").write_bytes((tree / "02" / "3-2").read_bytes()[:-40])
    (tree / "02" / ".hidden").write_bytes(b"\0" * 128 + b"DICM")
    archive = Path(shutil.make_archive(str(tmp_path / "sent"), "zip", tree))
    archive = archive.rename(tmp_path / "sent-by-mail")  # what is in it decides, not its name
    assert is_tree(archive)
    first, second = run(study, archive, spool).cases
    assert (first.name, first.origin, first.outcome.value) == ("RC-0001", "01", "new")
    assert (second.origin, second.outcome.value) == ("02", "refused")
    assert second.refusal.startswith(f"{archive}/02: slice ")
    assert list(spool.iterdir()) == []
    again = archive.rename(tmp_path / "copy.ZIP")
    assert run(study, again, spool).cases[0].outcome.value == "unchanged"
    in_place = TreeOrder(root=again, choice=TreeChoice(in_place=True))
    with pytest.raises(ConfigError, match="a folder was expected with --in-place"):
        unpacked_order(in_place).__enter__()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("names", [("a", "a"), ("a", "a/b"), ("x" * 300,)])
def test_names_that_no_folder_holds_are_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    path, to = tmp_path / "odd.zip", tmp_path / "to"
    to.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"1")
    with pytest.raises(DataError, match="in the archive, found"):
        unpack_named(path, to, is_tree=True)
    assert list(to.iterdir()) == []


def test_a_spreadsheet_is_no_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "cases.zip", "w") as book:
        book.writestr("[Content_Types].xml", "<Types/>")
    assert not is_archive(tmp_path / "cases.zip")

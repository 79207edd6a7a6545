"""A corrected file on a page: shown first, taken once, whatever is pressed."""

from __future__ import annotations

import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from han5k_review.exports.contour_files import Contour, build_segmentation
from han5k_review.imaging.mask import StructureMask
from han5k_review.review.decisions.revising import list_revisions
from han5k_review.settings import get_settings
from han5k_review.store.engine import reading
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.visit import open_bench
from tests.web.bench import GRID, WebBench, build_bench

SCRIPT = Path(__file__).with_name("upload_page.py")


@pytest.fixture
def bench(tmp_path: Path) -> WebBench:
    return build_bench(tmp_path / "study", None)


@pytest.fixture
def page(bench: WebBench, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("HAN5K_STUDY", str(bench.study.root))
    # AppTest leaves its script as the main module, which processes spawned later would run.
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    get_settings.cache_clear()
    open_bench.clear()
    return AppTest.from_file(str(SCRIPT), default_timeout=300)


def wider(bench: WebBench) -> StructureMask:
    dense = bench.masks["ParotidL"].dense().copy()
    dense[4, 3:8, 2:7] = True
    return StructureMask.from_dense(dense, GRID)


def count(bench: WebBench) -> int:
    with reading(bench.study.engine) as session:
        return len(list_revisions(session))


def test_a_file_is_shown_first_and_taken_once(bench: WebBench, page: AppTest) -> None:
    content = build_segmentation(
        [
            Contour(structure="Parotid_L", mask=wider(bench)),
            Contour(structure="Scribble", mask=wider(bench)),
        ]
    )
    page.run()
    page.file_uploader[0].upload("back.seg.nrrd", content)
    page.run()
    assert not page.exception
    assert "Scribble" in page.warning[0].value
    assert list(page.dataframe[0].value["Structure"]) == ["ParotidL"]
    # 74 voxels before (a box of 3 x 5 x 5 without a corner), 25 more after.
    assert page.dataframe[0].value["VRD %"][0] == pytest.approx(100 * 25 / 74)
    assert count(bench) == 0
    page.button(key="take-upload").click().run()
    assert "Taken as revision 1" in page.success[0].value
    page.run()
    assert count(bench) == 1
    assert len(page.button) == 0


def test_a_file_that_cannot_be_taken_is_one_sentence(bench: WebBench, page: AppTest) -> None:
    two = np.zeros(GRID.shape, dtype=np.uint8)
    two[1, 1, 1], two[2, 2, 2] = 1, 2
    image = nib.Nifti1Image(two, GRID.affine)
    page.run()
    page.file_uploader[0].upload("two Parotid_L.nii", image.to_bytes())
    page.run()
    assert page.error[0].value.startswith(as_text("two Parotid_L.nii: a mask of one structure"))
    page.file_uploader[0].upload("notes.txt", b"hello")
    page.run()
    assert page.error[0].value.startswith(as_text("notes.txt: a file ending in"))
    assert count(bench) == 0


def as_nifti(mask: StructureMask) -> bytes:
    return bytes(nib.Nifti1Image(mask.dense().astype(np.uint8), GRID.affine).to_bytes())


def test_the_structure_comes_from_the_name_of_the_file_or_is_asked_for(
    bench: WebBench, page: AppTest
) -> None:
    page.run()
    page.file_uploader[0].upload("HN-001_Parotid_L_new.nii", as_nifti(wider(bench)))
    page.run()
    assert page.selectbox[0].value == "ParotidL"
    assert list(page.dataframe[0].value["Structure"]) == ["ParotidL"]
    assert len(page.error) == 0
    page.file_uploader[0].upload("corrected.nii", as_nifti(wider(bench)))
    page.run()
    assert page.selectbox[0].value is None
    assert "Choose it" in page.info[0].value
    assert len(page.button) == 0  # nothing to take before somebody said what it is
    page.selectbox[0].select("ParotidL").run()
    assert page.button(key="take-upload").label == "Take ParotidL"


def test_another_place_is_a_red_line_with_the_numbers(bench: WebBench, page: AppTest) -> None:
    elsewhere = np.zeros(GRID.shape, dtype=bool)
    elsewhere[-4:-1, -6:-1, -4:-1] = True
    page.run()
    page.file_uploader[0].upload(
        "ParotidL.nii", as_nifti(StructureMask.from_dense(elsewhere, GRID))
    )
    page.run()
    red = page.error[0].value
    assert red.startswith("ParotidL: little of it agrees with the contour under review (Dice 0.000")
    assert "mm apart" in red


def test_what_changed_stands_first_in_the_preview(bench: WebBench, page: AppTest) -> None:
    same = bench.masks["BrainStem"]
    content = build_segmentation(
        [
            Contour(structure="BrainStem", mask=same),
            Contour(structure="Parotid_L", mask=wider(bench)),
        ]
    )
    page.run()
    page.file_uploader[0].upload("back.seg.nrrd", content)
    page.run()
    shown = page.dataframe[0].value
    assert list(shown["Structure"]) == ["ParotidL", "BrainStem"]
    assert list(shown["Taken"]) == ["yes", "unchanged"]

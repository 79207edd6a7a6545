"""Contours are downloaded by who may see them, and by nobody else."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from sqlmodel import select

from han5k_review.imaging.corrected_files import read_corrected
from han5k_review.imaging.dicom.label_masks import build_label_mask
from han5k_review.imaging.dicom.labels import read_dicom_labels
from han5k_review.imaging.label_images import read_mask
from han5k_review.store.engine import reading
from han5k_review.store.tables import Audit
from tests.web.bench import GRID, WebBench
from tests.web.conftest import ANY_ENGINE, Visit

pytestmark = ANY_ENGINE

# What goes out does not depend on the database; test_mask_routes.py asks both.
pytestmark = pytest.mark.parametrize("bench", ["sqlite"], indirect=True)


def test_a_reader_downloads_their_case_and_it_reads_back(
    bench: WebBench, visit: Visit, tmp_path: Path
) -> None:
    answer = visit("anna").get("/api/assignments/1/contours/a.seg.nrrd")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].endswith('"HN-001-contours.seg.nrrd"')
    assert answer.headers["cache-control"] == "no-store"
    path = tmp_path / "case.seg.nrrd"
    path.write_bytes(answer.content)
    found = {one.name: one.mask for one in read_corrected(path, GRID)}
    assert {name: mask.sha256 for name, mask in found.items()} == {
        name: mask.sha256 for name, mask in bench.masks.items()
    }
    with reading(bench.study.engine) as session:
        assert "download contours" in [row.action for row in session.exec(select(Audit)).all()]


def test_one_structure_as_nifti(bench: WebBench, visit: Visit, tmp_path: Path) -> None:
    answer = visit("emil").get(f"/api/cases/{bench.case_id}/contours/a.nii.gz?structure=ParotidL")
    assert answer.status_code == 200
    path = tmp_path / "ParotidL.nii.gz"
    path.write_bytes(answer.content)
    assert read_mask(path, GRID).sha256 == bench.masks["ParotidL"].sha256


@pytest.mark.parametrize("suffix", [".dcm", ".keyholes.dcm", ".seg.dcm"])
def test_dicom_reads_back_as_the_masks(
    bench: WebBench, visit: Visit, tmp_path: Path, suffix: str
) -> None:
    answer = visit("anna").get(f"/api/assignments/1/contours/a{suffix}")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].endswith(f'"HN-001-contours{suffix}"')
    path = tmp_path / "case.dcm"
    path.write_bytes(answer.content)
    found = [build_label_mask(roi, GRID).mask.sha256 for roi in read_dicom_labels(path).labels]
    assert sorted(found) == sorted(mask.sha256 for mask in bench.masks.values())


def test_an_archive_leaves_while_it_is_made(visit: Visit) -> None:
    answer = visit("anna").get("/api/assignments/1/contours/a.zip")
    assert answer.status_code == 200
    assert "content-length" not in answer.headers, "its length is not known when it begins"
    assert answer.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ("ben", "/api/assignments/1/contours/a.zip", 403),
        ("anna", "/api/cases/1/contours/a.zip", 403),
        ("anna", "/api/assignments/1/contours/b.zip", 404),
        ("ben", "/api/assignments/2/contours/b.zip", 200),
        ("anna", "/api/assignments/1/contours/a.stl", 404),
        ("ben", "/api/assignments/1/contours/a.dcm", 403),
        ("anna", "/api/assignments/1/contours/a.nii.gz", 422),
        ("ben", "/api/assignments/2/contours/b.dcm.csv", 200),
        ("anna", "/api/assignments/1/contours/a.zip?structure=Liver", 404),
        ("lena", "/api/cases/1/contours/a.zip?structure=ParotidL&structure=BrainStem", 200),
        (None, "/api/assignments/1/contours/a.zip", 401),
    ],
)
def test_who_may_download_what(visit: Visit, who: str | None, path: str, status: int) -> None:
    assert visit(who).get(path).status_code == status

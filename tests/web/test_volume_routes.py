"""CT slabs reach those who may see them, bit for bit, in whatever coding they accept."""

from __future__ import annotations

import gzip
import hashlib

import numpy as np
import pytest
import zstandard

from han5k_review.imaging.dose import DoseVolume
from han5k_review.imaging.slabs import read_slab
from han5k_review.store.ct_places import PLACE_NAME, build_place
from rigs.studies import make_grid
from tests.web.bench import GRID, WebBench
from tests.web.conftest import ANY_ENGINE, Visit

pytestmark = ANY_ENGINE
UNDO = {
    "zstd": lambda content: zstandard.ZstdDecompressor().decompress(content),
    "gzip": gzip.decompress,
    None: bytes,
}


def fetch_raw(client: object, url: str, accept: str) -> tuple[bytes, object]:
    with client.stream("GET", url, headers={"Accept-Encoding": accept}) as answer:  # type: ignore[attr-defined]
        return b"".join(answer.iter_raw()), answer


@pytest.mark.parametrize(
    ("accept", "coding"),
    [("gzip, deflate, br, zstd", "zstd"), ("gzip;q=0.5, zstd;q=0", "gzip"), ("identity", None)],
)
def test_the_slabs_of_a_volume_rebuild_it_exactly(
    bench: WebBench, visit: Visit, accept: str, coding: str | None
) -> None:
    anna = visit("anna")
    index = anna.get("/api/assignments/1/volume").json()
    assert index["shape"] == list(GRID.shape)
    assert index["spacing_mm"] == pytest.approx([2.0, 2.0, 3.0])
    assert np.allclose(index["affine_ras"], GRID.affine)
    assert index["slab_slices"] == 8
    assert index["oblique"] is False
    seen = np.empty(GRID.shape, dtype=np.int16)
    for slab in index["slabs"]:
        content, answer = fetch_raw(anna, slab["url"], accept)
        assert answer.headers.get("content-encoding") == coding  # type: ignore[attr-defined]
        assert "accept-encoding" in answer.headers["vary"].lower()  # type: ignore[attr-defined]
        shuffled = UNDO[coding](content)
        assert hashlib.sha256(shuffled).hexdigest() == slab["sha256"]
        end = slab["first"] + slab["slices"]
        seen[:, :, slab["first"] : end] = read_slab(shuffled, 24, 20, slab["sha256"])
    assert np.array_equal(seen, bench.hu)


def test_zstd_is_sent_as_it_is_stored(bench: WebBench, visit: Visit) -> None:
    anna = visit("anna")
    index = anna.get("/api/assignments/1/volume").json()
    content, _ = fetch_raw(anna, index["slabs"][2]["url"], "zstd")
    assert content == bench.study.volumes.get_slab_zstd(index["image"], 2)


@pytest.mark.parametrize(
    ("choice", "rule"),
    [("immutable", "private, max-age=31536000, immutable"), ("no-store", "no-store")],
)
def test_a_slab_that_did_not_change_is_not_sent_again(visit: Visit, choice: str, rule: str) -> None:
    anna = visit("anna", cache_control=choice)
    url = anna.get("/api/assignments/1/volume").json()["slabs"][0]["url"]
    first = anna.get(url)
    again = anna.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    assert again.content == b""
    assert first.headers["cache-control"] == again.headers["cache-control"] == rule


@pytest.mark.parametrize("tail", ["/0", "/3", "/-1", "/x"])
def test_a_slab_that_is_not_there_is_unknown(visit: Visit, tail: str) -> None:
    anna = visit("anna")
    image = anna.get("/api/assignments/1/volume").json()["image"]
    name = "f" * 64 if tail == "/0" else image
    answer = anna.get(f"/api/assignments/1/volume/{name}{tail}")
    assert answer.status_code == (422 if tail in ("/-1", "/x") else 404)
    assert answer.json()["error"].endswith(".")


@pytest.mark.parametrize(
    ("name", "assignment", "status"),
    [
        ("anna", 1, 200),
        ("anna", 2, 403),
        ("anna", 999, 403),
        ("carla", 1, 200),
        ("lena", 2, 200),
        ("emil", 3, 200),
        ("adele", 1, 200),
        ("lena", 999, 404),
    ],
)
def test_a_reader_sees_own_assignments_and_leads_see_any(
    visit: Visit, name: str, assignment: int, status: int
) -> None:
    client = visit(name)
    index = client.get(f"/api/assignments/{assignment}/volume")
    assert index.status_code == status
    if status != 200:
        assert set(index.json()) == {"error"}
        image = visit("lena").get("/api/assignments/1/volume").json()["image"]
        slab = client.get(f"/api/assignments/{assignment}/volume/{image}/0")
        assert slab.status_code == status


@pytest.mark.parametrize(
    ("name", "case", "status"),
    [("anna", 1, 403), ("lena", 1, 200), ("emil", 2, 200), ("lena", 99, 404)],
)
def test_volumes_by_case_are_for_those_who_may_read_any(
    visit: Visit, name: str, case: int, status: int
) -> None:
    client = visit(name)
    answer = client.get(f"/api/cases/{case}/volume")
    assert answer.status_code == status
    if status == 200:
        assert client.get(answer.json()["slabs"][0]["url"]).status_code == 200


def test_a_slab_lost_from_the_disk_is_a_storage_error_in_one_sentence(
    bench: WebBench, visit: Visit
) -> None:
    anna = visit("anna")
    index = anna.get("/api/assignments/1/volume").json()
    (bench.study.volumes.path(index["image"]) / "0001.zst").unlink()
    answer = anna.get(index["slabs"][1]["url"])
    assert answer.status_code == 507
    assert "CT slab" in answer.json()["error"]
    gone = bench.study.root / "gone.nii.gz"
    gone.touch()
    place = build_place(gone, [gone], is_series=False, files_sha256="0")
    gone.unlink()
    (bench.study.volumes.path(index["image"]) / PLACE_NAME).write_bytes(place.build_json())
    answer = anna.get(index["slabs"][1]["url"])
    assert answer.status_code == 507
    assert answer.json()["error"].startswith("A CT that was left in its place was expected there")
    assert "gone" not in answer.json()["error"]


def test_a_dose_comes_in_steps_that_are_the_gray_of_its_file(bench: WebBench, visit: Visit) -> None:
    lena, anna = visit("lena"), visit("anna")
    assert anna.get("/api/assignments/1/dose").status_code == 404
    image = anna.get("/api/assignments/1/volume").json()["image"]
    gy = np.random.default_rng(3).uniform(0, 71, (9, 7, 11)).astype(np.float32)
    grid = make_grid((9, 7, 11))
    sha256 = bench.study.doses.put_dose(image, DoseVolume(grid=grid, gy=gy, prescription_gy=66))
    for client, url in ((anna, "/api/assignments/1/dose"), (lena, "/api/cases/1/dose")):
        index = client.get(url).json()
        assert (index["shape"], index["image"]) == ([9, 7, 11], sha256)
        assert index["maximum_gy"] == pytest.approx(gy.max())
        assert index["prescription_gy"] == 66
        assert np.allclose(index["affine_ras"], grid.affine)
        pieces = [
            read_slab(client.get(s["url"]).content, 9, 7, s["sha256"]) for s in index["slabs"]
        ]
        found = np.concatenate(pieces, axis=2) * index["gy_per_step"]
        np.testing.assert_allclose(found, gy, atol=index["gy_per_step"] / 2 + 1e-5)
    assert visit("ben").get("/api/assignments/1/dose").status_code == 403
    assert anna.get("/api/cases/1/dose").status_code == 403
    for tail in (f"{sha256}/2", f"{'f' * 64}/0"):
        assert anna.get(f"/api/assignments/1/dose/{tail}").status_code == 404

"""Contours travel as one packet that says nothing a blinded reader must not know."""

from __future__ import annotations

import json
import struct
from datetime import UTC, datetime

import numpy as np
import pytest
import zstandard

from han5k_review.imaging.mask import StructureMask
from han5k_review.store.engine import transaction
from han5k_review.store.tables import LabelVersion
from han5k_review.store.vocabulary import LabelSource
from tests.web.bench import GRID, PEOPLE, WebBench
from tests.web.conftest import ANY_ENGINE, Visit


def read_packet(content: bytes) -> dict[str, tuple[dict[str, object], np.ndarray]]:
    """Unpack by the words of docs/transport.md, not by the code under test."""
    if content[:4] == zstandard.FRAME_HEADER:  # clients without zstd hand it on as it came
        content = zstandard.ZstdDecompressor().decompress(content)
    assert content[:4] == b"HMSK"
    (length,) = struct.unpack("<I", content[4:8])
    header = json.loads(content[8 : 8 + length])
    start = -(-(8 + length) // 8) * 8
    assert not any(content[8 + length : start])
    found = {}
    for mask in header["masks"]:
        ni, nj, nk = mask["shape"]
        payload = content[start + mask["offset"] : start + mask["offset"] + mask["bytes"]]
        box = np.zeros((ni, nj, nk), dtype=bool)
        for k in range(nk):
            for j in range(nj):
                for i in range(ni):
                    n = (k * nj + j) * ni + i
                    box[i, j, k] = payload[n >> 3] >> (n & 7) & 1
        found[mask["structure"]] = (mask, box)
    return found


@ANY_ENGINE
@pytest.mark.parametrize("accept", ["zstd", "gzip", "identity"])
def test_a_packet_holds_every_contour_of_the_set(
    bench: WebBench, visit: Visit, accept: str
) -> None:
    answer = visit("anna").get("/api/assignments/1/masks/a", headers={"Accept-Encoding": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/octet-stream"
    found = read_packet(answer.content)
    assert set(found) == set(bench.masks)
    for name, (entry, box) in found.items():
        mask = bench.masks[name]
        assert np.array_equal(box, mask.voxels)
        assert entry["start"] == list(mask.start_ijk)
        assert entry["voxels"] == mask.voxel_count
        assert entry["sha256"] == mask.sha256
        assert entry["label_version"] == bench.number(name)
    assert found["ParotidR"][0]["shape"] == [0, 0, 0]
    assert found["ParotidR"][0]["bytes"] == 0
    assert found["ParotidR"][0]["centre"] is None


def test_a_blinded_read_has_no_other_set(visit: Visit) -> None:
    assert visit("anna").get("/api/assignments/1/masks/b").status_code == 404
    assert visit("ben").get("/api/assignments/2/masks/b").status_code == 200
    assert visit("lena").get("/api/cases/1/masks/b").status_code == 200


def test_a_blinded_answer_names_no_source_and_no_person(visit: Visit) -> None:
    anna = visit("anna")
    for url in ("/api/assignments/1/masks/a", "/api/assignments/1/volume"):
        answer = anna.get(url, headers={"Accept-Encoding": "identity"})
        text = answer.content.decode("latin-1").lower() + str(answer.headers).lower()
        words = [*PEOPLE, "maker", "pseudo", "prediction", "reference", "model", "r01"]
        assert [word for word in words if word in text] == []


@ANY_ENGINE
@pytest.mark.parametrize(
    ("name", "url", "status"),
    [
        ("anna", "/api/assignments/2/masks/a", 403),
        ("anna", "/api/cases/1/masks/a", 403),
        ("lena", "/api/cases/9/masks/a", 404),
        ("lena", "/api/cases/1/masks/zz", 404),
        ("carla", "/api/assignments/1/masks/a", 200),
    ],
)
def test_contours_are_for_those_who_may_see_the_case(
    visit: Visit, name: str, url: str, status: int
) -> None:
    assert visit(name).get(url).status_code == status


def test_a_new_contour_is_seen_at_once_and_an_old_packet_is_not_sent_again(
    bench: WebBench, visit: Visit
) -> None:
    anna = visit("anna")
    first = anna.get("/api/assignments/1/masks/a")
    tag = {"If-None-Match": first.headers["etag"]}
    assert anna.get("/api/assignments/1/masks/a", headers=tag).status_code == 304
    dense = np.zeros(GRID.shape, dtype=bool)
    dense[5, 5, 5] = True
    mask = StructureMask.from_dense(dense, GRID)
    with transaction(bench.study.engine) as session:
        session.add(
            LabelVersion(
                case_id=1,
                structure="ParotidR",
                source=LabelSource.PREDICTION,
                mask_sha256=bench.study.labels.put_mask(mask),
                voxels=1,
                volume_cc=mask.volume_cc,
                created_at_utc=datetime(2026, 5, 5, tzinfo=UTC),
            )
        )
    answer = anna.get("/api/assignments/1/masks/a", headers=tag)
    assert answer.status_code == 200
    assert read_packet(answer.content)["ParotidR"][0]["centre"] == [5, 5, 5]

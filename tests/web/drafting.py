"""A reader's tab for tests: it draws, remembers what its own mask must be, and speaks the route."""

from __future__ import annotations

import base64
import json
import struct
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np
from sqlmodel import select

from han5k_review.review.drafts.voxel_runs import encode_runs
from han5k_review.store.draft_tables import DraftPatch
from han5k_review.store.engine import reading
from tests.web.bench import WebBench

PAROTID = "/api/assignments/1/drafts/ParotidL"
DOT = np.ones((1, 1, 1), dtype=bool)


def count_patches(bench: WebBench) -> int:
    """How many strokes the journals of all drafts hold."""
    with reading(bench.study.engine) as session:
        return len(session.exec(select(DraftPatch)).all())


def patch(
    start: tuple[int, int, int], marked: np.ndarray, version: int, **fields: Any
) -> dict[str, Any]:
    """A patch as the browser makes it."""
    return {
        "id": str(uuid.uuid4()),
        "base_version": version,
        "tool": "brush",
        "mode": "xor",
        "start": list(start),
        "shape": list(marked.shape),
        "runs": base64.b64encode(encode_runs(marked)).decode(),
        "active_seconds": 1.5,
        **fields,
    }


def read_packet(content: bytes, shape: tuple[int, ...]) -> tuple[dict[str, Any], np.ndarray]:
    """(header, dense mask) of an HMSK packet with one mask, decoded from its description alone."""
    assert content[:4] == b"HMSK"
    (length,) = struct.unpack("<I", content[4:8])
    header = json.loads(content[8 : 8 + length])
    (entry,) = header["masks"]
    first = -(-(8 + length) // 8) * 8 + entry["offset"]
    bits = np.unpackbits(
        np.frombuffer(content[first : first + entry["bytes"]], dtype=np.uint8), bitorder="little"
    )
    i, j, k = entry["shape"]
    dense = np.zeros(shape, dtype=bool)
    a, b, c = entry["start"]
    dense[a : a + i, b : b + j, c : c + k] = bits[: i * j * k].reshape(i, j, k, order="F")
    return header, dense


@dataclass(slots=True, kw_only=True)
class Tab:
    """One tab on one draft. `mask` is what the reader sees."""

    client: httpx.Client
    url: str
    mask: np.ndarray
    holder: str = field(default_factory=lambda: uuid.uuid4().hex)
    draft: int = 0
    version: int = 0

    def open(self, **choices: Any) -> httpx.Response:
        answer = self.client.post(self.url, json={"holder": self.holder, **choices})
        if answer.status_code in (200, 201):
            self.draft, self.version = answer.json()["draft"], answer.json()["version"]
        return answer

    def send(self, *patches: dict[str, Any], **fields: Any) -> httpx.Response:
        return self.client.post(
            f"{self.url}/patches",
            json={
                "holder": self.holder,
                "draft": self.draft,
                "patches": list(patches),
                **fields,
            },
        )

    def draw(self, start: tuple[int, int, int], marked: np.ndarray) -> httpx.Response:
        """Flip the marked voxels here and on the server."""
        answer = self.send(patch(start, marked, self.version))
        if answer.status_code == 200:
            place = tuple(slice(s, s + n) for s, n in zip(start, marked.shape, strict=True))
            self.mask[place] ^= marked
            self.version = answer.json()["version"]
        return answer

    def submit(self, **fields: Any) -> httpx.Response:
        return self.client.post(
            f"{self.url}/submit",
            json={
                "request_id": str(uuid.uuid4()),
                "holder": self.holder,
                "draft": self.draft,
                "version": self.version,
                **fields,
            },
        )

    def fetch_mask(self) -> tuple[dict[str, Any], np.ndarray]:
        return read_packet(self.client.get(f"{self.url}/mask").content, self.mask.shape)

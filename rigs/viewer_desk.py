"""A small real server that speaks docs/transport.md, with faults that a test can switch on.

It is uvicorn and Starlette on a real port with our own slabs, packets and encodings; what it leaves
out is the study: cases are given as arrays, grades are kept in a list.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.slabs import Slab, iter_slabs
from han5k_review.imaging.volume import CtVolume
from han5k_review.viewer import ViewerPayload
from han5k_review.web.encoding import Encoding, choose_encoding, encode
from han5k_review.web.mask_packet import PacketMask, build_packet

ASSETS = Path(__file__).resolve().parents[1] / "han5k_review/viewer/assets"
# Mounts the component as Streamlit does: a shadow root, the style sheet, the default export.
HARNESS = """<!doctype html><html><head><meta charset="utf-8"><title>harness</title>
<link rel="icon" href="data:,">
<style>html, body { margin: 0; background: #222; }</style></head><body><div id="host"></div>
<script type="module">
import viewer from "/assets/viewer.js";
const data = await (await fetch("/mount" + location.search)).json();
const parentElement = document.getElementById("host").attachShadow({ mode: "open" });
const link = document.createElement("link");
link.rel = "stylesheet";
link.href = "/assets/viewer.css";
parentElement.append(link);
window.events = [];
const setTriggerValue = (name, value) => window.events.push([name, value]);
const setStateValue = () => {};
window.mount = (data) => {
  window.cleanup = viewer({ name: "viewer", key: "k", data, parentElement, setTriggerValue,
    setStateValue });
};
window.mount(data);
</script></body></html>"""


@dataclass(slots=True, kw_only=True)
class Faults:
    """What the server does wrong from now on."""

    signed_out: bool = False
    corrupt_slabs: set[int] = field(default_factory=set)
    foreign: bool = False
    stale: bool = False
    refused: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class DeskCase:
    """One case: the mount object, the CT and its label sets by key."""

    payload: ViewerPayload
    ct: CtVolume
    masks: Mapping[str, Mapping[str, StructureMask]]
    slabs: list[Slab] = field(init=False)
    packed: dict[tuple[str, Encoding], bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.slabs = list(iter_slabs(self.ct.hu))


@dataclass(slots=True, kw_only=True)
class Desk:
    """Cases by assignment number, what was posted, and the faults."""

    cases: dict[int, DeskCase]
    faults: Faults = field(default_factory=Faults)
    posted: list[dict[str, Any]] = field(default_factory=list)
    positions: list[dict[str, Any]] = field(default_factory=list)
    grades: dict[str, dict[str, Any]] = field(default_factory=dict)
    locks: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def app(self) -> Starlette:
        """The routes of the contract, the component's assets and the harness page."""
        return Starlette(
            routes=[
                Route("/harness", lambda _: HTMLResponse(HARNESS)),
                Route("/mount", self.mount),
                Route("/assets/{path:path}", self.asset),
                *self.routes(),
            ]
        )

    def routes(self) -> list[Route]:
        """The routes of docs/transport.md."""
        return [
            Route("/api/assignments/{number:int}/volume", self.index),
            Route("/api/assignments/{number:int}/volume/{image}/{slab:int}", self.slab),
            Route("/api/assignments/{number:int}/masks/{key}", self.masks),
            Route("/api/assignments/{number:int}/drafts", self.drafts),
            Route("/api/assignments/{number:int}/grades", self.list_grades, methods=["GET"]),
            Route("/api/assignments/{number:int}/grades", self.grade, methods=["POST"]),
            Route("/api/assignments/{number:int}/position", self.position, methods=["POST"]),
        ]

    def mount(self, request: Request) -> Response:
        case = self.cases[int(request.query_params.get("assignment", "1"))]
        return JSONResponse({**case.payload.to_json(), "grades": self.grades})

    def asset(self, request: Request) -> Response:
        path = ASSETS / request.path_params["path"]
        return Response(path.read_bytes(), media_type=mimetypes.guess_type(path.name)[0])

    def refusal(self, request: Request) -> Response | None:
        self.asked.append(request.url.path)
        if self.faults.signed_out:
            return JSONResponse({"error": "Sign in first."}, status_code=401)
        return None

    def case(self, request: Request) -> DeskCase:
        return self.cases[request.path_params["number"]]

    def index(self, request: Request) -> Response:
        if refused := self.refusal(request):
            return refused
        case = self.case(request)
        grid = case.ct.grid
        url = request.url.path
        slabs = [
            {"first": s.first, "slices": s.slices, "sha256": s.sha256, "url": f"{url}/image/{n}"}
            for n, s in enumerate(case.slabs)
        ]
        return JSONResponse(
            {
                "shape": list(grid.shape),
                "spacing_mm": list(grid.spacing_mm),
                "affine_ras": [list(row) for row in grid.affine_ras],
                "image": "image",
                "slab_slices": 8,
                "slabs": slabs,
                "oblique": grid.is_oblique,
            }
        )

    def slab(self, request: Request) -> Response:
        if refused := self.refusal(request):
            return refused
        number = request.path_params["slab"]
        content = self.case(request).slabs[number].shuffled
        if number in self.faults.corrupt_slabs:
            content = bytes(len(content))
            return Response(content, media_type="application/octet-stream")
        return self.binary(request, f"slab {number}", content)

    def masks(self, request: Request) -> Response:
        if refused := self.refusal(request):
            return refused
        case = self.case(request)
        versions = {s.name: s.label_version or 0 for s in case.payload.structures}
        key = request.path_params["key"]
        packet = build_packet(
            [
                PacketMask(structure=name, label_version=versions.get(name, 0), mask=mask)
                for name, mask in case.masks[key].items()
            ]
        )
        return self.binary(request, f"masks {key}", packet)

    def binary(self, request: Request, name: str, content: bytes) -> Response:
        encoding = choose_encoding(request.headers.get("accept-encoding"))
        packed = self.case(request).packed
        if (name, encoding) not in packed:
            packed[name, encoding] = encode(content, encoding)
        headers = {
            "Content-Encoding": encoding.value,
            "ETag": f'"{hashlib.sha256(content).hexdigest()}"',
            "Cache-Control": "private, max-age=31536000, immutable",
        }
        body = packed[name, encoding]
        return Response(body, media_type="application/octet-stream", headers=headers)

    def list_grades(self, request: Request) -> Response:
        if refused := self.refusal(request):
            return refused
        return JSONResponse({"grades": self.grades})

    async def grade(self, request: Request) -> Response:
        if refused := self.refusal(request):
            return refused
        if self.faults.foreign:
            return JSONResponse({"error": "This is another reader's task."}, status_code=403)
        if self.faults.stale:
            return JSONResponse({"error": "The label was revised meanwhile."}, status_code=409)
        body = json.loads(await request.body())
        if status := self.faults.refused.get(body["structure"]):
            return JSONResponse({"error": "This one cannot be stored."}, status_code=status)
        known = {one["request_id"] for one in self.posted}
        if body["request_id"] not in known:
            self.posted.append(body)
            grade = {**body, "id": len(self.posted), "graded_at_utc": "2026-01-05T14:02:11Z"}
            self.grades[body["structure"]] = grade
            if body["code"] is None:
                del self.grades[body["structure"]]
        total = len(self.case(request).payload.structures)
        grade = self.grades.get(body["structure"], {"id": len(self.posted), "code": None})
        answer = {"grade": grade, "graded": len(self.grades), "total": total}
        return JSONResponse(answer, status_code=201)

    def drafts(self, request: Request) -> Response:
        if refused := self.refusal(request):
            return refused
        return JSONResponse({"drafts": [], "locks": self.locks, "lease_seconds": 120})

    async def position(self, request: Request) -> Response:
        self.positions.append(json.loads(await request.body()))
        return Response(status_code=204)


@contextmanager
def running(app: Any) -> Iterator[str]:
    """Serve an ASGI app on a free port in a thread; the base URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = uvicorn.Config(app, port=port, log_level="error", lifespan="off", ws="none")
    started = threading.Event()

    class Announced(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            started.set()

    server = Announced(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    if not started.wait(10):
        raise RuntimeError("The test server did not come up.")
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)

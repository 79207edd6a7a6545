"""The process of the prompt server of tests: `python -m rigs.prompt_protocol`.

It speaks the protocol of nnInteractive's server (its `SERVER_CLIENT.md`, version 2): leases, image,
target buffer, prompts, undo. What it answers comes from `rigs.prompt_model`. `POST /rig` with a
`Fault` makes it misbehave; `GET /rig` says what it was asked.
"""

from __future__ import annotations

import argparse
import json
import os
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import numpy as np

from han5k_review.prompting.client import unpack_array
from rigs.prompt_answers import Fault, describe_capabilities, describe_change, spoil
from rigs.prompt_leases import Lease, Rig
from rigs.prompt_model import Growth, Part, find_seed, grow_part, join


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # as the makers' server has it, which runs under uvicorn
    rig: Rig

    def setup(self) -> None:
        super().setup()
        self.rig = cast(RigServer, self.server).rig

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """The log of a test is for what goes wrong."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/rig":
            if body:
                self.rig.set_fault(Fault(**json.loads(body)))
            self.reply(200, self.rig.describe())
            return
        began = time.perf_counter()
        with self.rig.lock:
            self.rig.asked[self.path] += 1
        fault = self.rig.find_fault(self.path)
        if fault is not None and self._misbehave(fault):
            return
        if self.path == "/healthz":
            self.reply(200, {"ok": True})
        elif self.rig.key and self.headers.get("Authorization") != f"Bearer {self.rig.key}":
            self.reply(401, {"detail": "invalid or missing API key"})
        elif self.path == "/capabilities":
            self.reply(200, describe_capabilities())
        elif self.path == "/claim":
            self._claim()
        else:
            self._serve(body, fault, began)

    def _misbehave(self, fault: Fault) -> bool:
        """True when that was the answer."""
        if fault.kind == "die":
            os._exit(9)
        if fault.kind == "sleep":
            time.sleep(fault.seconds)
        elif fault.kind == "meet":
            with suppress(threading.BrokenBarrierError):
                self.rig.meeting.wait(timeout=60)
        elif fault.kind == "full":
            self.reply(503, {"detail": "server is at capacity"}, {"Retry-After": "10"})
        elif fault.kind == "gone":
            with self.rig.lock:
                self.rig.leases.clear()
            self.reply(410, {"detail": "lease expired or unknown"})
        elif fault.kind == "redirect":
            self.reply(307, {}, {"Location": fault.to})
        elif fault.kind == "version":
            self.reply(200, describe_capabilities() | {"inference_session_version": "3.0.0"})
        return fault.kind in ("full", "gone", "redirect", "version")

    def _claim(self) -> None:
        token = uuid.uuid4().hex
        with self.rig.lock:
            is_full = len(self.rig.leases) >= self.rig.sessions
            if not is_full:
                self.rig.leases[token] = Lease()
        if is_full:
            self.reply(503, {"detail": "server is at capacity"}, {"Retry-After": "10"})
            return
        timeouts = {"idle_timeout_seconds": self.rig.idle_seconds, "liveness_timeout_seconds": 60.0}
        self.reply(200, {"lease_token": token, "max_sessions": self.rig.sessions, **timeouts})

    def _serve(self, body: bytes, fault: Fault | None, began: float) -> None:
        token = self.headers.get("X-Lease-Token") or ""
        if self.path == "/release":
            with self.rig.lock:
                self.rig.leases.pop(token, None)
            self.reply(200, {"released": True})
            return
        lease = self.rig.leases.get(token)
        if lease is None:
            self.reply(410, {"detail": "lease expired or unknown"})
        elif self.path in ("/heartbeat", "/lease_status"):
            timeouts = {"idle_timeout_seconds": self.rig.idle_seconds}
            self.reply(200, {"remaining_seconds": self.rig.idle_seconds, **timeouts})
        elif self.path not in ANSWERS:
            self.reply(404, {"detail": "Not Found"})
        else:
            meta = json.loads(self.headers.get("X-Meta") or "{}")
            with lease.lock:
                ANSWERS[self.path](self, lease, body, meta)
                answer = self.answer
            if answer is None:
                self.reply(400, {"detail": "a 3D bounding box is not supported"})
            elif isinstance(answer, tuple):
                head, content = answer
                sent = spoil(content, fault)
                self._note_time(lease, body, began)
                self.reply(200, sent, {"X-Meta": json.dumps(head)})
            else:
                self._note_time(lease, body, began)
                self.reply(200, answer)

    def _note_time(self, lease: Lease, body: bytes, began: float) -> None:
        """What was done for a point, all before it included: CT, contour, the point itself."""
        lease.seconds += time.perf_counter() - began
        if self.path == "/add_point_interaction":
            key = json.dumps(json.loads(body)["coordinates"])
            with self.rig.lock:
                self.rig.own_seconds[key] = lease.seconds
            lease.seconds = 0.0

    answer: Any = None

    def reply(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        """JSON, or a packed array."""
        sent = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def set_image(self, lease: Lease, body: bytes, meta: dict[str, Any]) -> None:
        image = unpack_array(body)
        lease.hu, lease.mask = image[0], np.zeros(image.shape[1:], np.bool_)
        lease.before, lease.prompts = [], []
        self.answer = {"original_image_shape": list(image.shape)}

    def set_buffer(self, lease: Lease, body: bytes, meta: dict[str, Any]) -> None:
        lease.dtype = np.dtype(json.loads(body)["dtype"])
        self.answer = {}

    def reset(self, lease: Lease, body: bytes, meta: dict[str, Any]) -> None:
        lease.mask = np.zeros_like(lease.mask)
        lease.prompts = []
        self.answer = {}

    def start_from(self, lease: Lease, body: bytes, meta: dict[str, Any]) -> None:
        lease.mask, lease.prompts, lease.before = unpack_array(body) != 0, [], []
        self.answer = ({"ran_prediction": False, "bbox": None}, b"")

    def undo(self, lease: Lease, body: bytes, meta: dict[str, Any]) -> None:
        if not lease.before:
            self.answer = ({"ran_prediction": False, "bbox": None}, b"")
            return
        part = lease.before.pop()
        was = Part(bounds=part.bounds, inside=lease.mask[part.place].copy())
        lease.mask[part.place] = part.inside
        self.answer = describe_change(was, part.inside, lease.dtype)

    def add_point(self, lease: Lease, body: bytes, meta: dict[str, Any]) -> None:
        asked = json.loads(body)
        self._predict(lease, asked, find_seed(tuple(asked["coordinates"])))

    def add_box(self, lease: Lease, body: bytes, meta: dict[str, Any]) -> None:
        asked = json.loads(body)
        spans = tuple((int(a), int(b)) for a, b in asked["bbox_coords"])
        if all(b - a > 1 for a, b in spans):  # the official model takes flat boxes only
            self.answer = None
            return
        self._predict(lease, asked, find_seed(tuple((a + b) // 2 for a, b in spans)), spans)

    def add_marked(self, lease: Lease, body: bytes, meta: dict[str, Any]) -> None:
        i, j, k = ((int(low), int(high)) for low, high in meta["interaction_bbox"])
        self._predict(lease, meta, Part(bounds=(i, j, k), inside=unpack_array(body) != 0))

    def _predict(
        self, lease: Lease, asked: dict[str, Any], seeds: Part, within: Any = None
    ) -> None:
        lease.prompts.append(self.path.split("_")[1])
        if not asked["run_prediction"]:
            self.answer = ({"ran_prediction": False, "bbox": None}, b"")
            return
        assert lease.hu is not None, "an image comes first"
        grown = grow_part(lease.hu, seeds, self.rig.growth, within)
        was = Part(bounds=grown.bounds, inside=lease.mask[grown.place].copy())
        now = join(was.inside, grown.inside, include=asked["include_interaction"])
        lease.before.append(was)
        lease.mask[grown.place] = now
        self.answer = describe_change(was, now, lease.dtype)


ANSWERS: dict[str, Callable[[Handler, Lease, bytes, dict[str, Any]], None]] = {
    "/set_image": Handler.set_image,
    "/set_target_buffer": Handler.set_buffer,
    "/reset_interactions": Handler.reset,
    "/undo": Handler.undo,
    "/add_initial_seg_interaction": Handler.start_from,
    "/add_point_interaction": Handler.add_point,
    "/add_bbox_interaction": Handler.add_box,
    "/add_scribble_interaction": Handler.add_marked,
    "/add_lasso_interaction": Handler.add_marked,
}


class RigServer(ThreadingHTTPServer):
    """Each connection in a thread of its own."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, rig: Rig) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.rig = rig


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--sessions", type=int, default=2)
    parser.add_argument("--idle-seconds", type=float, default=600.0)
    parser.add_argument("--tolerance", type=float, default=Growth().tolerance_hu)
    parser.add_argument("--reach", type=int, default=Growth().reach)
    asked = parser.parse_args()
    growth = Growth(tolerance_hu=asked.tolerance, reach=asked.reach)
    key = os.environ.get("NN_INTERACTIVE_API_KEY", "")
    RigServer(asked.port, Rig(key, asked.sessions, asked.idle_seconds, growth)).serve_forever()


if __name__ == "__main__":
    main()

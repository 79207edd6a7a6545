"""The viewer before the project's own server: the real routes on a real study, faults in between.

What stands for Streamlit here is one page that mounts the component; what it mounts with is read
from the study as the review page reads it.
"""

from __future__ import annotations

import atexit
import mimetypes
import re
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import BrowserContext
from sqlmodel import Session, select
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route

from han5k_review.accounts.identity import build_identity
from han5k_review.accounts.readers import get_reader
from han5k_review.accounts.sessions import COOKIE_NAME, Browser, open_session
from han5k_review.anatomy.windows import read_windows
from han5k_review.review.edit_bands import build_bands, list_edit_scores
from han5k_review.review.row_numbers import WHOLE_CASE, RowNumbers, number_task
from han5k_review.review.visible_case import VisibleCase, get_visible_case, get_visible_task
from han5k_review.settings import Settings
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, Grade
from han5k_review.study import get_study_info, read_study_catalogue, read_study_scale
from han5k_review.viewer import ViewerPayload, build_payload
from han5k_review.web.composition import build_middleware, build_routes
from rigs.viewer_faults import Faults, FaultyLine

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
_SCRIPTS = re.findall(r'<script type="module">(.*?)</script>', HARNESS, re.DOTALL)


@dataclass(slots=True, kw_only=True)
class Desk:
    """A served study, what a test makes go wrong, and what was stored.

    `shown`: assignment -> fields of the mount object that the page around the viewer chooses.
    """

    study: Study
    shown: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    asked: list[str] = field(default_factory=list)

    def app(self) -> Starlette:
        """The real routes behind their guard, and the page of the harness outside of it."""
        settings = Settings(study=self.study.root)
        line = Middleware(FaultyLine, faults=self.faults, asked=self.asked)
        real = Starlette(
            routes=build_routes(self.study, settings),
            middleware=[line, *build_middleware(self.study, settings, _SCRIPTS)],
        )
        return Starlette(
            routes=[
                Route("/harness", lambda _: HTMLResponse(HARNESS)),
                Route("/mount", self._answer_mount),
                Route("/assets/{path:path}", _answer_asset),
                Mount("/", real),
            ]
        )

    def payload(self, assignment: int) -> ViewerPayload:
        """What the viewer mounts with for a task, as the study has it now."""
        with reading(self.study.engine) as session:
            task = session.get_one(Assignment, assignment)
            numbers = number_task(self.study.root, assignment)
            built = self._build(session, get_visible_task(session, task, names_reads=True), numbers)
        return replace(built, **self.shown.get(assignment, {}))

    def case_payload(self, case: str) -> ViewerPayload:
        """What the viewer mounts with where a whole case is looked at and nothing is graded."""
        with reading(self.study.engine) as session:
            seen = get_visible_case(session, case, names_reads=True)
            return self._build(session, seen, WHOLE_CASE)

    def _build(self, session: Session, seen: VisibleCase, numbers: RowNumbers) -> ViewerPayload:
        return build_payload(
            seen,
            catalogue=read_study_catalogue(self.study),
            windows=read_windows(self.study.tables / "windows.csv"),
            scale=read_study_scale(self.study, get_study_info(session)),
            warnings={},
            numbers=numbers,
            has_dose=self.study.doses.find_newest(seen.image_sha256) is not None,
            bands=build_bands(list_edit_scores(session), seen.versions, without_case=seen.case_id),
        )

    def sign_in(self, context: BrowserContext, url: str, name: str) -> None:
        """Give the browser the cookie of an account, without the slow hash of the form."""
        with transaction(self.study.engine) as session:
            identity = build_identity(get_reader(session, name))
            cookie = open_session(session, identity, Browser(), utc_now())
        context.add_cookies([{"name": COOKIE_NAME, "value": cookie, "url": url}])

    def grades(self) -> Sequence[Grade]:
        """Every act of grading that is stored, in order."""
        with reading(self.study.engine) as session:
            return session.exec(select(Grade).order_by("id")).all()

    def position(self, assignment: int) -> tuple[str | None, int | None]:
        """The structure and slice at which a task would be resumed."""
        with reading(self.study.engine) as session:
            task = session.get_one(Assignment, assignment)
            return task.resume_structure, task.resume_slice

    def _answer_mount(self, request: Request) -> Response:
        asked = request.query_params
        if "case" in asked:
            return JSONResponse(self.case_payload(asked["case"]).to_json())
        return JSONResponse(self.payload(int(asked.get("assignment", "1"))).to_json())


def _answer_asset(request: Request) -> Response:
    path = ASSETS / request.path_params["path"]
    return Response(
        path.read_bytes(),
        media_type=mimetypes.guess_type(path.name)[0],
        headers={"Cache-Control": "max-age=3600"},
    )


@cache
def _kept_port() -> socket.socket:
    """Bound, so that nobody else gets this port, and not listening: servers take it in turns.

    One origin for all tests of a process, so that the browser keeps what it has read and compiled.
    """
    keeper = socket.socket()
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    keeper.bind(("127.0.0.1", 0))
    atexit.register(keeper.close)
    return keeper


@contextmanager
def running(app: Any) -> Iterator[str]:
    """Serve an ASGI app in a thread, one at a time; the base URL, the same for each."""
    port = _kept_port().getsockname()[1]
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

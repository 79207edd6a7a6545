"""Running it: what is measured and logged of a real server, and how it ends while people save."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from sqlmodel import select
from starlette.applications import Starlette
from starlette.testclient import TestClient

from han5k_review.settings import Settings
from han5k_review.store.engine import reading
from han5k_review.store.tables import Grade
from han5k_review.web.composition import build_routes
from rigs.server import Server, running_server
from tests.web.bench import PASSWORD, WebBench, build_bench

PLANTED = "Muster-Erika"
SAVING = 3
FAULTS = f"""
import logging
import structlog
from han5k_review.web.logs import set_up_logs
set_up_logs()
for say in (logging.getLogger("uvicorn.error").error, logging.getLogger("streamlit.x").error,
            structlog.get_logger().error):
    try:
        raise KeyError("{PLANTED} in {PLANTED}.nii.gz")
    except KeyError:
        say("it failed", exc_info=True)
"""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[WebBench]:
    bench = build_bench(tmp_path / "study", None)
    yield bench
    bench.study.engine.dispose()


class Sayings:
    """What the server said of each grade; `enough` once some are acknowledged."""

    def __init__(self) -> None:
        self.statuses: dict[str, int] = {}
        self.cut: set[str] = set()
        self.enough = threading.Event()

    def acknowledge(self, request_id: str, status: int) -> None:
        self.statuses[request_id] = status
        if len(self.statuses) >= 4 * SAVING:
            self.enough.set()


def give_grades(server: Server, bench: WebBench, client: httpx.Client, said: Sayings) -> None:
    """Grade again and again until nobody listens any more."""
    number = bench.number("ParotidL")
    while True:
        request_id = uuid.uuid4().hex
        sent = {
            "request_id": request_id,
            "structure": "ParotidL",
            "label_version": number,
            "code": "minor",
            "comment": PLANTED,
        }
        try:
            answer = client.post("/api/assignments/1/grades", json=sent)
        except httpx.ConnectError:
            return
        except httpx.TransportError:  # taken, but never begun: it must not be stored
            said.cut.add(request_id)
            return
        said.acknowledge(request_id, answer.status_code)


def test_a_server_that_is_told_to_end_answers_every_grade_it_took_and_logs_no_patient(
    bench: WebBench, tmp_path: Path
) -> None:
    log, said = tmp_path / "server.log", Sayings()
    with (
        running_server(bench.study.root, log) as server,
        server.sign_in("anna", PASSWORD) as anna,
        httpx.Client(base_url=server.url, trust_env=False) as stranger,
    ):
        assert stranger.get("/readyz").json()["status"] == "ready"
        origin = {"Origin": server.url}
        wrong = {"name": PLANTED, "password": PLANTED}
        assert stranger.post("/sign-in", data=wrong, headers=origin).status_code == 401
        assert anna.get(f"/api/cases/{PLANTED}/masks?case={PLANTED}").status_code >= 400
        assert anna.post(f"/api/{PLANTED}", json={"name": PLANTED}).status_code == 404
        saving = [
            threading.Thread(target=give_grades, args=(server, bench, anna, said))
            for _ in range(SAVING)
        ]
        for thread in saving:
            thread.start()
        assert said.enough.wait(60)
        meters = stranger.get("/metrics").text
        passed_on = stranger.get("/metrics", headers={"X-Forwarded-For": "10.0.0.9"})
        server.process.terminate()
        for thread in saving:
            thread.join()
        server.process.wait(timeout=30)
    assert set(said.statuses.values()) == {201}
    with reading(bench.study.engine) as session:
        stored = set(session.exec(select(Grade.request_id)).all())
    assert stored == set(said.statuses), "every acknowledged grade is stored, and no other"

    route = '/api/assignments/{assignment_id}/grades",status="201"'
    assert f'han5k_requests_total{{method="POST",route="{route}' in meters
    assert "han5k_disk_free_bytes" in meters
    assert PLANTED not in meters
    assert passed_on.status_code == 403
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    assert {"/sign-in", "/api/assignments/{assignment_id}/grades"} <= {
        line.get("route") for line in lines
    }
    assert PLANTED not in log.read_text()
    assert "anna" not in log.read_text()


def test_an_error_is_logged_by_its_place_and_never_by_its_words() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True
    )
    assert PLANTED not in ended.stdout + ended.stderr
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    assert [line["level"] for line in lines] == ["error"] * 3
    assert all("KeyError" in json.dumps(line) for line in lines)
    assert all("<string>:" in json.dumps(line) for line in lines)


def test_from_elsewhere_the_meters_need_the_token(bench: WebBench) -> None:
    settings = Settings(study=bench.study.root, metrics_token=SecretStr("a long token"))
    app = Starlette(routes=build_routes(bench.study, settings))
    statuses = []
    with TestClient(app, client=("192.0.2.7", 4711)) as client:
        for sent in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": "Bearer a long token"},
        ):
            statuses.append(client.get("/metrics", headers=sent).status_code)
    assert statuses == [403, 403, 200]

"""The real server, as `streamlit run app.py` starts it: guard, websocket, a kill between grades."""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import ssl
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from sqlmodel import col, select
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from han5k_review.accounts.readers import get_reader, sign_out_everywhere
from han5k_review.store.engine import reading, transaction
from han5k_review.store.tables import Grade
from rigs.caddy import running_caddy
from rigs.nginx import running_nginx
from rigs.server import Server, running_server
from tests.web.bench import NOON, PASSWORD, WebBench, build_bench

HTML = {"Accept": "text/html,application/xhtml+xml"}
COOKIE = "han5k_session"
BEHIND_PROXY = {"HAN5K_TRUSTED_PROXIES": "127.0.0.1"}
ASKED = re.compile(r'^han5k_requests_total\{.*route="/api.*\} ([0-9.]+)$', re.MULTILINE)
INSIDE = ("/metrics", "/_stcore/metrics")
HELD = 60  # lines of each kind: more than there are threads

# What Streamlit itself serves; some of it without asking anybody.
STREAMLIT_PATHS = [
    "/_stcore/health",
    "/_stcore/host-config",
    "/_stcore/upload_file/x/y",
    "/_stcore/bidi-components/viewer/main.js",
    "/component/anything/index.html",
    "/media/0123.png",
    "/app/static/anything",
    "/static/js/index.js",
    *("/favicon.png", "/index.html", "/robots.txt"),
    *("/auth/login", "/oauth2callback"),
]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebBench]:
    bench = build_bench(tmp_path_factory.mktemp("served") / "study", None)
    yield bench
    bench.study.engine.dispose()


@pytest.fixture(scope="module")
def server(bench: WebBench) -> Iterator[Server]:
    log = bench.study.root.parent / "server.log"
    with running_server(bench.study.root, log, environment=BEHIND_PROXY) as server:
        yield server


@pytest.fixture
def stranger(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        yield client


def cookie_header(client: httpx.Client) -> dict[str, str]:
    return {"Cookie": f"{COOKIE}={client.cookies[COOKIE]}"}


def refusal(server: Server, origin: str, headers: dict[str, str]) -> int:
    """The status with which the websocket handshake is refused."""
    with socket.create_connection(("127.0.0.1", int(server.url.rsplit(":")[-1]))) as line:
        try:
            connect(server.websocket_url, sock=line, origin=origin, additional_headers=headers)  # type: ignore[arg-type]
        except InvalidStatus as error:
            return int(error.response.status_code)
    pytest.fail("The websocket was opened.")


def read_all(page: ClientConnection) -> None:
    """Read what the server sends until it closes."""
    while True:
        page.recv(timeout=30)


def sign_in(anna: httpx.Client, url: str) -> None:
    """Through a proxy with a certificate, from a page of this site only."""
    form = {"name": "anna", "password": PASSWORD}
    assert anna.post("/sign-in", data=form).status_code == 403, "no page of this site"
    answer = anna.post("/sign-in", data=form, headers={"Origin": url})
    assert answer.status_code == 303
    assert "Secure" in answer.headers["set-cookie"]


def open_page(anna: httpx.Client, url: str, trust: ssl.SSLContext) -> None:
    page = url.replace("https://", "wss://") + "/_stcore/stream"
    headers = cookie_header(anna)
    with connect(page, ssl=trust, origin=url, additional_headers=headers) as opened:  # type: ignore[arg-type]
        assert opened.protocol.state.name == "OPEN"


def grade(client: httpx.Client, version: int, structure: str) -> httpx.Response:
    content = {"structure": structure, "label_version": version, "code": "minor"}
    return client.post(
        "/api/assignments/1/grades", json={"request_id": str(uuid.uuid4()), **content}
    )


@pytest.mark.parametrize("path", STREAMLIT_PATHS)
def test_nothing_of_streamlit_answers_a_stranger(stranger: httpx.Client, path: str) -> None:
    plain = stranger.get(path)
    page = stranger.get(path, headers=HTML)
    assert (plain.status_code, page.status_code) == (401, 303)
    assert page.headers["location"].startswith("/sign-in?next=/")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_no_method_gets_a_stranger_further(
    server: Server, stranger: httpx.Client, method: str
) -> None:
    own = {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}
    for path in ("/_stcore/upload_file/x/y", "/api/assignments/1/grades", "/"):
        assert stranger.request(method, path, headers=own).status_code == 401


def test_the_pages_open_after_the_sign_in(server: Server) -> None:
    with server.sign_in("anna", PASSWORD) as anna:
        page = anna.get("/", headers=HTML)
        assert page.status_code == 200
        assert "<script" in page.text
        assert page.headers["x-content-type-options"] == "nosniff"
        (script,) = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        policy = page.headers["content-security-policy"]
        assert f"script-src 'self' 'sha256-{digest}'" in policy
        assert "'unsafe-eval'" not in policy
        assert anna.get("/_stcore/health").status_code == 200
        assert anna.get("/worklist", headers=HTML).status_code == 200


def test_the_websocket_is_refused_before_it_is_accepted(server: Server) -> None:
    for headers in ({}, {"Cookie": f"{COOKIE}=WzEsMCwwXQ.AAAA"}):
        assert refusal(server, server.url, headers) == 403


def test_the_websocket_of_another_sites_page_is_refused(server: Server) -> None:
    with server.sign_in("anna", PASSWORD) as anna:
        headers = cookie_header(anna)
    for origin in ("http://evil.example", "http://localhost:9", "null"):
        assert refusal(server, origin, headers) == 403


def test_the_websocket_ends_with_the_session(bench: WebBench, server: Server) -> None:
    with server.sign_in("ben", PASSWORD) as ben:
        headers = cookie_header(ben)
    with connect(
        server.websocket_url,
        origin=server.url,
        additional_headers=headers,
        subprotocols=["streamlit"],  # type: ignore[list-item]
    ) as page:
        with transaction(bench.study.engine) as session:
            sign_out_everywhere(session, get_reader(session, "ben"), actor="test", now=NOON)
        page.send(b"\x12\x00")
        with pytest.raises(ConnectionClosed):
            read_all(page)
        assert page.close_code == 1008


def test_a_demo_is_served_to_this_machine_only(bench: WebBench, tmp_path: Path) -> None:
    mark = bench.study.root / "demo-complete"
    mark.write_text("Demo accounts")
    everywhere = {"STREAMLIT_SERVER_ADDRESS": "0.0.0.0"}
    try:
        with (
            pytest.raises(RuntimeError, match=r"at 127\.0\.0\.1 only, .* found 0\.0\.0\.0"),
            running_server(bench.study.root, tmp_path / "server.log", environment=everywhere),
        ):
            pytest.fail("The demo was served to everybody.")
    finally:
        mark.unlink()


def test_behind_the_nginx_of_the_example_people_work_and_strangers_read_no_meters(
    bench: WebBench, server: Server, tmp_path: Path
) -> None:
    """Two processes behind one address: a sign-in stays with one, and moves when that one ends."""
    log = tmp_path / "second.log"
    with (
        running_server(bench.study.root, log, environment=BEHIND_PROXY) as second,
        running_nginx(tmp_path, server.url, second.url) as (url, certificate),
        ExitStack() as people,
    ):
        trust = ssl.create_default_context(cafile=certificate)
        places: list[Server] = []
        while len({place.url for place in places}) < 2:
            anna = httpx.Client(base_url=url, verify=trust, trust_env=False)
            people.enter_context(anna)
            sign_in(anna, url)
            before = count_asked(second)
            for _ in range(3):
                assert anna.get("/api/assignments/1/volume").status_code == 200
            asked = count_asked(second) - before
            assert asked in (0, 3)
            places.append(second if asked else server)
        assert anna.get("/", headers=HTML).status_code == 200
        assert [anna.get(path).status_code for path in INSIDE] == [403, 403]
        open_page(anna, url, trust)
        second.process.kill()
        second.process.wait()
        assert anna.get("/api/assignments/1/volume").status_code == 200


def test_behind_the_caddy_of_the_example_people_work_and_strangers_read_no_meters(
    server: Server, tmp_path: Path
) -> None:
    """What a browser says of where it comes from counts for nothing."""
    with running_caddy(tmp_path, server.url) as (url, certificate):
        trust = ssl.create_default_context(cafile=certificate)
        claims = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http"}
        with httpx.Client(base_url=url, verify=trust, trust_env=False, headers=claims) as anna:
            sign_in(anna, url)
            assert anna.get("/api/assignments/1/volume").status_code == 200
            assert anna.get("/", headers=HTML).status_code == 200
            assert [anna.get(path).status_code for path in INSIDE] == [403, 403]
            open_page(anna, url, trust)


def count_asked(server: Server) -> int:
    """Requests for the API that this process has answered."""
    meters = httpx.get(f"{server.url}/metrics", trust_env=False).text
    return round(sum(float(found) for found in ASKED.findall(meters)))


def test_people_who_hold_lines_open_keep_nobody_waiting(bench: WebBench, server: Server) -> None:
    """Slow-loris: half a head, nothing at all, half a body; a reader's grade comes as ever."""
    host, port = server.url.removeprefix("http://").split(":")
    with server.sign_in("anna", PASSWORD) as anna, ExitStack() as held:
        half_a_body = (
            f"POST /api/assignments/1/grades HTTP/1.1\r\nHost: {host}:{port}\r\n"
            f"Origin: {server.url}\r\nCookie: {cookie_header(anna)['Cookie']}\r\n"
            'Content-Length: 60000\r\n\r\n{"request_id": "'
        )
        for sent in ("GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", "", half_a_body):
            for _ in range(HELD):
                line = held.enter_context(socket.create_connection((host, int(port))))
                line.sendall(sent.encode())
        assert grade(anna, bench.number("ParotidL"), "ParotidL").status_code == 201
        assert anna.get("/api/assignments/1/volume").status_code == 200


def test_slabs_travel_through_the_whole_server(bench: WebBench, server: Server) -> None:
    with server.sign_in("anna", PASSWORD) as anna:
        index = anna.get("/api/assignments/1/volume").json()
        url = index["slabs"][0]["url"]
        for coding in ("zstd", "gzip"):
            with anna.stream("GET", url, headers={"Accept-Encoding": coding}) as answer:
                assert answer.headers["content-encoding"] == coding
                content = b"".join(answer.iter_raw())
            if coding == "zstd":
                assert content == bench.study.volumes.get_slab_zstd(index["image"], 0)


def test_small_answers_do_not_wait_for_a_delayed_acknowledgement(stranger: httpx.Client) -> None:
    stranger.get("/healthz")
    fastest = min(stranger.get("/healthz").elapsed.total_seconds() for _ in range(20))
    assert fastest < 0.03  # the acknowledgement waits 0.04 s


def test_killing_the_server_between_two_grades_loses_neither(tmp_path: Path) -> None:
    bench = build_bench(tmp_path / "study", None)
    log = tmp_path / "server.log"
    with running_server(bench.study.root, log) as server, server.sign_in("anna", PASSWORD) as anna:
        first = grade(anna, bench.number("BrainStem"), "BrainStem")
        server.process.kill()
        server.process.wait()
    with running_server(bench.study.root, log) as server:
        with httpx.Client(
            base_url=server.url,
            headers={"Origin": server.url, **cookie_header(anna)},
            trust_env=False,
        ) as same_cookie:
            second = grade(same_cookie, bench.number("ParotidL"), "ParotidL")
        server.process.kill()
        server.process.wait()
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json()["graded"] == 2
    with reading(bench.study.engine) as session:
        rows = list(session.exec(select(Grade).order_by(col(Grade.id))))
    assert [row.structure for row in rows] == ["BrainStem", "ParotidL"]
    bench.study.engine.dispose()

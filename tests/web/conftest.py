"""The study of these tests on both databases, and clients that are signed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from han5k_review.accounts.identity import build_identity
from han5k_review.accounts.readers import get_reader
from han5k_review.accounts.sessions import COOKIE_NAME, Browser, open_session
from han5k_review.settings import Settings
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from han5k_review.web.composition import build_middleware, build_routes
from rigs.prompt_server import KEY, PromptServer, running_prompt_server
from tests.web.bench import WebBench, build_bench
from tests.web.drafting import PAROTID, Tab
from tests.web.prompting import GROWTH, PromptTab, open_tab

SITE = "http://testserver"
Visit = Callable[..., TestClient]
# For what no database decides: files, headers, what is refused before one is asked.
ANY_ENGINE = pytest.mark.parametrize("bench", ["any engine"], indirect=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WebBench]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    bench = build_bench(tmp_path / "study", url)
    yield bench
    bench.study.engine.dispose()


@pytest.fixture
def visit(bench: WebBench) -> Iterator[Visit]:
    """`visit("anna")` is a client with anna's cookie, `visit(None)` one without.

    The sign-in is a row without the form: the slow hash of the sign-in form is test_entrance's.
    Clients of the same choices are visitors of one app, on one event loop: without, every request
    would start a thread with a new one.
    """
    served: dict[str, TestClient] = {}

    def serve(choices: dict[str, str]) -> TestClient:
        settings = Settings(study=bench.study.root, **choices)  # type: ignore[arg-type]
        app = Starlette(
            routes=build_routes(bench.study, settings),
            middleware=build_middleware(bench.study, settings),
        )
        return stack.enter_context(TestClient(app))

    def open_client(name: str | None, **choices: str) -> TestClient:
        key = repr(sorted(choices.items()))
        first = served[key] if key in served else served.setdefault(key, serve(choices))
        client = TestClient(first.app, follow_redirects=False, raise_server_exceptions=False)
        client.portal = first.portal
        client.headers["origin"] = SITE
        if name is not None:
            client.cookies.set(COOKIE_NAME, _open_session(bench, name))
        return client

    with ExitStack() as stack:
        yield open_client


@pytest.fixture
def tab(bench: WebBench, visit: Visit) -> Tab:
    """A tab of anna's with an open draft of ParotidL."""
    tab = Tab(client=visit("anna"), url=PAROTID, mask=bench.masks["ParotidL"].dense())
    assert tab.open().status_code == 201
    return tab


def _open_session(bench: WebBench, name: str) -> str:
    with transaction(bench.study.engine) as session:
        identity = build_identity(get_reader(session, name))
        return open_session(session, identity, Browser(), utc_now())


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PromptServer]:
    log = tmp_path_factory.mktemp("prompts") / "server.log"
    with running_prompt_server(log, growth=GROWTH) as server:
        yield server


@pytest.fixture
def server(started: PromptServer) -> Iterator[PromptServer]:
    yield started
    if started.process.poll() is not None:
        started.restart()
    started.misbehave("")


@pytest.fixture
def prompting(bench: WebBench, visit: Visit, server: PromptServer) -> Iterator[PromptTab]:
    client = visit(
        "anna", nninteractive_url=server.url, nninteractive_key=KEY, nninteractive_seconds=60
    )
    opened = open_tab(bench, client)
    yield opened
    opened.leave()

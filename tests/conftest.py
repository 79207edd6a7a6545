"""What every room's tests share: real data, a PostgreSQL server, a browser; long files first."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, ViewportSize, expect

from han5k_review.cli.main import main
from rigs.chromium import running_chromium, wipe
from rigs.databases import PostgresServer, running_postgres, studies_on
from tests.audit_guard import AuditGuard
from tests.file_order import expected_seconds, slowest_files
from tests.once import build_once

ROOT = Path(__file__).resolve().parents[1]
FILES_SHOWN = 20
ENGINES = ("sqlite", "postgresql")
SIZE: ViewportSize = {"width": 1440, "height": 900}
PATIENCE = 20_000  # ms: what is awaited comes at once on a quiet machine, and later on a busy one

expect.set_options(timeout=PATIENCE)
gc.disable()  # what importing and collecting make stays


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--engine`: which database the studies of tests are in."""
    parser.addoption(
        "--engine",
        choices=ENGINES,
        help="Only this engine, for every study that a test makes; without it studies are in "
        "SQLite, and what differs by engine is tested on both.",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long files first; within a file, and among quick files, the random order stays."""
    engine = config.getoption("--engine")
    if engine is not None:
        other = ENGINES[1 - ENGINES.index(engine)]
        items[:] = [item for item in items if other not in _list_parameters(item)]
    items.sort(key=lambda item: -expected_seconds(item.nodeid))


def pytest_collection_finish() -> None:
    """From now on only what tests make is looked through for garbage, and not as often."""
    gc.freeze()
    gc.set_threshold(20_000)  # a web app alone is some ten thousand objects that stay for its test
    gc.enable()


def _list_parameters(item: pytest.Item) -> list[object]:
    call = getattr(item, "callspec", None)
    return [] if call is None else [*call.params.values()]


def make_sendable(report: object) -> object:
    """The same nested values with lone surrogates written as escapes, as UTF-8 has none."""
    if isinstance(report, str):
        return report.encode(errors="backslashreplace").decode()
    if isinstance(report, dict):
        return {make_sendable(key): make_sendable(value) for key, value in report.items()}
    if isinstance(report, list | tuple):
        return type(report)(make_sendable(value) for value in report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, object, object]:
    """Half an emoji of a page may stand in a failure; sent as it is, it would end the whole run."""
    return make_sendable((yield))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how long the slowest files took, where durations were asked for."""
    if not terminalreporter.config.getoption("durations"):
        return
    phases = [
        (report.nodeid, report.duration)
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport)
    ]
    terminalreporter.section(f"slowest {FILES_SHOWN} files (tests/file_order.py)")
    for file, seconds in slowest_files(phases, FILES_SHOWN):
        terminalreporter.write_line(f"{seconds:7.1f}s {file}")


@pytest.fixture(scope="session")
def watched() -> Iterator[AuditGuard]:
    """Watches every transaction of this process (tests/audit_guard.py)."""
    guard = AuditGuard()
    guard.watch()
    yield guard
    guard.rest()


@pytest.fixture(autouse=True)
def _every_change_is_audited(watched: AuditGuard) -> Iterator[None]:
    """Fails a test in which the product committed a change without an audit row."""
    watched.found.clear()
    yield
    found = [*watched.found]
    watched.found.clear()
    assert not found, found


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real CTs and contours beside the checkout (HAN5K_SHARED_DATA overrides)."""
    folder = Path(os.environ.get("HAN5K_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "README.md").is_file():
        pytest.fail(f"The shared test data was expected in {folder}; set HAN5K_SHARED_DATA.")
    return folder


@pytest.fixture(scope="session")
def demo_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an empty demo of two cases, made once by the command; tests take copies."""

    def build(folder: Path) -> None:
        with pytest.raises(SystemExit) as ended:
            main(["demo", "--empty", "--cases", "2", "--study", str(folder)])
        assert not ended.value.code

    return build_once(tmp_path_factory, "demo-study", build)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test session."""
    # Not in pytest's own folder: another session takes its permissions back (PostgreSQL does not
    # run as root) while this one still works in it.
    with (
        tempfile.TemporaryDirectory(prefix="han5k-postgres-") as folder,
        running_postgres(Path(folder)) as (server, _),
    ):
        yield server


@pytest.fixture(scope="session", autouse=True)
def _studies_on_chosen_engine(request: pytest.FixtureRequest) -> Iterator[None]:
    """With `--engine postgresql` every study of a test is there, unless it is made by a command."""
    if request.config.getoption("--engine") != "postgresql":
        yield
        return
    with studies_on(request.getfixturevalue("postgres_server")):
        yield


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A fresh PostgreSQL database with the tables of a study, and no row."""
    with postgres_server.new_database() as url:
        yield url


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A fresh PostgreSQL database with nothing in it, for tests of the migrations."""
    with postgres_server.new_database(empty=True) as url:
        yield url


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The one browser of this test process; fails, and says why, where there is none."""
    with running_chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def free_tabs() -> list[Page]:
    """The tab that tests take in turns, when none has it: a new one reads all scripts anew."""
    return []


@pytest.fixture
def screen(chromium: Browser, free_tabs: list[Page]) -> Iterator[Page]:
    """A page of 1440 x 900 whose script errors fail the test; nothing of a test stays in it."""
    tab = free_tabs.pop() if free_tabs else chromium.new_context(viewport=SIZE).new_page()
    tab.set_default_timeout(30_000)
    errors: list[str] = []

    def keep(error: Error) -> None:
        errors.append(str(error))

    tab.on("pageerror", keep)
    yield tab
    tab.remove_listener("pageerror", keep)
    wipe(tab, SIZE)
    free_tabs.append(tab)  # one that could not be wiped is not used again
    assert not errors, errors

"""The real thing for tests: `streamlit run app.py` in a process of its own, on a free port.

The process is a fork of one that has imported already (rigs/warm_server.py).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from rigs.databases import find_url
from rigs.warm_server import start_warm

ROOT = Path(__file__).resolve().parents[1]
_PROBE_SECONDS = 0.2
_PROBES = 450


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running web process. `log` holds what it printed."""

    url: str
    process: psutil.Process
    log: Path

    @property
    def websocket_url(self) -> str:
        """Where Streamlit's pages connect to."""
        return self.url.replace("http://", "ws://") + "/_stcore/stream"

    @contextmanager
    def sign_in(self, name: str, password: str) -> Iterator[httpx.Client]:
        """A client with the cookie, whose requests look like those of one of our own pages."""
        with httpx.Client(
            base_url=self.url, headers={"Origin": self.url}, timeout=60, trust_env=False
        ) as client:
            answer = client.post("/sign-in", data={"name": name, "password": password})
            if answer.status_code != 303:
                raise RuntimeError(f"Signing in as {name} gave {answer.status_code}.")
            yield client


@contextmanager
def running_server(
    study: Path,
    log: Path,
    *,
    database_url: str | None = None,
    environment: Mapping[str, str] | None = None,
    port: int | None = None,
) -> Iterator[Server]:
    """Serve `study` until the block ends; fails with the log when the server does not come up.

    `port`: of a server that is started again; otherwise a free one.
    """
    port = port or find_free_port()
    variables = {**os.environ, "HAN5K_STUDY": str(study), **(environment or {})}
    database_url = database_url or find_url(study)
    if database_url is not None:
        variables["HAN5K_DATABASE_URL"] = database_url
    process = start_warm(["run", "app.py", "--server.port", str(port)], variables, log)
    server = Server(url=f"http://127.0.0.1:{port}", process=process, log=log)
    try:
        _wait_until_healthy(server)
        yield server
    finally:
        _end(process)


def _end(process: psutil.Process) -> None:
    """By a signal, or at once when that takes too long; it may be dead already."""
    with suppress(psutil.NoSuchProcess):
        process.terminate()
        try:
            process.wait(timeout=10)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_healthy(server: Server) -> None:
    with httpx.Client(trust_env=False, timeout=5) as client:
        for _ in range(_PROBES):
            try:
                if client.get(f"{server.url}/healthz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            try:
                server.process.wait(timeout=_PROBE_SECONDS)
            except psutil.TimeoutExpired:
                continue
            break
    raise RuntimeError(f"The server did not come up:\n{server.log.read_text()}")


def find_free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

"""A prompt server for tests: a process that speaks nnInteractive's protocol, without weights."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from rigs.prompt_answers import LICENCE, VERSION, Fault
from rigs.prompt_model import Growth
from rigs.server import find_free_port

__all__ = ["KEY", "LICENCE", "VERSION", "Fault", "PromptServer", "running_prompt_server"]

KEY = "key-of-the-prompt-server-0123456789"
_ROOT = Path(__file__).resolve().parents[1]
_PROBES = 600
_PROBE_SECONDS = 0.1


@dataclass(slots=True, kw_only=True)
class PromptServer:
    """A running server. `growth`: what it answers with (`rigs.prompt_model.grow`)."""

    port: int
    log: Path
    sessions: int
    growth: Growth
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a web process needs to know of it."""
        return {"HAN5K_NNINTERACTIVE_URL": self.url, "HAN5K_NNINTERACTIVE_KEY": KEY}

    def misbehave(self, kind: str, **fields: Any) -> None:
        """From now on, as a `Fault` says; `misbehave("")` ends it."""
        self._call(asdict(Fault(kind=kind, **fields)))

    def look(self) -> dict[str, Any]:
        """What it was asked so far, and the prompts of each lease that is there."""
        return self._call(None)

    def kill(self) -> None:
        """At once."""
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        """A new process on the same port, which knows of no lease."""
        self.kill()
        self.process = _start(self.port, self.log, self.sessions, self.growth)
        _wait(self)

    def _call(self, body: dict[str, Any] | None) -> dict[str, Any]:
        with httpx.Client(base_url=self.url, trust_env=False, timeout=30) as client:
            answer = client.get("/rig") if body is None else client.post("/rig", json=body)
        return dict(answer.json())


@contextmanager
def running_prompt_server(
    log: Path, *, sessions: int = 2, growth: Growth | None = None
) -> Iterator[PromptServer]:
    """Serve until the block ends."""
    growth, port = growth or Growth(), find_free_port()
    process = _start(port, log, sessions, growth)
    server = PromptServer(port=port, log=log, sessions=sessions, growth=growth, process=process)
    try:
        _wait(server)
        yield server
    finally:
        server.kill()


def _start(port: int, log: Path, sessions: int, growth: Growth) -> subprocess.Popen[bytes]:
    words = [f"--port={port}", f"--sessions={sessions}", f"--tolerance={growth.tolerance_hu}"]
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "rigs.prompt_protocol", *words, f"--reach={growth.reach}"],
            cwd=_ROOT,
            env={**os.environ, "NN_INTERACTIVE_API_KEY": KEY},
            stdout=out,
            stderr=out,
        )


def _wait(server: PromptServer) -> None:
    for _ in range(_PROBES):
        try:
            server.look()
        except httpx.TransportError:
            try:
                server.process.wait(timeout=_PROBE_SECONDS)
            except subprocess.TimeoutExpired:
                continue
            break
        return
    raise RuntimeError(f"The prompt server did not come up:\n{server.log.read_text()}")

"""Web servers as forks of one process that has imported all they import.

`streamlit run app.py` imports for three seconds before it listens, and more when a page is first
opened; tests start some twenty servers. Here one process imports once, and each server is a fork
of it that goes on as `python -m streamlit run app.py` does: own environment, own log, own session.
A start from nothing is the matter of tests/house/test_serve.py, which runs `scripts/serve`.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]


def start_warm(words: Sequence[str], environment: Mapping[str, str], log: Path) -> psutil.Process:
    """A fork that runs `streamlit` with these words, and writes what it prints to `log`."""
    asked = {"words": [*words], "environment": {**environment}, "log": str(log)}
    server = _importer()
    assert server.stdin is not None, "it was asked for"
    assert server.stdout is not None, "it was asked for"
    server.stdin.write(json.dumps(asked) + "\n")
    server.stdin.flush()
    return psutil.Process(int(server.stdout.readline()))


@cache
def _importer() -> subprocess.Popen[str]:
    """The process that imports and forks; it ends with this one."""
    process = subprocess.Popen(
        [sys.executable, "-m", "rigs.warm_server"],
        cwd=ROOT,
        env={**os.environ, "STREAMLIT_LOGGER_LEVEL": "error"},  # importing is not running
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(process.communicate)
    return process


def _import_all() -> None:
    importlib.import_module("streamlit.web.cli")
    importlib.import_module("streamlit.web.bootstrap")
    importlib.import_module("han5k_review.web.composition")
    importlib.import_module("han5k_review.ui.ready").import_pages()
    importlib.import_module("han5k_review.metrics.ready").compile_ahead()


def _serve(asked: Mapping[str, object]) -> None:
    """In the fork: become `streamlit` with the words asked for."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(asked["environment"])  # type: ignore[call-overload]
    output = os.open(str(asked["log"]), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.argv = ["streamlit", *asked["words"]]  # type: ignore[misc]
    importlib.import_module("streamlit.web.cli").main(prog_name="streamlit")


def main() -> None:
    """Import, then fork for each line on standard input until it closes."""
    _import_all()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # forks that ended leave nothing behind
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _serve(json.loads(line))
            return
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

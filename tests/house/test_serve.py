"""scripts/serve: web app and worker together, from a study that is there, and down again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from han5k_review.importing.study import create_study
from han5k_review.store.columns import utc_now

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_healthy(process: subprocess.Popen[bytes], url: str) -> bool:
    """Ask until the answer is 200, the process is gone, or a minute of asking is over."""
    for _ in range(300):
        try:
            if httpx.get(f"{url}/healthz", trust_env=False, timeout=5).status_code == 200:
                return True
        except httpx.TransportError:
            pass
        try:
            process.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            continue
        return False
    return False


def test_without_a_demo_only_the_environment_is_made_and_the_next_step_is_said() -> None:
    if not (ROOT / ".venv" / ".stamp-requirements-dev.txt").is_file():
        pytest.skip("scripts/serve would make the environment first; run through scripts/check")
    environment = {name: text for name, text in os.environ.items() if name != "HAN5K_STUDY"}
    said = subprocess.run(
        [ROOT / "scripts" / "serve", "--no-demo"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "han5k init --study FOLDER" in said


def test_serve_brings_up_the_app_and_the_worker_and_takes_both_down(tmp_path: Path) -> None:
    if not (ROOT / ".venv" / ".stamp-requirements-dev.txt").is_file():
        pytest.skip("scripts/serve would make the environment first; run through scripts/check")
    study = create_study(tmp_path / "study", "Served", now_utc=utc_now())
    study.engine.dispose()
    port = free_port()
    log = tmp_path / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [ROOT / "scripts" / "serve", "--port", str(port)],
            env={**os.environ, "HAN5K_STUDY": str(study.root)},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        assert is_healthy(process, url), log.read_text()
        page = httpx.get(url, trust_env=False, headers={"Accept": "text/html"})
        assert page.status_code == 303
        assert "/sign-in" in page.headers["location"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 143, log.read_text()
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{url}/healthz", trust_env=False, timeout=2)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

"""deploy/Caddyfile as it stands, with another port and a certificate of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from rigs.nginx import ROOT, make_certificate, wait_for_proxy
from rigs.server import find_free_port


@contextmanager
def running_caddy(folder: Path, upstream: str) -> Iterator[tuple[str, Path]]:
    """The https address of Caddy before one server, and the certificate's file."""
    caddy = shutil.which("caddy")
    if caddy is None:
        raise FileNotFoundError("caddy was expected; install it, or run scripts/check once.")
    key, certificate = make_certificate(folder)
    url = f"https://localhost:{find_free_port()}"
    site = (ROOT / "deploy" / "Caddyfile").read_text()
    for old, new in (
        ("han5k.example.org {\n", f"{url} {{\n\ttls {certificate} {key}\n"),
        ("reverse_proxy 127.0.0.1:8501 {", f"reverse_proxy {upstream.removeprefix('http://')} {{"),
    ):
        assert old in site
        site = site.replace(old, new)
    # No port beside its own: no redirects from 80, no door for its administrator.
    (folder / "Caddyfile").write_text("{\n\tadmin off\n\tauto_https off\n}\n" + site)
    homes = {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "HOME": str(folder)}
    words = [caddy, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    with (folder / "caddy.log").open("wb") as log:
        process = subprocess.Popen(words, env={**os.environ, **homes}, stdout=log, stderr=log)
    try:
        wait_for_proxy(psutil.Process(process.pid), url, certificate)
        yield url, certificate
    finally:
        process.terminate()
        process.wait()

"""deploy/nginx.conf as it stands, with other ports and a certificate of its own.

Two web processes behind it are the example with its second server taken in.
"""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from rigs.server import find_free_port

ROOT = Path(__file__).resolve().parents[1]
PROBES = 100
_SECOND = "# server 127.0.0.1:8502;"


@contextmanager
def running_nginx(folder: Path, *upstreams: str) -> Iterator[tuple[str, Path]]:
    """The https address of nginx before one server or two, and the certificate's file."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        raise FileNotFoundError("nginx was expected; install it, or run scripts/check once.")
    (key, certificate), port = make_certificate(folder), find_free_port()
    site = (ROOT / "deploy" / "nginx.conf").read_text()
    for old, new in (
        ("listen 80;", f"listen 127.0.0.1:{find_free_port()};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        *_name_servers(upstreams),
        ("/etc/ssl/han5k.pem", str(certificate)),
        ("/etc/ssl/han5k.key", str(key)),
        ("han5k.example.org", "localhost"),
    ):
        assert old in site
        site = site.replace(old, new)
    (folder / "site.conf").write_text(site)
    (folder / "nginx.conf").write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log {folder}/errors;\n"
        f"events {{ worker_connections 4096; }}\nhttp {{\n  include {folder}/site.conf;\n}}\n"
    )
    process = subprocess.Popen([nginx, "-p", str(folder), "-c", str(folder / "nginx.conf")])
    try:
        url = f"https://localhost:{port}"
        wait_for_proxy(psutil.Process(process.pid), url, certificate)
        yield url, certificate
    finally:
        process.terminate()
        process.wait()


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Files of a key and of a certificate that it signed itself, for `localhost`."""
    key, certificate = folder / "han5k.key", folder / "han5k.pem"
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    words += ["-keyout", str(key), "-out", str(certificate), "-subj", "/CN=localhost"]
    words += ["-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(["openssl", *words], check=True, capture_output=True)
    return key, certificate


def _name_servers(upstreams: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What to put in place of the two servers of the example; the second waits behind a `#`."""
    for upstream, old in zip(upstreams, ("server 127.0.0.1:8501;", _SECOND), strict=False):
        yield old, f"server {upstream.removeprefix('http://')};"


def wait_for_proxy(process: psutil.Process, url: str, certificate: Path) -> None:
    """Until the web app answers through the proxy; RuntimeError when the proxy ended."""
    context = ssl.create_default_context(cafile=certificate)
    with httpx.Client(verify=context, trust_env=False) as client:
        for _ in range(PROBES):
            try:
                if client.get(f"{url}/healthz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            try:
                process.wait(timeout=0.1)
            except psutil.TimeoutExpired:
                continue
            break
    raise RuntimeError(f"The proxy at {url} did not come up.")

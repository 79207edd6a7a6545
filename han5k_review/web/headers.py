"""Headers of every answer: what a browser may do with our pages, and where it may be sent."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Scope, Send

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "SAMEORIGIN",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_ONE_YEAR = 31_536_000
# Streamlit puts styles into the page by script ('unsafe-inline'), shows pictures and starts
# workers from memory (data:, blob:). Nothing here makes a script out of text; the graph of models
# is drawn by WebAssembly ('wasm-unsafe-eval').
_DIRECTIVES = (
    "default-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'self'",
)


def build_policy(inline_scripts: Sequence[str]) -> str:
    """The Content-Security-Policy of pages; of inline scripts only these texts run."""
    digests = (b64encode(sha256(text.encode()).digest()).decode() for text in inline_scripts)
    hashes = [f"'sha256-{one}'" for one in digests]
    allowed = " ".join(("script-src 'self'", *hashes, "'wasm-unsafe-eval'"))
    return "; ".join((*_DIRECTIVES, allowed))


def with_headers(scope: Scope, send: Send, policy: str, *, is_https: bool) -> Send:
    """`send` that adds them; a redirect names a path of this server, whatever `Host` was asked."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _ALWAYS.items():
                headers.setdefault(name, value)
            headers.setdefault("Content-Security-Policy", policy)
            if is_https:
                headers.setdefault("Strict-Transport-Security", f"max-age={_ONE_YEAR}")
            location = headers.get("location", "")
            host = MutableHeaders(scope=scope).get("host", "")
            for own in (f"http://{host}", f"https://{host}"):
                if host and location.startswith(f"{own}/"):
                    headers["location"] = location.removeprefix(own)
        await send(message)

    return send_with_headers

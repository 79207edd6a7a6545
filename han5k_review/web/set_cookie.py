"""How every cookie of ours is set: no script reads it, and other sites do not send it."""

from __future__ import annotations

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response


def set_cookie(
    request: Request, answer: Response, name: str, value: str, lifetime: timedelta
) -> None:
    """`HttpOnly`, `SameSite=Lax`, and over https `Secure`."""
    answer.set_cookie(
        name,
        value,
        max_age=int(lifetime.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )

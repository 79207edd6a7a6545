"""Where to go after signing in: a path of this site, never another one."""

from __future__ import annotations

from urllib.parse import urlsplit

_NOT_AFTER_SIGN_IN = frozenset(
    {"/sign-in", "/sign-out", "/sign-in/hospital", "/sign-in/hospital/answer"}
)
_MAX_LENGTH = 2000


def local_path(wanted: str | None) -> str:
    """`wanted` when it is a plain local path with an optional query, else `/`.

    Browsers read `\\` as `/` and skip tabs and newlines, so `//host`, `/\\host` and control
    characters are all refused.
    """
    if not wanted or len(wanted) > _MAX_LENGTH or not wanted.startswith("/"):
        return "/"
    if wanted.startswith("//") or "\\" in wanted or not wanted.isprintable():
        return "/"
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return "/"
    if parts.scheme or parts.netloc or parts.path in _NOT_AFTER_SIGN_IN:
        return "/"
    return wanted

"""Same-origin check: a change, or a websocket, must come from one of our own pages."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def is_same_origin(headers: Headers) -> bool:
    """True when the browser says that the request was made by a page of this very host.

    `Sec-Fetch-Site` (sent over https and to localhost) and `Origin` must agree with us where they
    are present; a request with neither was not made by a current browser's page and is refused.
    """
    site = headers.get("sec-fetch-site")
    origin = headers.get("origin")
    if site is not None and site != "same-origin":
        return False
    if origin is not None:
        return is_own_origin(headers)
    return site is not None


def is_own_origin(headers: Headers) -> bool:
    """True when the `Origin` header names the host the request was sent to."""
    origin, host = headers.get("origin"), headers.get("host")
    if not origin or not host:
        return False
    try:
        return urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:  # no address at all, such as `http://[`
        return False

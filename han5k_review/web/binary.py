"""Binary answers: ETag, 304, cache rules and content coding in one place."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from han5k_review.web.encoding import Encoding, choose_encoding

BINARY = "application/octet-stream"


def answer_binary(
    request: Request,
    *,
    etag: str,
    cache_control: str,
    build: Callable[[Encoding], bytes],
) -> Response:
    """304 when the client has the content `etag` already, else what `build` gives for its coding.

    The tag is weak: it names the decoded content, whichever coding carries it.
    """
    headers = {
        "ETag": f'W/"{etag}"',
        "Cache-Control": cache_control,
        "Vary": "Accept-Encoding",
    }
    if _has_it(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    encoding = choose_encoding(request.headers.get("accept-encoding"))
    if encoding is not Encoding.IDENTITY:
        headers["Content-Encoding"] = encoding.value
    return Response(build(encoding), media_type=BINARY, headers=headers)


def _has_it(if_none_match: str | None, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in (if_none_match or "").split(",")]
    return etag in tags or tags == ["*"]

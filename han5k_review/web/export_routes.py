"""Export routes: the spreadsheets and the report as downloads, for people who may export."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from han5k_review.accounts.may import Action, require
from han5k_review.exports import download_export
from han5k_review.store.columns import utc_now
from han5k_review.web.bodies import Name
from han5k_review.web.described import described
from han5k_review.web.desk import Desk, get_identity

_TYPES = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".zip": "application/zip",
    ".html": "text/html; charset=utf-8",
}
_STEM = "han5k-review"


def build_export_router(desk: Desk) -> APIRouter:
    """`GET /exports/han5k-review.xlsx`, `.zip`, `.html` (the report); each leaves an audit row."""
    router = APIRouter()

    @router.get(
        "/exports/{name}",
        **described(Action.EXPORT, "The study as a spreadsheet, tables or the report.", "*/*"),
    )
    def answer_export(request: Request, name: Name) -> Response:
        identity = get_identity(request)
        require(identity, Action.EXPORT)
        suffix = name.removeprefix(_STEM)
        if suffix not in _TYPES:
            raise HTTPException(404, f"{_STEM}.xlsx, .zip or .html was expected, found {name!r}.")
        now = utc_now()
        content = download_export(desk.study, suffix, actor=identity.name, now=now)
        file_name = f"{_STEM}-{now:%Y%m%d-%H%M%S}{suffix}"
        return Response(
            content,
            media_type=_TYPES[suffix],
            headers={
                "Content-Disposition": f'attachment; filename="{file_name}"',
                "Cache-Control": "no-store",
            },
        )

    return router

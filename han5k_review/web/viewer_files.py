"""The viewer's scripts, below an address that names their content, so that browsers keep them.

Streamlit sends a component's files again at every page load. The viewer has some 90 of them, one
loading the next: most of the time until a case stands, on a thin line.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from os import PathLike, stat_result
from pathlib import Path

from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

VIEWER_FILES = "/viewer-files"
_ASSETS = Path(__file__).resolve().parents[1] / "viewer" / "assets"
_KEPT = "private, max-age=31536000, immutable"


@cache
def name_viewer() -> str:
    """The address of the viewer's first script in this version of it."""
    return f"{VIEWER_FILES}/{_find_version()}/viewer.js"


def build_viewer_route() -> Mount:
    """All of them, below any version: a page that is open since an update still finds them."""
    return Mount(f"{VIEWER_FILES}/{{version}}", _ViewerFiles(directory=_ASSETS))


class _ViewerFiles(StaticFiles):
    def file_response(
        self,
        full_path: str | PathLike[str],
        stat_result: stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """A file as it is; only below its own version it may be kept."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        is_own = scope["path_params"].get("version") == _find_version()
        response.headers["Cache-Control"] = _KEPT if is_own else "no-store"
        return response


@cache
def _find_version() -> str:
    digest = sha256()
    for path in sorted(_ASSETS.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(_ASSETS).as_posix()}\0".encode())
            digest.update(sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:20]

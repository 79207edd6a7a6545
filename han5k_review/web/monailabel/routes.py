"""All routes of MONAI Label's REST that this server has, below `/monai` of the API."""

from __future__ import annotations

from fastapi import APIRouter

from han5k_review.web.addresses import MONAI_LABEL
from han5k_review.web.desk import Desk
from han5k_review.web.monailabel.file_routes import add_files
from han5k_review.web.monailabel.list_routes import add_lists
from han5k_review.web.monailabel.save_routes import add_saving
from han5k_review.web.monailabel.sign_in_routes import add_sign_in
from han5k_review.web.monailabel.tool_desk import build_tool_desk


def build_monai_label_router(desk: Desk) -> APIRouter:
    """Sign-in, lists, files and pushed labels."""
    router = APIRouter(prefix=MONAI_LABEL.removeprefix("/api"))
    tool_desk = build_tool_desk(desk)
    add_sign_in(router, tool_desk)
    add_lists(router, tool_desk)
    add_files(router, tool_desk)
    add_saving(router, tool_desk)
    return router

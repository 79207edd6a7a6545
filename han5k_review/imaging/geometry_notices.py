"""Geometry notices: what label files leave unsaid about where they lie, for a person to weigh."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from han5k_review.imaging.grid import Grid
from han5k_review.imaging.headers import read_header
from han5k_review.texts.counts import say_count

_SHOWN_FILES = 3
_PART = "a part of the CT's grid, put in its place exactly; what lies around it has no labels"


def list_geometry_notices(paths: Collection[Path], grid: Grid) -> tuple[str, ...]:
    """The notices in the headers of `paths`, each once with the files it is true of.

    Another says which of them hold a part of `grid` (the CT's) only. Reads headers only. Raises
    DataError or GeometryError as `read_header` does.
    """
    files: dict[str, list[str]] = {}
    for path in paths:
        header = read_header(path)
        notices = list(header.notices)
        if sorted(header.grid.shape) != sorted(grid.shape):
            notices.append(_PART)
        for notice in notices:
            files.setdefault(notice, []).append(path.name)
    return tuple(f"{_listed(names)}: {notice}" for notice, names in files.items())


def _listed(names: list[str]) -> str:
    more = len(names) - _SHOWN_FILES
    shown = ", ".join(names[:_SHOWN_FILES])
    return f"{shown} and {say_count(more, 'more file')}" if more > 0 else shown

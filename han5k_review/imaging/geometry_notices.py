"""Geometry notices: what label files leave unsaid about where they lie, for a person to weigh."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from han5k_review.imaging.headers import read_header

_SHOWN_FILES = 3


def list_geometry_notices(paths: Iterable[Path]) -> tuple[str, ...]:
    """The notices in the headers of `paths`, each once with the files it is true of.

    Reads headers only. Raises DataError or GeometryError as `read_header` does.
    """
    files: dict[str, list[str]] = {}
    for path in paths:
        for notice in read_header(path).notices:
            files.setdefault(notice, []).append(path.name)
    return tuple(f"{_listed(names)}: {notice}" for notice, names in files.items())


def _listed(names: list[str]) -> str:
    more = len(names) - _SHOWN_FILES
    shown = ", ".join(names[:_SHOWN_FILES])
    return f"{shown} and {more} more files" if more > 0 else shown

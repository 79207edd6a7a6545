"""Paths as people write them: the file that is there under another writing of the same name."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TypeGuard

from han5k_review.texts.names import compose

_SHOWN = 200
_REFUSED = (errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ELOOP)


def find_written_path(folder: Path, text: str) -> Path:
    """The path `text`, relative to `folder`; of an existing file where there is one.

    A name in NFC finds the same name in NFD and the other way round, and `\\` may stand for `/`.
    Where nothing is found the path comes back as it was written.
    """
    written = folder / _expand(text)
    for candidate in (written, folder / _expand(text.replace("\\", "/"))):
        found = find_same_name(candidate)
        if found is not None:
            return found
    return written


def is_refused_path(error: Exception) -> TypeGuard[OSError]:
    """Whether the system refuses a path that a person gave: closed, too long, a circle of links."""
    return isinstance(error, OSError) and bool(error.filename) and error.errno in _REFUSED


def describe_unreadable(error: OSError) -> str:
    """One sentence about a file or folder that the system refuses to open, whatever the reason."""
    name = str(error.filename or "")
    shown = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}..."
    return (
        f"a readable file or folder was expected{' at ' if shown else ''}{shown}, found: "
        f"{error.strerror or error}; mend its path or its permissions and try again."
    )


def say_cause(error: Exception) -> str:
    """What an error says, for a sentence that names the path: without number and path again."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    if isinstance(error, KeyError):
        return f"no {error.args[0]!r} in it" if error.args else "a word is missing"
    return str(error)


def _expand(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:  # `~somebody` who is not on this machine
        return Path(text)


def find_same_name(path: Path) -> Path | None:
    """The file or folder that exists under this path, its names in NFC or NFD, or None."""
    try:
        if path.exists():
            return path
        parent = None if path.parent == path else find_same_name(path.parent)
        if parent is None or not parent.is_dir():
            return None
        wanted = compose(path.name)
        same = sorted(entry for entry in parent.iterdir() if compose(entry.name) == wanted)
        return same[0] if len(same) == 1 else None
    except (OSError, ValueError):
        return None

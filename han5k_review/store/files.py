"""Writing files so that a crash, a full disk or a second writer leaves nothing half-written."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from pathlib import Path

from han5k_review.errors import StorageError


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` beside `path`, sync it, and move it into place; StorageError otherwise."""
    beside = path.parent / f".{path.name}.{uuid.uuid4().hex}.tmp"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise StorageError(
            f"{len(content)} bytes were to be written to {path}; the disk answered: "
            f"{error.strerror or error}. Free space or mend the permissions and try again."
        ) from error

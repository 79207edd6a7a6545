"""The hash a checkpoint is registered by."""

from __future__ import annotations

import hashlib
from pathlib import Path

from han5k_review.errors import DataError


def hash_file(path: Path) -> str:
    """SHA-256 of a file; DataError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"A file was expected at {path}, found: {error.strerror}.") from error

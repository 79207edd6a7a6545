"""Spools: where files of patients lie for the minutes between a server or archive and the study.

They hold names, so a spool is readable by its owner only and gone when it is left; what a killed
process left is cleared by the next.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from han5k_review.errors import StorageError

_PREFIX = "han5k-spool-"


@contextmanager
def open_spool(folder: Path | None = None) -> Iterator[Path]:
    """A new empty folder below `folder` (None: that of the system for such files); StorageError."""
    base = folder or Path(tempfile.gettempdir())
    _clear_left(base)
    try:
        base.mkdir(parents=True, exist_ok=True)
        spool = tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-", dir=base)
    except OSError as error:
        raise StorageError(
            f"A folder that can be written was expected at {base}, found: {error.strerror}; name "
            "another with --spool, or by the variable TMPDIR."
        ) from error
    with spool as name:
        yield Path(name)


def _clear_left(base: Path) -> None:
    """Spools of this account whose process is no more."""
    for left in base.glob(f"{_PREFIX}*-*"):
        number = left.name.removeprefix(_PREFIX).partition("-")[0]
        is_own = left.is_dir() and not left.is_symlink() and os.access(left, os.W_OK)
        if is_own and number.isdigit() and not psutil.pid_exists(int(number)):
            shutil.rmtree(left, ignore_errors=True)

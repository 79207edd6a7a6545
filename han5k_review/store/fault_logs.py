"""Fault logs: the details of an error that nobody foresaw, in a file that only its owner reads.

They can hold paths and names of patients, so they lie in the study, not in the open.
"""

from __future__ import annotations

import os
import platform
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import han5k_review

LOGS = "logs"


def write_fault_log(details: str, study: Path | None) -> Path:
    """Write `details` to `logs/` of the study folder, or among the user's temporary files.

    Raises OSError when neither can be written.
    """
    now = datetime.now(UTC)
    text = (
        f"han5k {han5k_review.__version__}, Python {platform.python_version()}, "
        f"{platform.platform()}, {now.isoformat(timespec='seconds')}\n{details}"
    )
    name = f"han5k-{now:%Y%m%d-%H%M%S}-{os.getpid()}-"
    if study is not None:
        try:
            (study / LOGS).mkdir(exist_ok=True)
            return _write_private(study / LOGS, name, text)
        except OSError:
            return _write_private(None, name, text)
    return _write_private(None, name, text)


def _write_private(folder: Path | None, name: str, text: str) -> Path:
    handle, path = tempfile.mkstemp(prefix=name, suffix=".log", dir=folder)
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
    return Path(path)

"""The last resort of a command: what nobody foresaw becomes a file to send, not a screenful."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import han5k_review

_LOGS = "logs"
_SHOWN = 200


def describe_fault(error: Exception, arguments: Sequence[str]) -> str:
    """One sentence about an error of the program, once its details are written to a file.

    The file lies in `logs/` of the study, or among the user's temporary files where there is no
    study: paths and names in it can be those of patients.
    """
    lines = str(error).strip().splitlines()
    words = f": {lines[0][:_SHOWN].rstrip('.')}" if lines else ""
    start = f"The program met an error of its own ({type(error).__name__}{words})"
    try:
        log = _write_log(error, arguments)
    except OSError as refusal:
        return f"{start}; its details could not be written: {refusal.strerror}."
    return (
        f"{start}; nothing half-done was stored. The details are in {log}; send that file to those "
        "who look after the program (it can hold names and paths)."
    )


def _write_log(error: Exception, arguments: Sequence[str]) -> Path:
    now = datetime.now(UTC)
    text = "\n".join(
        (
            f"han5k {han5k_review.__version__}, Python {platform.python_version()}, "
            f"{platform.platform()}, {now.isoformat(timespec='seconds')}",
            f"command: {' '.join(map(repr, arguments))}",
            "".join(traceback.format_exception(error)),
        )
    )
    name = f"han5k-{now:%Y%m%d-%H%M%S}-{os.getpid()}-"
    study = _find_study(arguments)
    folder = None if study is None else study / _LOGS
    try:
        if folder is not None:
            folder.mkdir(exist_ok=True)
        return _write_private(folder, name, text)
    except OSError:
        return _write_private(None, name, text)


def _write_private(folder: Path | None, name: str, text: str) -> Path:
    """A file that only its owner can read."""
    handle, path = tempfile.mkstemp(prefix=name, suffix=".log", dir=folder)
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
    return Path(path)


def _find_study(arguments: Sequence[str]) -> Path | None:
    """The study that the command was about, if its folder is there."""
    words = list(arguments)
    given = [words[n + 1] for n, word in enumerate(words[:-1]) if word == "--study"]
    given += [word.removeprefix("--study=") for word in words if word.startswith("--study=")]
    given += [os.environ.get("HAN5K_STUDY", "")]
    folders = [Path(text) for text in given if text]
    return next((folder for folder in folders if (folder / "tables").is_dir()), None)


def let_every_text_be_printed() -> None:
    """A letter that the terminal cannot show is printed as its code, it ends no command."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")

"""The last resort of a command: what nobody foresaw becomes a file to send, not a screenful."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from han5k_review.store.fault_logs import write_fault_log

_SHOWN = 200


def describe_fault(error: Exception, arguments: Sequence[str]) -> str:
    """One sentence about an error of the program, once its details are written to a file.

    The file lies in `logs/` of the study, or among the user's temporary files where there is no
    study.
    """
    lines = str(error).strip().splitlines()
    words = f": {lines[0][:_SHOWN].rstrip('.')}" if lines else ""
    start = f"The program met an error of its own ({type(error).__name__}{words})"
    trace = "".join(traceback.format_exception(error))
    command = " ".join(map(repr, arguments))
    try:
        log = write_fault_log(f"command: {command}\n{trace}", _find_study(arguments))
    except OSError as refusal:
        return f"{start}; its details could not be written: {refusal.strerror}."
    return (
        f"{start}; the details are in {log}, send that file to those who look after the program "
        "(it can hold names and paths)."
    )


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

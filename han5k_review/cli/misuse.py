"""A command that was called in another way than it takes: one sentence, as for any bad input."""

from __future__ import annotations

import re

import typer

_PLAIN = (
    (r"Value error, ", ""),
    (r"Input should be a valid integer, .*", "a whole number was expected"),
    (r"Input should be a valid number, .*", "a number was expected"),
    (r"Input should be greater than or equal to (\S+)", r"\1 or more was expected"),
    (r"Input should be less than or equal to (\S+)", r"\1 or less was expected"),
)


def describe_misuse(error: typer.TyperException) -> str:
    """What is wrong with the words of a command, and where its options are told; or nothing.

    Nothing of a group of commands that was called alone: its help is on the screen already.
    """
    if type(error).__name__ == "NoArgsIsHelpError":
        return ""
    format_message = getattr(error, "format_message", None)
    said = str(format_message() if callable(format_message) else error).strip().rstrip(".")
    for theirs, ours in _PLAIN:
        said = re.sub(theirs, ours, said)
    context = getattr(error, "ctx", None)
    command = "han5k" if context is None else context.command_path
    return f"{said}; see `{command} --help`."

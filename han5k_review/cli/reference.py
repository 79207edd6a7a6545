"""The page docs/commands.md, rendered from the commands and settings themselves."""

from __future__ import annotations

import sys
from typing import Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from han5k_review import __version__
from han5k_review.cli.command_table import COMMANDS, load_command
from han5k_review.settings import Settings

_HEAD = """# Commands and settings

Written by `han5k reference > docs/commands.md`; a test compares it with the code. Every command
takes `--help`. Bad input is one sentence on the error stream and exit code 2; Ctrl-C is 130. An
error of the program itself is one sentence and exit code 1: its details are in a file in `logs/` of
the study (without a study among your temporary files), that only you can read. Research use only,
not a medical device.
"""


def register(app: typer.Typer) -> None:
    """Add the commands `version` and `reference`."""
    app.command("version")(version)
    app.command("reference")(reference)


def version() -> None:
    """Print the version."""
    Console().print(__version__)


def reference() -> None:
    """Print the page docs/commands.md."""
    sys.stdout.write(render_reference())


def render_reference() -> str:
    """Markdown of every command with its options, and of every setting."""
    parts = [_HEAD, "## Commands\n"]
    for word in COMMANDS:
        for path, command in _walk(load_command(word), ("han5k", word)):
            words = (command.help or "").split("\n")[0]
            parts.append(f"### `{' '.join(path)}`\n{words}\n\n{_parameters(command)}")
    parts.append(
        "## Settings\n\nEnvironment variables, read once at start.\n\n| variable | |\n|---|---|"
    )
    for name, field in Settings.model_fields.items():
        parts.append(f"| `HAN5K_{name.upper()}` | {field.description} |")
    return "\n".join(parts) + "\n"


def _walk(command: Any, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], Any]]:
    if not isinstance(command, TyperGroup):
        return [(path, command)]
    rows = [row for name, sub in command.commands.items() for row in _walk(sub, (*path, name))]
    return [(path, command), *rows] if command.invoke_without_command else rows


def _parameters(command: Any) -> str:
    lines = []
    for parameter in command.params:
        if parameter.name == "help":
            continue
        is_option = parameter.param_type_name == "option"
        name = parameter.opts[0] if is_option else (parameter.name or "").upper()
        words = getattr(parameter, "help", None) or ""
        needed = " (required)" if parameter.required else ""
        lines.append(f"* `{name}`{needed} {words}".rstrip())
    return "\n".join(lines) + "\n" if lines else ""

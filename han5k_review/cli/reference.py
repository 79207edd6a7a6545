"""The page docs/commands.md, rendered from the commands and settings themselves."""

from __future__ import annotations

import click
import typer

from han5k_review.settings import Settings

_HEAD = """# Commands and settings

Written by `han5k reference > docs/commands.md`; a test compares it with the code. Every command
takes `--help`. Bad input is one sentence on the error stream and exit code 2. Research use only,
not a medical device.
"""


def render_reference(app: typer.Typer) -> str:
    """Markdown of every command with its options, and of every setting."""
    parts = [_HEAD, "## Commands\n"]
    for path, command in _walk(typer.main.get_command(app), ("han5k",)):
        words = (command.help or "").split("\n")[0]
        parts.append(f"### `{' '.join(path)}`\n{words}\n\n{_parameters(command)}")
    parts.append(
        "## Settings\n\nEnvironment variables, read once at start.\n\n| variable | |\n|---|---|"
    )
    for name, field in Settings.model_fields.items():
        parts.append(f"| `HAN5K_{name.upper()}` | {field.description} |")
    return "\n".join(parts) + "\n"


def _walk(command: object, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], click.Command]]:
    commands = getattr(command, "commands", None)
    if commands is None:
        return [(path, command)]  # type: ignore[list-item]
    return [row for name, sub in commands.items() for row in _walk(sub, (*path, name))]


def _parameters(command: click.Command) -> str:
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

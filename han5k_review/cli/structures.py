"""Commands about the structure table of a study that exists."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from han5k_review.cli.session import StudyOption, actor, console, open_chosen
from han5k_review.importing.structure_table import (
    TABLE,
    TableChange,
    add_aliases,
    add_structures,
    take_colours,
)
from han5k_review.importing.study import default_tables
from han5k_review.store.columns import utc_now
from han5k_review.study import read_study_catalogue


def register(app: typer.Typer) -> None:
    """Add the group `structures`."""
    group = typer.Typer(
        help="The study's structures: list, add rows, add aliases, renew colours.",
        no_args_is_help=True,
    )
    group.command("list")(list_structures)
    group.command("add")(add)
    group.command("alias")(alias)
    group.command("colours")(colours)
    app.add_typer(group, name="structures")


def list_structures(study: StudyOption = None) -> None:
    """Print every structure with the names it is known by."""
    for structure in read_study_catalogue(open_chosen(study)):
        names = ", ".join(filter(None, (structure.tg263, *structure.aliases)))
        console.print(f"{structure.name}: {names}" if names else structure.name, markup=False)


def add(
    table: Annotated[Path, typer.Argument(help="CSV with further structures.")],
    study: StudyOption = None,
) -> None:
    """Add structures to a study that exists; the table of before is kept."""
    _tell(add_structures(open_chosen(study), table, actor=actor(), now=utc_now()))


def alias(
    structure: Annotated[str, typer.Argument(help="The structure's own name.")],
    names: Annotated[list[str], typer.Argument(help="Further names it is known by.")],
    study: StudyOption = None,
) -> None:
    """Add names that a structure is matched by; the table of before is kept."""
    _tell(add_aliases(open_chosen(study), structure, names, actor=actor(), now=utc_now()))


def colours(
    table: Annotated[
        Path | None, typer.Option(help="Structure table to take them from; else the project's.")
    ] = None,
    study: StudyOption = None,
) -> None:
    """Take the colours of today's table, in which neighbours can be told apart."""
    change = take_colours(
        open_chosen(study), table or default_tables() / TABLE, actor=actor(), now=utc_now()
    )
    _tell(change, "other colours")


def _tell(change: TableChange, done: str = "added") -> None:
    console.print(f"{done}: {', '.join(change.added)}", markup=False)
    console.print(
        f"the structure table is version {change.version} now; start the web server and the "
        "worker anew, they read it when they start",
        markup=False,
    )

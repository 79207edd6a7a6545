"""Commands about the structure table of a study that exists."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from han5k_review.cli.session import StudyOption, actor, console, open_chosen
from han5k_review.importing.structure_table import TableChange, add_aliases, add_structures
from han5k_review.store.columns import utc_now
from han5k_review.study import read_study_catalogue


def register(app: typer.Typer) -> None:
    """Add the group `structures`."""
    group = typer.Typer(
        help="The study's structures: list, add rows, add aliases.", no_args_is_help=True
    )
    group.command("list")(list_structures)
    group.command("add")(add)
    group.command("alias")(alias)
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


def _tell(change: TableChange) -> None:
    console.print(f"added: {', '.join(change.added)}", markup=False)
    console.print(
        f"the structure table is version {change.version} now; start the web server and the "
        "worker anew, they read it when they start",
        markup=False,
    )

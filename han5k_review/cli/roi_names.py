"""The command that confirms which ROI name of a clinic's files is which structure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from han5k_review.cli.session import StudyOption, actor, console, open_chosen
from han5k_review.importing.confirmed_names import (
    confirm_names,
    list_confirmed_names,
    read_clinic_catalogue,
)
from han5k_review.importing.name_list import LEFT_OUT, read_name_table
from han5k_review.store.columns import format_utc, utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.study import read_study_catalogue
from han5k_review.texts.counts import say_count


def register(app: typer.Typer) -> None:
    """Add the command `names`."""
    app.command("names")(names)


def names(
    table: Annotated[
        Path | None,
        typer.Argument(help="Table of `han5k import --dry-run --names`, column structure filled."),
    ] = None,
    study: StudyOption = None,
) -> None:
    """Confirm which ROI name is which structure (- leaves it out); without a table: list them."""
    opened = open_chosen(study)
    if table is not None:
        with transaction(opened.engine) as session:
            catalogue = read_clinic_catalogue(session, read_study_catalogue(opened))
            found = read_name_table(table, catalogue)
            confirm_names(session, catalogue, found, actor=actor(), now_utc=utc_now())
        for written, structure in found.items():
            console.print(f"{written} -> {structure or 'left out'}", markup=False)
        console.print(f"{say_count(len(found), 'name')} confirmed, from the next import on.")
        return
    with reading(opened.engine) as session:
        for row in list_confirmed_names(session):
            time = format_utc(row.confirmed_at_utc)
            console.print(
                f"{row.written} -> {row.structure or LEFT_OUT} ({row.actor}, {time})", markup=False
            )

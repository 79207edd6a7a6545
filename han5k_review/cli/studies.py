"""The command that makes a study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from han5k_review.cli.session import (
    StudyOption,
    actor,
    console,
    study_folder,
)
from han5k_review.importing.study import create_study, target_table
from han5k_review.settings import get_settings
from han5k_review.store.columns import utc_now
from han5k_review.study import read_study_catalogue
from han5k_review.texts.counts import say_count


def register(app: typer.Typer) -> None:
    """Add the command `init`."""
    app.command("init")(init)


def init(
    name: Annotated[str, typer.Option(help="What the study is called.")] = "HaN5K review",
    structures: Annotated[
        list[Path] | None, typer.Option(help="Structure table instead of the project's own.")
    ] = None,
    add_structures: Annotated[
        list[Path] | None, typer.Option(help="CSV with further structures; repeatable.")
    ] = None,
    targets: Annotated[
        bool, typer.Option("--targets", help="Take GTV, CTV and PTV as further structures.")
    ] = False,
    scales: Annotated[Path | None, typer.Option(help="Grading scales (CSV).")] = None,
    scale: Annotated[str, typer.Option(help="The scale this study grades by.")] = "han5k-3",
    windows: Annotated[Path | None, typer.Option(help="CT windows (CSV).")] = None,
    label_map: Annotated[
        list[Path] | None, typer.Option(help="Further label maps (CSV); repeatable.")
    ] = None,
    protocol_version: Annotated[str, typer.Option(help="Version of the protocol.")] = "1",
    study: StudyOption = None,
) -> None:
    """Make an empty study with its own copies of the tables."""
    opened = create_study(
        study_folder(study),
        name,
        now_utc=utc_now(),
        structures=structures or (),
        add_structures=[*(add_structures or ()), *([target_table()] if targets else [])],
        scales=scales,
        windows=windows,
        label_maps=label_map or (),
        scale=scale,
        protocol_version=protocol_version,
        database_url=get_settings().database_url,
        actor=actor(),
    )
    catalogue = read_study_catalogue(opened)
    console.print(f"{opened.root}: {name}, {say_count(len(catalogue), 'structure')}, scale {scale}")

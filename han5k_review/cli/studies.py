"""Commands that make and check a study."""

from __future__ import annotations

import platform
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import select

from han5k_review.cli.session import (
    StudyOption,
    console,
    open_chosen,
    study_folder,
)
from han5k_review.errors import Han5kError, RuleError
from han5k_review.importing.placed_cts import find_trouble
from han5k_review.importing.structure_table import TABLE, list_other_colours
from han5k_review.importing.study import create_study, default_tables, target_table
from han5k_review.settings import get_settings
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.store.tables import Case, LabelVersion
from han5k_review.study import read_study_catalogue
from han5k_review.texts.counts import say_count


def register(app: typer.Typer) -> None:
    """Add the commands `init` and `doctor`."""
    app.command("init")(init)
    app.command("doctor")(doctor)


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
    )
    catalogue = read_study_catalogue(opened)
    console.print(f"{opened.root}: {name}, {say_count(len(catalogue), 'structure')}, scale {scale}")


def doctor(
    deep: Annotated[
        bool, typer.Option("--deep", help="Hash the files of CTs in their places, too.")
    ] = False,
    study: StudyOption = None,
) -> None:
    """Check this machine and, if there is one, the study: disk, tables, files, database."""
    problems = 0
    folder = study_folder(study)
    base = folder if folder.exists() else Path(tempfile.gettempdir())
    free_gb = shutil.disk_usage(base).free / 1e9
    console.print(f"Python {platform.python_version()}, {free_gb:.0f} GB free beside {base}")
    try:
        opened = open_chosen(study)
        console.print(
            f"study {opened.root}: {say_count(len(read_study_catalogue(opened)), 'structure')}"
        )
        _tell_colours(opened)
        problems += _check_files(opened, deep=deep)
    except Han5kError as error:
        console.print(f"problem: {error}", style="red")
        problems += 1
    if problems:
        raise RuleError(f"{say_count(problems, 'problem')} found; mend them in the order shown.")
    console.print("no problem found")


def _tell_colours(opened: Study) -> None:
    other = list_other_colours(opened, default_tables() / TABLE)
    if other:
        console.print(
            f"{say_count(len(other), 'structure')} with colours of an earlier table, in which "
            "neighbours may look alike: `han5k structures colours` takes those of today"
        )


def _check_files(study: Study, *, deep: bool) -> int:
    """Count stored masks and volumes whose file is missing, and CTs no longer in their place."""
    missing = in_place = troubled = 0
    with reading(study.engine) as session:
        images = session.exec(select(Case.name, Case.image_sha256)).all()
        masks = session.exec(select(LabelVersion.id, LabelVersion.mask_sha256)).all()
    for name, sha256 in images:
        if not (study.volumes.path(sha256) / "index.json").is_file():
            console.print(f"problem: the CT of {name} is missing: {sha256}", style="red")
            missing += 1
            continue
        place = study.volumes.find_place(sha256)
        in_place += place is not None
        trouble = find_trouble(place, deep=deep) if place is not None else ""
        if trouble:
            console.print(f"problem: the CT of {name} in its place: {trouble}", style="red")
            troubled += 1
    for number, sha256 in masks:
        if not study.labels.path(sha256).is_file():
            console.print(f"problem: the mask of label version {number} is missing", style="red")
            missing += 1
    console.print(
        f"{say_count(len(images), 'CT')} and "
        f"{say_count(len(masks), 'contour')} looked for, {missing} missing"
    )
    if in_place:
        console.print(
            f"{say_count(in_place, 'CT')} left in their places, {troubled} changed or missing there"
        )
    return missing + troubled

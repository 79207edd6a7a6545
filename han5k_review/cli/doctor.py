"""The command that checks a machine and a study, and says how to mend what is wrong."""

from __future__ import annotations

import platform
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import select

from han5k_review.cli.session import (
    StudyOption,
    console,
    open_chosen,
    progress_bar,
    study_folder,
)
from han5k_review.errors import Han5kError, RuleError
from han5k_review.importing.placed_cts import find_trouble
from han5k_review.importing.structure_table import TABLE, list_other_colours
from han5k_review.importing.study import default_tables
from han5k_review.prompting.prompter import look_at_server
from han5k_review.retraining.models.model_check import check_model
from han5k_review.retraining.models.model_folders import locate_model
from han5k_review.settings import get_settings
from han5k_review.store.audit_heads import read_heads
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.store.tables import Case, ModelVersion
from han5k_review.study import read_study_catalogue
from han5k_review.texts.counts import say_count
from han5k_review.upkeep.file_check import check_files
from han5k_review.upkeep.finding import Finding
from han5k_review.upkeep.machine_check import (
    list_clock_findings,
    list_disk_findings,
    list_server_findings,
    list_version_findings,
)
from han5k_review.upkeep.record_check import list_record_findings


def register(app: typer.Typer) -> None:
    """Add the command `doctor`."""
    app.command("doctor")(doctor)


def doctor(
    deep: Annotated[
        bool, typer.Option("--deep", help="Read every CT, mask, dose and model; compare hashes.")
    ] = False,
    study: StudyOption = None,
) -> None:
    """Check this machine and, if there is one, the study; say how to mend what is wrong."""
    folder = study_folder(study)
    base = folder if folder.exists() else Path(tempfile.gettempdir())
    free_gb = shutil.disk_usage(base).free / 1e9
    console.print(f"Python {platform.python_version()}, {free_gb:.0f} GB free beside {base}")
    problems = _print(list_version_findings()) + _print(list_disk_findings(base))
    try:
        opened = open_chosen(study)
        console.print(
            f"study {opened.root}: {say_count(len(read_study_catalogue(opened)), 'structure')}"
        )
        _tell_colours(opened)
        problems += _check_study(opened, deep=deep)
    except Han5kError as error:
        console.print(f"problem: {error}", style="red")
        problems += 1
    if problems:
        raise RuleError(f"{say_count(problems, 'problem')} found; mend them in the order shown.")
    console.print("no problem found")


def _check_study(study: Study, *, deep: bool) -> int:
    """Print what is wrong with the study; how many problems."""
    kept = get_settings().audit_heads
    heads = read_heads(kept) if kept is not None and kept.exists() else []
    problems = _print(list_server_findings(study))
    problems += _print(list_clock_findings(study, utc_now()))
    problems += _print(list_record_findings(study, heads))
    with progress_bar() as bar:
        task = bar.add_task("files", total=None)
        files = check_files(study, deep=deep, progress=lambda count: bar.advance(task, count))
    problems += _print(files.findings)
    problems += _print(_list_model_findings(study, deep=deep))
    problems += _check_placed(study, deep=deep)
    problems += _print(_list_prompt_findings())
    verb = "read" if deep else "looked for"
    console.print(
        f"{say_count(files.volumes, 'CT')} and {say_count(files.masks, 'contour')} {verb}"
    )
    return problems


def _check_placed(study: Study, *, deep: bool) -> int:
    """CTs that were left where they lay: are they there, and as they were."""
    with reading(study.engine) as session:
        images = session.exec(select(Case.name, Case.image_sha256)).all()
    in_place, findings = 0, []
    for name, sha256 in images:
        place = study.volumes.find_place(sha256)
        in_place += place is not None
        trouble = find_trouble(place, deep=deep) if place is not None else ""
        if trouble:
            sentence = f"the CT of {name} in its place: {trouble}."
            mend = "Put its files back, or import the case again from where they are now."
            findings.append(Finding(sentence=sentence, mend=mend))
    if in_place:
        console.print(
            f"{say_count(in_place, 'CT')} left in their places, {len(findings)} changed or missing "
            "there"
        )
    return _print(findings)


def _list_prompt_findings() -> Iterator[Finding]:
    """Is the nnInteractive server there, where one is set, and of which licence is its model?"""
    address = get_settings().prompt_server
    if address is None:
        return
    state = look_at_server(address)
    if state.available:
        console.print(f"prompts by {address.host}, licence {state.licence}")
        return
    mend = (
        "Start it again or mend HAN5K_NNINTERACTIVE_URL and _KEY; until then people draw by hand."
    )
    yield Finding(sentence=state.why or "", mend=mend)


def _list_model_findings(study: Study, *, deep: bool) -> Iterator[Finding]:
    with reading(study.engine) as session:
        models = [
            (row.name, locate_model(study, row)) for row in session.exec(select(ModelVersion))
        ]
    for name, model in models:
        if not model.checkpoint.is_file():
            sentence = f"The checkpoint of {name} is missing: {model.checkpoint}."
            yield Finding(sentence=sentence, mend="Put the folder back from a backup.")
        elif deep:
            try:
                check_model(model)
            except Han5kError as error:
                yield Finding(sentence=str(error), mend="Put the folder back from a backup.")


def _print(findings: Iterable[Finding]) -> int:
    """Print each with how to mend it; how many are problems."""
    problems = 0
    for found in findings:
        word = "problem" if found.is_problem else "note"
        style = "red" if found.is_problem else None
        console.print(f"{word}: {found.sentence}", style=style)
        console.print(f"    to mend it: {found.mend}")
        problems += found.is_problem
    return problems


def _tell_colours(opened: Study) -> None:
    other = list_other_colours(opened, default_tables() / TABLE)
    if other:
        console.print(
            f"{say_count(len(other), 'structure')} with colours of an earlier table, in which "
            "neighbours may look alike: `han5k structures colours` takes those of today"
        )

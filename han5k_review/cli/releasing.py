"""The commands that make a release and check a copy of one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from han5k_review.cli.scores import stop_on_interrupt
from han5k_review.cli.session import StudyOption, actor, console, open_chosen, progress_bar
from han5k_review.errors import ConfigError
from han5k_review.exports.release import (
    ReleaseForm,
    ReleasePlan,
    ReleaseRequest,
    ReleaseRule,
    check_release,
    make_release,
    plan_release,
)
from han5k_review.settings import get_settings
from han5k_review.store.study import Study
from han5k_review.texts.counts import say_count
from han5k_review.workforce import open_executor

_STOPPED = 130  # the exit code of a program that Ctrl-C ended
_WRONG = 2
_HELP = "Write what was accepted or certified as a data set to cite; check a copy."
_DEFAULTS = ReleaseRequest()


def register(app: typer.Typer) -> None:
    """Add the command `release` and, below it, `verify`."""
    room = typer.Typer(help=_HELP, invoke_without_command=True)
    room.callback()(release)
    room.command("verify")(verify)
    app.add_typer(room, name="release")


def release(
    context: typer.Context,
    out: Annotated[Path | None, typer.Option(help="New or empty folder to write.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be in it, and why others are not.")
    ] = False,
    rule: Annotated[
        ReleaseRule,
        typer.Option(help="accepted contours only, or those of certified structures too."),
    ] = _DEFAULTS.rule,
    limit: Annotated[
        float,
        typer.Option(help="Share of acceptable patients that a certificate shows: 0.9, 0.95."),
    ] = _DEFAULTS.limit,
    form: Annotated[
        list[ReleaseForm] | None, typer.Option(help="Repeatable; default: masks and nnunet.")
    ] = None,
    structure: Annotated[
        list[str] | None, typer.Option(help="Only this structure; repeatable.")
    ] = None,
    map_structure: Annotated[
        list[str] | None,
        typer.Option(help="Structures of nnU-Net's label maps; default: the largest block."),
    ] = None,
    images: Annotated[
        bool, typer.Option("--images", help="Put the CTs in; their licence must allow it.")
    ] = False,
    title: Annotated[str, typer.Option(help="Title; default: the study's name.")] = "",
    version: Annotated[str, typer.Option(help="Version that is cited.")] = _DEFAULTS.version,
    author: Annotated[
        list[str] | None, typer.Option(help="For the citation: Family, Given; repeatable.")
    ] = None,
    processes: Annotated[int | None, typer.Option(min=1, help="Worker processes.")] = None,
    study: StudyOption = None,
) -> None:
    """Write what was accepted or certified as a data set to cite; check a copy."""
    if context.invoked_subcommand is not None:
        return
    forms = tuple(dict.fromkeys(form)) if form else _DEFAULTS.forms
    if images and ReleaseForm.NNUNET not in forms:
        raise ConfigError("--images goes with --form nnunet, whose folder of images it fills.")
    if out is None and not dry_run:
        raise ConfigError("--out FOLDER was expected, or --dry-run, found neither.")
    request = ReleaseRequest(
        rule=rule,
        limit=limit,
        structures=tuple(structure or ()),
        forms=forms,
        map_structures=tuple(map_structure or ()),
        images=images,
        title=title,
        version=version,
        authors=tuple(author or ()),
    )
    opened = open_chosen(study)
    plan = plan_release(opened, request)
    _print_plan(plan)
    if out is not None and not dry_run:
        _make(opened, plan, out, processes)


def _make(study: Study, plan: ReleasePlan, out: Path, processes: int | None) -> None:
    workers = min(processes or get_settings().processes, max(1, len(plan.cases)))
    with progress_bar() as bar, open_executor(workers) as executor, stop_on_interrupt() as stop:
        task = bar.add_task("releasing", total=None)
        report = make_release(
            study,
            plan,
            out,
            actor=actor(),
            executor=executor,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
            cancel=stop.is_set,
        )
    if report is None:
        console.print("Stopped; nothing was released.")
        raise typer.Exit(_STOPPED)
    console.print(
        f"{report.folder}: {say_count(report.contours, 'contour')} of "
        f"{say_count(report.cases, 'case')} in "
        f"{say_count(report.files, 'file')}, {report.nbytes / 1e6:.1f} MB, research use only"
    )
    console.print(f"fingerprint (SHA-256 of SHA256SUMS): {report.fingerprint}")


def _print_plan(plan: ReleasePlan) -> None:
    """Counts per structure that has a contour somewhere, the reasons of the rest, label maps."""
    table = Table("structure", "accepted", "certified", "not released", box=None)
    nowhere = []
    for row in plan.count_structures():
        if not row.has_contour:
            nowhere.append(row.structure)
            continue
        told = "; ".join(f"{count} {reason.value}" for reason, count in row.left_out.items())
        table.add_row(row.structure, str(row.accepted), str(row.certified), told)
    console.print(table)
    if nowhere:
        console.print(f"no contour in the study: {', '.join(nowhere)}")
    console.print(
        f"{say_count(len(plan.lines), 'contour')} of "
        f"{say_count(len(plan.cases), 'case')} would be released"
    )
    if plan.block.cases:
        console.print(
            f"label maps of nnU-Net: {say_count(len(plan.block.cases), 'case')} with "
            f"{', '.join(plan.block.structures)}; other cases lack one of them"
        )


def verify(
    folder: Annotated[Path, typer.Argument(help="The copy of a release.")],
    processes: Annotated[int | None, typer.Option(min=1, help="Threads that read files.")] = None,
) -> None:
    """Compare a copy of a release with its checksums: missing, altered, additional files."""
    with progress_bar() as bar:
        task = bar.add_task("checking", total=None)
        found = check_release(
            folder,
            threads=processes or get_settings().processes,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    for sentence in found.sentences:
        console.print(sentence)
    if not found.is_right:
        raise typer.Exit(_WRONG)

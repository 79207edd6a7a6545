"""The commands that copy a study while people work, and put a copy back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from han5k_review.cli.session import (
    StudyOption,
    actor,
    console,
    open_chosen,
    progress_bar,
    study_folder,
)
from han5k_review.errors import DataError
from han5k_review.settings import get_settings
from han5k_review.store.audit_check import check_audit
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading
from han5k_review.store.study import open_study
from han5k_review.texts.counts import say_count
from han5k_review.upkeep import BackupRequest, check_backup, make_backup, restore_backup
from han5k_review.upkeep.manifest import choose_backup

_Folder = Annotated[Path, typer.Argument(help="Folder of the backups.")]
_Backup = Annotated[str | None, typer.Option(help="Name of a backup; default: the newest.")]


def register(app: typer.Typer) -> None:
    """Add the commands `backup` and `restore`."""
    app.command("backup")(backup)
    app.command("restore")(restore)


def backup(
    folder: _Folder,
    deep: Annotated[
        bool, typer.Option("--deep", help="Read every file, not only new and changed ones.")
    ] = False,
    runs: Annotated[
        bool, typer.Option("--runs/--no-runs", help="With the working folders of runs.")
    ] = True,
    study: StudyOption = None,
) -> None:
    """Add a backup of the study, while people work; what is there already is not copied again."""
    opened = open_chosen(study)
    request = BackupRequest(actor=actor(), now=utc_now(), deep=deep, runs=runs)
    with progress_bar() as bar:
        task = bar.add_task("files", total=None)
        report = make_backup(opened, folder, request, lambda count: bar.advance(task, count))
    for path in report.gone:
        console.print(f"went away meanwhile, not in the backup: {path}")
    console.print(
        f"{report.name}: {say_count(report.files, 'file')}, {report.copied} of them new "
        f"({report.copied_bytes / 1e6:.1f} MB), and the database"
    )
    console.print(f"head of its audit trail: {report.audit_head}")
    if report.in_place:
        console.print(
            f"not in it: {say_count(report.in_place, 'CT')} left in their places; back those up "
            "where they lie"
        )
    if report.damaged:
        raise DataError(
            f"{say_count(len(report.damaged), 'file')} changed without a new size or time, as on a "
            f"disk that fails: {', '.join(report.damaged[:3])}; earlier backups hold them as they "
            "were."
        )


def restore(
    folder: _Folder,
    backup: _Backup = None,
    check: Annotated[
        bool, typer.Option("--check", help="Read and compare every part; write nothing.")
    ] = False,
    study: StudyOption = None,
) -> None:
    """Put a backup back into a new folder (--study), and check what came of it."""
    chosen = choose_backup(folder, backup)
    if check:
        with progress_bar() as bar:
            task = bar.add_task("parts", total=None)
            parts = check_backup(folder, chosen, lambda count: bar.advance(task, count))
        console.print(f"{chosen}: {say_count(parts, 'part')}, each as it was written")
        return
    target, url = study_folder(study), get_settings().database_url
    with progress_bar() as bar:
        task = bar.add_task("files", total=None)
        manifest = restore_backup(
            folder,
            chosen,
            target,
            database_url=url,
            progress=lambda count: bar.advance(task, count),
        )
    opened = open_study(target, url)
    with reading(opened.engine) as session:
        found = check_audit(session, [manifest.audit_head] if manifest.audit_head else [])
    console.print(
        f"{target}: {manifest.study}, {say_count(len(manifest.files), 'file')}, as of "
        f"{manifest.made_at_utc}"
    )
    if found.problem is not None:
        raise DataError(found.problem)
    console.print(
        f"audit trail intact, {say_count(found.rows, 'row')}; `han5k doctor --deep` looks at the "
        "rest"
    )

"""What every command needs: where the study is, a console, a progress bar."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from han5k_review.settings import get_settings
from han5k_review.store.study import Study, open_study

# No markup and no emoji codes: names and paths may hold [brackets] and :colons:.
console = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)

StudyOption = Annotated[
    Path | None,
    typer.Option("--study", help="Folder of the study; default: HAN5K_STUDY.", show_default=False),
]


DeviceOption = Annotated[
    str | None,
    typer.Option(
        "--device",
        help="cpu, cuda:0, cuda:0,1 (two GPUs) or auto; default: HAN5K_DEVICE.",
        show_default=False,
    ),
]


LauncherOption = Annotated[
    str | None,
    typer.Option("--launcher", help="local or slurm; default: HAN5K_LAUNCHER.", show_default=False),
]


def study_folder(study: Path | None) -> Path:
    """The folder the command works in."""
    return study if study is not None else get_settings().study


def open_chosen(study: Path | None) -> Study:
    """Open the study of `--study`, or of HAN5K_STUDY."""
    return open_study(study_folder(study), get_settings().database_url)


def actor() -> str:
    """Who the audit trail names for a command: the account of the operating system."""
    return f"{getpass.getuser()} (command line)"


def progress_bar() -> Progress:
    """A bar with count and remaining time, on the error stream; none when nobody watches."""
    watched = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=watched,
        transient=True,
        disable=not watched.is_terminal,
    )

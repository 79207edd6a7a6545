"""What every command needs: where the study is, a console, a progress bar."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from han5k_review.settings import get_settings
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
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


ReasonOption = Annotated[str, typer.Option(help="Why; it is kept in the audit trail.")]

_T = TypeVar("_T")


def study_folder(study: Path | None) -> Path:
    """The folder the command works in."""
    return study if study is not None else get_settings().study


def open_chosen(study: Path | None) -> Study:
    """Open the study of `--study`, or of HAN5K_STUDY."""
    return open_study(study_folder(study), get_settings().database_url)


def actor() -> str:
    """Who the audit trail names for a command: the account of the operating system."""
    return f"{getpass.getuser()} (command line)"


def decide(
    study: Path | None, act: Callable[..., _T], number: int, say: Callable[[_T], str], **words: Any
) -> None:
    """A person's act on a row of the study, in one transaction; what came of it is printed.

    `act(session, number, actor=..., now=..., **words)` is the service that the page calls too.
    """
    with transaction(open_chosen(study).engine) as session:
        console.print(say(act(session, number, actor=actor(), now=utc_now(), **words)))


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

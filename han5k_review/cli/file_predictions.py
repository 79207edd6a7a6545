"""The command that predicts CTs which are not in the study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from han5k_review.cli.launchers import make_launcher
from han5k_review.cli.scores import stop_on_interrupt
from han5k_review.cli.session import (
    DeviceOption,
    LauncherOption,
    StudyOption,
    console,
    open_chosen,
    progress_bar,
)
from han5k_review.retraining.jobs.machine import choose_device
from han5k_review.retraining.jobs.tasks import FileForm
from han5k_review.retraining.jobs.watch import Watch
from han5k_review.retraining.predictions.file_prediction import (
    FilesReport,
    FilesRequest,
    predict_files,
)
from han5k_review.settings import get_settings
from han5k_review.texts.counts import say_count

_LOOK_S = 1.0
_STOPPED = 130  # the exit code of a program that Ctrl-C ended


def register(app: typer.Typer) -> None:
    """Add the command `predict-files`."""
    app.command("predict-files")(predict_folder)


def predict_folder(
    model: int,
    source: Annotated[Path, typer.Argument(help="A CT, or a folder of CTs (NIfTI, NRRD, MHA).")],
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    form: Annotated[
        FileForm, typer.Option("--as", help="One file per structure, or one label map per CT.")
    ] = FileForm.MASKS,
    device: DeviceOption = None,
    launcher: LauncherOption = None,
    study: StudyOption = None,
) -> None:
    """Predict CTs outside the study with one of its models; called again it goes on."""
    settings = get_settings()
    with progress_bar() as bar, stop_on_interrupt() as stop:
        task = bar.add_task("predicting", total=None)

        def show(progress: dict[str, Any]) -> None:
            bar.update(task, completed=progress.get("done", 0), total=progress.get("of"))

        request = FilesRequest(
            model_id=model,
            source=source,
            out=out,
            form=form,
            device=choose_device(device or settings.device),
        )
        watch = Watch(
            launcher=make_launcher(settings, launcher),
            poll_seconds=_LOOK_S,
            on_progress=show,
            stop_asked=stop.is_set,
        )
        report = predict_files(open_chosen(study), request, watch=watch)
    _print_report(report, out)
    if report.is_cancelled:
        raise typer.Exit(_STOPPED)
    if report.failed:
        raise typer.Exit(2)


def _print_report(report: FilesReport, out: Path) -> None:
    for path, sentence in report.notices.items():
        console.print(f"note: {path}: {sentence}", markup=False)
    for sentence in report.failed.values():
        console.print(f"failed: {sentence}", markup=False)
    console.print(
        f"{say_count(report.predicted, 'CT')} predicted into {out}, {report.kept} predicted "
        f"before, {len(report.failed)} failed",
        markup=False,
    )
    if report.is_cancelled:
        console.print("Stopped; the same command goes on.")

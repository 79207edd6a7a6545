"""Commands about model versions: list, import, put in use or out of it, and predict with them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from sqlmodel import col, select

from han5k_review.cli.launchers import make_launcher
from han5k_review.cli.session import (
    DeviceOption,
    LauncherOption,
    ReasonOption,
    StudyOption,
    actor,
    console,
    decide,
    open_chosen,
    progress_bar,
)
from han5k_review.retraining.jobs.machine import choose_device
from han5k_review.retraining.jobs.watch import Watch
from han5k_review.retraining.models.model_decisions import roll_back, take_out_of_use
from han5k_review.retraining.models.model_import import ForeignModel, import_model
from han5k_review.retraining.predictions.case_prediction import PredictionReport, predict_cases
from han5k_review.retraining.predictions.changes import describe_changes
from han5k_review.retraining.predictions.prediction_record import (
    PredictionRequest,
    request_prediction,
)
from han5k_review.retraining.runs.run_views import list_models
from han5k_review.retraining.teaching.declared import (
    UNKNOWN,
    declare_patients,
    describe_declared,
    read_patients,
)
from han5k_review.settings import get_settings
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Case
from han5k_review.store.vocabulary import Uncertainty
from han5k_review.study import read_study_catalogue
from han5k_review.texts.counts import say_count
from han5k_review.texts.text_files import read_text


def register(app: typer.Typer) -> None:
    """Add the commands `model` and `predict`."""
    model = typer.Typer(
        help="Model versions: list, import, declare, rollback, retire.", no_args_is_help=True
    )
    model.command("list")(list_all)
    model.command("import")(import_folder)
    model.command("declare")(declare)
    model.command("rollback")(rollback)
    model.command("retire")(retire)
    app.add_typer(model, name="model")
    app.command("predict")(predict)


def list_all(study: StudyOption = None) -> None:
    """List the model versions, newest first, with their parents and states."""
    with reading(open_chosen(study).engine) as session:
        for row in list_models(session):
            parent = f"from {row.parent_id}" if row.parent_id else "from scratch"
            console.print(
                f"{row.id}  {row.name}  {row.state}  group {row.group}  {parent}  "
                f"{say_count(len(row.labels), 'structure')}  {row.checkpoint_sha256[:12]}",
                markup=False,
            )


def import_folder(
    folder: Annotated[Path, typer.Argument(help="nnU-Net v2 model folder (3d_fullres).")],
    name: Annotated[str, typer.Option(help="What the study calls it.")],
    group: Annotated[str, typer.Option(help="Label group it predicts.")],
    fold: Annotated[str, typer.Option(help="Fold to take.")] = "0",
    patients: Annotated[
        Path | None,
        typer.Option(help="File of the patients that taught it, one pseudonym a line."),
    ] = None,
    study: StudyOption = None,
) -> None:
    """Register an existing nnU-Net model as a candidate; put it in use with `model rollback`."""
    opened = open_chosen(study)
    taught = read_patients(read_text(patients)) if patients else []
    model = import_model(
        opened,
        read_study_catalogue(opened),
        ForeignModel(source=folder, name=name, group=group, fold=fold),
        actor=actor(),
    )
    console.print(
        f"model {model.id}: {model.name}, "
        f"{say_count(len(model.labels), 'structure')}, {model.state}"
    )
    if not taught:
        console.print(f"patients who taught it: {UNKNOWN}", markup=False)
        return
    decide(study, declare_patients, stored_id(model), describe_declared, patients=taught)


def declare(
    model: int,
    patients: Annotated[
        Path, typer.Argument(help="File of patients, one pseudonym of this study a line.")
    ],
    study: StudyOption = None,
) -> None:
    """Declare which patients taught an imported model: they judge no run that continues it."""
    taught = read_patients(read_text(patients))
    decide(study, declare_patients, model, describe_declared, patients=taught)


def rollback(
    model: int,
    reason: ReasonOption,
    study: StudyOption = None,
) -> None:
    """Put an earlier, or an imported, model in use for its label group."""
    decide(study, roll_back, model, lambda found: f"{found.name} is in use", reason=reason)


def retire(
    model: int,
    reason: ReasonOption,
    study: StudyOption = None,
) -> None:
    """Take the model in use out of use; none of its label group is in use then."""
    back = f"`han5k model rollback {model}` puts it back"
    decide(
        study, take_out_of_use, model, lambda m: f"{m.name} is out of use; {back}", reason=reason
    )


def predict(
    model: int,
    cases: Annotated[list[str] | None, typer.Argument(help="Case names; none means all.")] = None,
    structure: Annotated[
        list[str] | None,
        typer.Option(help="Structure to keep; repeatable. Else those not worse by the gate."),
    ] = None,
    begin_round: Annotated[
        bool,
        typer.Option("--put-under-review", help="Do not wait for `han5k prediction review`."),
    ] = False,
    device: DeviceOption = None,
    uncertainty: Annotated[
        Uncertainty,
        typer.Option(help="Predict several times and keep how far the contours differ."),
    ] = Uncertainty.OFF,
    member: Annotated[
        list[int] | None, typer.Option(help="Further model version of an ensemble; repeatable.")
    ] = None,
    dask: Annotated[
        str | None, typer.Option(help="Predict on this Dask cluster; default: HAN5K_DASK_ADDRESS.")
    ] = None,
    queue: Annotated[
        bool, typer.Option("--queue", help="Leave it to the worker instead of predicting here.")
    ] = False,
    launcher: LauncherOption = None,
    study: StudyOption = None,
) -> None:
    """Predict cases with a model in use; what it would change is told before review."""
    opened, settings = open_chosen(study), get_settings()
    chosen = choose_device(device or settings.device)
    if not cases:
        with reading(opened.engine) as session:
            cases = list(session.exec(select(Case.name).order_by(col(Case.name))))
    request = PredictionRequest(
        model_id=model,
        cases=cases,
        structures=structure or (),
        device=chosen,
        uncertainty=uncertainty,
        member_ids=member or (),
        dask_address=dask or settings.dask_address,
    )
    if queue:
        with transaction(opened.engine) as session:
            row = request_prediction(session, request, actor=actor(), now=utc_now())
            console.print(
                f"prediction {row.id} is queued: {say_count(len(cases), 'case')} on {chosen}"
            )
        return
    with progress_bar() as bar:
        task = bar.add_task("predicting", total=len(cases))

        def show(progress: dict[str, Any]) -> None:
            bar.update(task, completed=progress.get("done", 0))

        watch = Watch(launcher=make_launcher(settings, launcher), on_progress=show)
        report = predict_cases(opened, request, actor=actor(), watch=watch, begin_round=begin_round)
    print_report(report)


def print_report(report: PredictionReport) -> None:
    """Print what became of a prediction, and where its contours stand."""
    console.print(
        f"prediction {report.prediction_id}: {say_count(report.cases, 'case')} predicted",
        markup=False,
    )
    console.print(describe_changes(report.changes), markup=False)
    if report.is_under_review:
        console.print(
            f"They are under review; `han5k prediction withdraw {report.prediction_id}` goes back"
        )
    elif report.new_labels:
        console.print(
            f"They wait: `han5k prediction review {report.prediction_id}` begins a new round"
        )

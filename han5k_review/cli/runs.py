"""Commands about runs: list and show them, cancel, go on, decide on their models."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from han5k_review.cli.session import ReasonOption, StudyOption, actor, console, decide, open_chosen
from han5k_review.errors import RuleError
from han5k_review.retraining.runs.restarts import start_again
from han5k_review.retraining.runs.run_commands import decline, promote, request_cancel
from han5k_review.retraining.runs.run_views import get_run_view, list_runs
from han5k_review.retraining.teaching.sealed import seal_patients
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study
from han5k_review.study import read_study_catalogue


def register(app: typer.Typer) -> None:
    """Add the command `run`."""
    run = typer.Typer(
        help="Runs: list, show, cancel, again, promote, decline; the sealed test set: seal, "
        "open-sealed.",
        no_args_is_help=True,
    )
    run.command("list")(list_all)
    run.command("show")(show)
    run.command("cancel")(cancel)
    run.command("again")(again)
    run.command("promote")(promote_run)
    run.command("decline")(decline_run)
    run.command("seal")(seal)
    run.command("open-sealed")(open_sealed_set)
    app.add_typer(run, name="run")


def list_all(study: StudyOption = None) -> None:
    """List the runs, newest first."""
    with reading(open_chosen(study).engine) as session:
        for run in list_runs(session):
            console.print(
                f"{run.id}  {run.state.value}  {run.preset}  group {run.group}  "
                f"attempt {run.attempt}  {run.error or ''}",
                markup=False,
            )


def show(run: int, study: StudyOption = None) -> None:
    """Show a run: state, before and after per structure, the gate's verdicts, the log's tail."""
    print_run(open_chosen(study), run)


def print_run(study: Study, run_id: int) -> None:
    """Print where a run stands: its state, verdicts and the end of its log."""
    with reading(study.engine) as session:
        view = get_run_view(session, study, run_id, log_lines=5)
    console.print(f"run {run_id}: {view.run.state.value}")
    if view.run.error:
        console.print(view.run.error, markup=False)
    if view.verdicts:
        table = Table("structure", "n", "before", "after", "gate", box=None)
        for row in view.verdicts:
            table.add_row(
                row.structure,
                str(row.scored_cases),
                _number(row.before_dice),
                _number(row.after_dice),
                row.verdict.value,
            )
        console.print(table)
        for row in view.verdicts:
            if row.reasons:
                console.print(f"{row.structure}: {'; '.join(row.reasons)}", markup=False)
        console.print(f"before: {view.before_is}; numbers are mean Dice on n held-out cases")
    for line in view.log:
        console.print(line, markup=False)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def cancel(run: int, study: StudyOption = None) -> None:
    """Cancel a run."""
    decide(study, request_cancel, run, lambda r: f"run {run}: {r.state.value}, cancel requested")


def again(
    run: int,
    memory_target_gb: Annotated[
        float | None, typer.Option(help="Lower than before: the same network on smaller patches.")
    ] = None,
    study: StudyOption = None,
) -> None:
    """Start a failed or cancelled run again, from its last epoch where nothing else changed."""
    opened = open_chosen(study)
    with transaction(opened.engine) as session:
        found = start_again(
            session,
            opened,
            read_study_catalogue(opened),
            run,
            requested_by=None,
            now=utc_now(),
            memory_target_gb=memory_target_gb,
        )
        console.print(f"run {found.id} is queued; it continues run {run}")


def promote_run(
    run: int,
    reason: ReasonOption,
    despite_gate: Annotated[bool, typer.Option("--despite-gate")] = False,
    study: StudyOption = None,
) -> None:
    """Make the run's model the one in use for its label group."""
    words = {"reason": reason, "despite_gate": despite_gate}
    decide(study, promote, run, lambda model: f"{model.name} is in use", **words)


def decline_run(run: int, reason: ReasonOption, study: StudyOption = None) -> None:
    """Turn the run's model down."""
    if not reason.strip():
        raise RuleError("Please give a reason.")
    decide(study, decline, run, lambda model: f"{model.name} is declined", reason=reason)


def seal(
    patients: int,
    reason: ReasonOption,
    seed: Annotated[int, typer.Option(help="Which patients are drawn.")] = 1,
    study: StudyOption = None,
) -> None:
    """Draw held-out patients for the sealed test set: they judge no run until it is opened."""
    with transaction(open_chosen(study).engine) as session:
        chosen = seal_patients(
            session, patients, seed=seed, actor=actor(), reason=reason, now=utc_now()
        )
    console.print(f"sealed: {', '.join(chosen)}", markup=False)


def open_sealed_set(run: int, reason: ReasonOption, study: StudyOption = None) -> None:
    """Measure the run's model on the sealed patients, once; the card counts every opening."""
    from han5k_review.retraining.runs.sealed_opening import open_sealed  # noqa: PLC0415

    opened = open_chosen(study)
    catalogue = read_study_catalogue(opened)
    for row in open_sealed(opened, catalogue, run, actor=actor(), reason=reason, now=utc_now()):
        told = f"{row.structure}: {row.verdict.value}. {'; '.join(row.reasons)}"
        console.print(told, markup=False)

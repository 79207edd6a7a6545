"""Commands of the retraining loop: plan and start runs, work on them, decide on them."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from han5k_review.cli.launchers import make_launcher
from han5k_review.cli.session import (
    DeviceOption,
    LauncherOption,
    StudyOption,
    actor,
    console,
    open_chosen,
)
from han5k_review.errors import RuleError
from han5k_review.importing.study import read_study_catalogue
from han5k_review.retraining.again import start_again
from han5k_review.retraining.commands import decline, promote, request_cancel, request_run
from han5k_review.retraining.launcher import Launcher
from han5k_review.retraining.machine import choose_device, look_at_machine
from han5k_review.retraining.plan import RunPlan, RunRequest, find_fullest_group, plan_run
from han5k_review.retraining.settings import PRESETS
from han5k_review.retraining.views import get_run_view, list_runs
from han5k_review.retraining.worker import run_one, work
from han5k_review.settings import get_settings
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import RunState

_LOOK_HERE_S = 2.0
_LOOK_CLUSTER_S = 15.0


def register(app: typer.Typer) -> None:
    """Add the commands `retrain`, `worker` and `run`."""
    app.command("retrain")(retrain)
    app.command("worker")(worker)
    run = typer.Typer(
        help="Runs: list, show, cancel, again, promote, decline.", no_args_is_help=True
    )
    run.command("list")(list_all)
    run.command("show")(show)
    run.command("cancel")(cancel)
    run.command("again")(again)
    run.command("promote")(promote_run)
    run.command("decline")(decline_run)
    app.add_typer(run, name="run")


def retrain(
    preset: Annotated[str, typer.Option(help=f"One of {', '.join(PRESETS)}.")] = "smoke",
    group: Annotated[str | None, typer.Option(help="Label group; else the fullest one.")] = None,
    parent: Annotated[int | None, typer.Option(help="Model version to continue.")] = None,
    count_references: Annotated[
        bool, typer.Option("--count-references", help="Reference contours of training cases teach.")
    ] = False,
    device: DeviceOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be used.")
    ] = False,
    work_now: Annotated[bool, typer.Option("--work", help="Work on it here until done.")] = False,
    study: StudyOption = None,
) -> None:
    """Start a run from the trusted contours; a worker takes it up."""
    opened = open_chosen(study)
    catalogue = read_study_catalogue(opened)
    settings = get_settings()
    chosen = choose_device(device or settings.device)
    machine = look_at_machine() if settings.launcher == "local" else None
    overrides = {"threads": settings.torch_threads}
    if count_references:
        overrides["count_references"] = True
    with reading(opened.engine) as session:
        request = RunRequest(
            group=group or find_fullest_group(session, opened, catalogue),
            preset=preset,
            overrides=overrides,
            parent_model_id=parent,
            device=chosen,
        )
        plan = plan_run(session, opened, catalogue, request, machine)
    _print_plan(plan)
    if dry_run:
        return
    with transaction(opened.engine) as session:
        run = request_run(
            session,
            opened,
            catalogue,
            plan.request,
            requested_by=None,
            now=utc_now(),
            machine=machine,
        )
        run_id = run.id or 0
    console.print(f"run {run_id} is queued (group {plan.request.group}, preset {preset}, {chosen})")
    if work_now:
        state = run_one(opened, run_id, device=chosen, launcher=make_launcher(settings))
        _print_run(opened, run_id)
        if state in (RunState.FAILED, RunState.CANCELLED):
            raise typer.Exit(2)


def _print_plan(plan: RunPlan) -> None:
    table = Table("structure", "trusted", "untrusted", "held-out references", "trained", box=None)
    for row in plan.structures:
        table.add_row(
            row.structure,
            str(row.trusted),
            str(row.untrusted),
            str(sum(row.references.values())),
            "yes" if row.in_model else "no",
        )
    console.print(table)
    for sentence in plan.notes:
        console.print(f"note: {sentence}", markup=False)
    for sentence in plan.refusals:
        console.print(f"cannot start: {sentence}", markup=False)


def worker(
    once: Annotated[bool, typer.Option("--once", help="End when the queue is empty.")] = False,
    device: DeviceOption = None,
    launcher: LauncherOption = None,
    study: StudyOption = None,
) -> None:
    """Work on the queued runs and predictions of one device, one after the other."""
    settings = get_settings()
    chosen = choose_device(device or settings.device)
    starter = make_launcher(settings, launcher)
    console.print(f"worker on {chosen}, jobs run {_where(starter)}")
    done = work(
        open_chosen(study),
        once=once,
        device=chosen,
        launcher=starter,
        poll_seconds=_LOOK_HERE_S if starter.runs_here else _LOOK_CLUSTER_S,
    )
    console.print(f"{done} worked on")


def _where(launcher: Launcher) -> str:
    return "on this machine" if launcher.runs_here else "on SLURM"


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
    _print_run(open_chosen(study), run)


def _print_run(study: Study, run_id: int) -> None:
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
                str(row.cases + row.unchanged_cases),
                _number(row.before_dice),
                _number(row.after_dice),
                row.verdict.value,
            )
        console.print(table)
        console.print(f"before: {view.before_is}; numbers are mean Dice on held-out cases")
    for line in view.log:
        console.print(line, markup=False)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def cancel(run: int, study: StudyOption = None) -> None:
    """Cancel a run."""
    with transaction(open_chosen(study).engine) as session:
        found = request_cancel(session, run, actor=actor(), now=utc_now())
        console.print(f"run {run}: {found.state.value}, cancel requested")


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


_Reason = Annotated[str, typer.Option(help="Why; it is kept in the audit trail.")]


def promote_run(
    run: int,
    reason: _Reason,
    despite_gate: Annotated[bool, typer.Option("--despite-gate")] = False,
    study: StudyOption = None,
) -> None:
    """Make the run's model the one in use for its label group."""
    with transaction(open_chosen(study).engine) as session:
        model = promote(
            session, run, actor=actor(), reason=reason, now=utc_now(), despite_gate=despite_gate
        )
        console.print(f"{model.name} is in use")


def decline_run(run: int, reason: _Reason, study: StudyOption = None) -> None:
    """Turn the run's model down."""
    if not reason.strip():
        raise RuleError("A reason was expected, found none.")
    with transaction(open_chosen(study).engine) as session:
        model = decline(session, run, actor=actor(), reason=reason, now=utc_now())
        console.print(f"{model.name} is declined")

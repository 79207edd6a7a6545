"""Commands that start runs and work on them."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table
from sqlmodel import Session

from han5k_review.cli.launchers import make_launcher
from han5k_review.cli.runs import print_run
from han5k_review.cli.session import (
    DeviceOption,
    LauncherOption,
    StudyOption,
    console,
    open_chosen,
)
from han5k_review.errors import RuleError
from han5k_review.retraining.jobs.launcher import Launcher
from han5k_review.retraining.jobs.machine import choose_device, look_at_machine
from han5k_review.retraining.presets import PRESETS
from han5k_review.retraining.runs.plan import RunPlan, RunRequest, find_fullest_group, plan_run
from han5k_review.retraining.runs.resource_estimate import describe_needs
from han5k_review.retraining.runs.run_commands import request_run
from han5k_review.retraining.runs.run_views import find_usual_parent
from han5k_review.retraining.worker import run_one, work
from han5k_review.settings import get_settings
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.vocabulary import RunState
from han5k_review.study import read_study_catalogue

_LOOK_HERE_S = 2.0
_LOOK_CLUSTER_S = 15.0


def register(app: typer.Typer) -> None:
    """Add the commands `retrain` and `worker`."""
    app.command("retrain")(retrain)
    app.command("worker")(worker)


def retrain(
    preset: Annotated[str, typer.Option(help=f"One of {', '.join(PRESETS)}.")] = "smoke",
    group: Annotated[str | None, typer.Option(help="Label group; else the fullest one.")] = None,
    parent: Annotated[
        int | None, typer.Option(help="Model version to continue; else the group's in use.")
    ] = None,
    from_scratch: Annotated[
        bool, typer.Option("--from-scratch", help="Continue no model.")
    ] = False,
    count_references: Annotated[
        bool, typer.Option("--count-references", help="Also train on reference contours.")
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
        group = group or find_fullest_group(session, catalogue, count_references=count_references)
        request = RunRequest(
            group=group,
            preset=preset,
            overrides=overrides,
            parent_model_id=_choose_parent(session, group, parent, from_scratch=from_scratch),
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
        run_id = stored_id(run)
    console.print(f"run {run_id} is queued (group {plan.request.group}, preset {preset}, {chosen})")
    if work_now:
        state = run_one(opened, run_id, device=chosen, launcher=make_launcher(settings))
        print_run(opened, run_id)
        if state in (RunState.FAILED, RunState.CANCELLED):
            raise typer.Exit(2)


def _choose_parent(
    session: Session, group: str, parent: int | None, *, from_scratch: bool
) -> int | None:
    """The model that was named, or the group's model in use; None to train from scratch."""
    if from_scratch and parent is not None:
        raise RuleError("Either --parent or --from-scratch was expected, found both.")
    if from_scratch or parent is not None:
        return parent
    usual = find_usual_parent(session, group)
    if usual is None:
        return None
    console.print(
        f"Continues model {usual.id} ({usual.name}), in use; --from-scratch continues none.",
        markup=False,
    )
    return stored_id(usual)


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
    needs = describe_needs(plan.needs, plan.disk_free_gb, plan.request.device)
    for sentence in (*plan.notes, needs):
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

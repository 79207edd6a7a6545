"""A failed or cancelled run started again, from its last epoch where that is still its own."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.errors import RuleError
from han5k_review.retraining.jobs.machine import Machine
from han5k_review.retraining.jobs.tasks import TrainJob
from han5k_review.retraining.runs.plan import RunRequest
from han5k_review.retraining.runs.run_commands import request_run
from han5k_review.retraining.runs.run_files import drop_volumes
from han5k_review.retraining.runs.run_folders import train_folder
from han5k_review.retraining.runs.run_record import get_run, list_events, note_event
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.run_tables import RetrainRun
from han5k_review.store.study import Study
from han5k_review.store.tables import Reader
from han5k_review.store.vocabulary import RunState

CONTINUES = "continues"
_MAY_BEGIN_AGAIN = frozenset({RunState.FAILED, RunState.CANCELLED})


def start_again(
    session: Session,
    study: Study,
    catalogue: Catalogue,
    run_id: int,
    *,
    requested_by: Reader | None,
    now: datetime,
    memory_target_gb: float | None = None,
    machine: Machine | None = None,
) -> RetrainRun:
    """Queue a new run with the settings of a failed or cancelled one.

    With `memory_target_gb`, which must be lower, the same network trains on smaller patches.
    RuleError for a run in another state, and with every reason why it could not start.
    """
    old = get_run(session, run_id)
    if old.state not in _MAY_BEGIN_AGAIN:
        raise RuleError(f"A failed or cancelled run was expected; run {run_id} is {old.state}.")
    settings = dict(old.settings)
    if memory_target_gb is not None:
        if not 0 < memory_target_gb < settings["memory_target_gb"]:
            raise RuleError(
                f"A memory target below the {settings['memory_target_gb']:g} GB of run {run_id} "
                f"was expected, found {memory_target_gb:g} GB."
            )
        settings["memory_target_gb"] = memory_target_gb
    request = RunRequest(
        group=old.group,
        preset=old.preset,
        overrides=settings,
        parent_model_id=old.parent_model_id,
        device=old.device,
    )
    run = request_run(
        session, study, catalogue, request, requested_by=requested_by, now=now, machine=machine
    )
    note_event(session, run, CONTINUES, now, earlier_run=run_id)
    return run


def take_over_epochs(study: Study, run: RetrainRun, now: datetime) -> None:
    """Move the plans, checkpoints and epochs of the run that `run` continues into its folder.

    Only when both would train the same: same cases, masks, labels, parent, and settings but for
    memory and threads. Otherwise the run begins from its first epoch, and says so.
    """
    with transaction(study.engine) as session:
        events = list_events(session, stored_id(run), CONTINUES)
        if not events:
            return
        old_id = int(events[-1].payload["earlier_run"])
        old, new = train_folder(study, old_id), train_folder(study, stored_id(run))
        if new.work.exists() or not old.work.exists():
            return
        if not _trains_the_same(old.read_job(), new.read_job()):
            text = f"The contours or settings changed since run {old_id}: it begins anew."
        else:
            epochs = old.path / "epochs.jsonl"
            if epochs.exists():
                shutil.copyfile(epochs, new.path / epochs.name)
            drop_volumes(old)  # when the worker that should have died too early
            os.replace(old.work, new.work)
            text = f"It goes on after epoch {len(new.list_epochs())} of run {old_id}."
        note_event(session, run, "before", now, text=text)


def _trains_the_same(old: object, new: object) -> bool:
    """Whether the epochs would be the same; what is derived beside them may differ.

    The rule for largest pieces is found anew by every job, and jobs from before it have none.
    """
    if not isinstance(old, TrainJob) or not isinstance(new, TrainJob):
        return False
    settings = replace(
        old.settings,
        memory_target_gb=new.settings.memory_target_gb,
        threads=new.settings.threads,
        loader_processes=new.settings.loader_processes,
        compile_network=new.settings.compile_network,
        keep_largest_piece=new.settings.keep_largest_piece,
        mix_with_parent=new.settings.mix_with_parent,
    )
    old = replace(old, settings=settings, device=new.device)
    return _without_piece_rule(old) == _without_piece_rule(new)


def _without_piece_rule(job: TrainJob) -> TrainJob:
    return replace(job, cases=tuple(replace(c, shows_pieces=()) for c in job.cases))


def has_epochs_left(study: Study, run_id: int) -> bool:
    """True when a run that ended left epochs another run can go on from."""
    folder = train_folder(study, run_id)
    return folder.work.exists() and bool(folder.list_epochs())

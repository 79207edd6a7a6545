"""What runs leave on disk: how much it is, and what goes once nothing can need it any more."""

from __future__ import annotations

import os
import shutil

from sqlmodel import select

from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.runs.lifecycle import WORK
from han5k_review.retraining.runs.run_folders import run_folder, train_folder
from han5k_review.store.engine import reading
from han5k_review.store.identity import stored_id
from han5k_review.store.run_tables import RetrainRun
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import RunState

_NEEDED = frozenset({RunState.QUEUED, *WORK})


def measure_files(study: Study, run_id: int) -> int:
    """Bytes of all files in the run's folder; its model has moved to the study's models."""
    total = 0
    for folder, _, names in os.walk(run_folder(study, run_id)):
        for name in names:
            try:
                total += os.stat(os.path.join(folder, name)).st_size
            except FileNotFoundError:
                continue  # the trainer replaced it while we looked
    return total


def clear_run(study: Study, run_id: int, state: RunState) -> None:
    """Remove what a run that is waited for or finished cannot need; logs and results stay.

    A failed run keeps its plans and checkpoints: started again it goes on from its last epoch.
    """
    if state in _NEEDED:
        return
    folder = train_folder(study, run_id)
    shutil.rmtree(folder.model, ignore_errors=True)
    if state is RunState.FAILED:
        drop_volumes(folder)
    else:
        shutil.rmtree(folder.work, ignore_errors=True)


def clear_runs(study: Study) -> None:
    """The same for every run: a worker may have died before it could."""
    with reading(study.engine) as session:
        states = {stored_id(run): run.state for run in session.exec(select(RetrainRun))}
    for run_id, state in states.items():
        clear_run(study, run_id, state)


def drop_volumes(folder: JobFolder) -> None:
    """Remove the preprocessed volumes of a training; plans, fingerprint and checkpoints stay."""
    for path in (folder.work / "preprocessed").glob("*/*/"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)

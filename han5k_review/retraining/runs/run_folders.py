"""Where the files of a run lie in the study."""

from __future__ import annotations

from pathlib import Path

from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.store.study import Study


def run_folder(study: Study, run_id: int) -> Path:
    """The folder of one run."""
    return study.runs / str(run_id)


def train_folder(study: Study, run_id: int) -> JobFolder:
    """The job folder of the run's training."""
    return JobFolder(path=run_folder(study, run_id) / "train")


def evaluate_folder(study: Study, run_id: int) -> JobFolder:
    """The job folder in which held-out cases are predicted."""
    return JobFolder(path=run_folder(study, run_id) / "evaluate")


def parent_memory_folder(study: Study) -> Path:
    """Where predictions of parents on their own grid are kept, for all runs; safe to delete."""
    return study.runs / "parent-predictions"


def manifest_path(study: Study, run_id: int) -> Path:
    """The run's manifest."""
    return run_folder(study, run_id) / "manifest.json"

"""The small parent that travels: trained on a CPU from pseudo-labels of synthetic patients.

    python gpu_parent.py PATIENTS MODEL [--quick]

It is the product's own training process; MODEL gets the published folder, of about 2 MB.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from gpu_data import PARENT_CASES, list_labels, read_patients

from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.launcher import MODULES, job_environment
from han5k_review.retraining.jobs.results import JobOutcome, JobResult, TrainResult
from han5k_review.retraining.jobs.tasks import TrainJob
from han5k_review.retraining.settings import resolve_settings

HASH_FILE = "sha256.txt"


def run_train(folder: JobFolder, job: TrainJob) -> JobResult:
    """The product's training process in `folder`; raises when it ends without a result."""
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.write_job(job)
    with folder.log.open("ab") as log:
        subprocess.run(
            [sys.executable, "-m", MODULES[job.task], str(folder.path)],
            env=os.environ | job_environment(folder, job),
            stdout=log,
            stderr=log,
            check=True,
        )
    found = folder.find_result()
    assert found is not None
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("patients", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--quick", action="store_true")
    chosen = parser.parse_args()
    patients = read_patients(chosen.patients)
    sizes = {"epochs": 2, "iterations_per_epoch": 4} if chosen.quick else {"epochs": 16}
    job = TrainJob(
        volumes=patients.volumes,
        masks=patients.labels,
        labels=list_labels(),
        inside={},
        cases=tuple(patients.train_case(n, "pseudo") for n in PARENT_CASES),
        settings=resolve_settings("smoke", {"keep_largest_piece": False, **sizes}),
        device="cpu",
    )
    folder = JobFolder(path=chosen.model.with_name(f"{chosen.model.name}-job").resolve())
    shutil.rmtree(folder.path, ignore_errors=True)
    result = run_train(folder, job)
    if result.outcome is not JobOutcome.DONE:
        raise SystemExit(f"The parent was not trained: {result.error}")
    shutil.rmtree(chosen.model, ignore_errors=True)
    shutil.copytree(folder.model, chosen.model)
    (chosen.model / HASH_FILE).write_text(result.get(TrainResult).checkpoint_sha256)
    shutil.rmtree(folder.path)


if __name__ == "__main__":
    main()

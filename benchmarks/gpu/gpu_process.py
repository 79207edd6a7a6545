"""The product's training process, with what a check changes about it.

    python gpu_process.py JOB_FOLDER [--fp32] [--fraction SHARE]

`--fp32` takes mixed precision and TF32 away, `--fraction` lets it have that share of the GPU.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

from han5k_review.retraining.jobs.folders import JobFolder, clear_outcome
from han5k_review.retraining.jobs.launcher import job_environment
from han5k_review.retraining.jobs.results import JobResult
from han5k_review.retraining.jobs.tasks import TrainJob

_started: list[subprocess.Popen[bytes]] = []


def start(folder: JobFolder, job: TrainJob, *words: str) -> subprocess.Popen[bytes]:
    """Start this module in a session of its own, with the environment a launcher gives."""
    folder.path.mkdir(parents=True, exist_ok=True)
    clear_outcome(folder)
    folder.write_job(job)
    with folder.log.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, __file__, str(folder.path), *words],
            env=os.environ | job_environment(folder, job),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    _started.append(process)
    return process


def end_with_me() -> None:
    """A check that is cut off (SIGTERM) ends the trainings that it started, and itself."""

    def leave(*_: object) -> None:
        for process in _started:
            if process.poll() is None:
                end(process)
        os._exit(124)

    signal.signal(signal.SIGTERM, leave)


def finish(folder: JobFolder, process: subprocess.Popen[bytes], patience_s: float) -> JobResult:
    """The result, waited for; RuntimeError with the last words when there is none."""
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        end(process)
    found = folder.find_result()
    if found is None:
        words = folder.log.read_text(errors="replace")[-400:]
        raise RuntimeError(f"A result of {folder.path.name} was expected; last words: {words}")
    return found


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill -9 to the process and its loaders, which have a session of their own."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_for_epoch(folder: JobFolder, number: int, patience_s: float) -> bool:
    """True once that many epochs were reported."""
    started = time.monotonic()
    while time.monotonic() - started < patience_s:
        if len(folder.list_epochs()) >= number:
            return True
        if folder.find_result() is not None:
            return False
        time.sleep(0.05)
    return False


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--fp32", action="store_true")
    parser.add_argument("--fraction", type=float)
    chosen = parser.parse_args()
    import torch

    from han5k_review.retraining.network.process import run_job
    from han5k_review.retraining.network.training.run import run

    if chosen.fraction and torch.cuda.is_available():
        torch.cuda.set_per_process_memory_fraction(chosen.fraction)
    if chosen.fp32:
        torch.backends.cudnn.allow_tf32 = False
        stock = importlib.import_module("nnunetv2.training.nnUNetTrainer.nnUNetTrainer")
        stock.autocast = lambda *_, **__: nullcontext()  # type: ignore[attr-defined]
    return run_job([str(chosen.folder)], run)


if __name__ == "__main__":
    sys.exit(main())

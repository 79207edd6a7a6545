"""Jobs on a SLURM cluster, through `submitit`: the same records, another launcher."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import submitit

from han5k_review.errors import ConfigError, StorageError
from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.launcher import KILLED, MODULES, ProcessId, job_environment
from han5k_review.retraining.jobs.machine import gpu_numbers
from han5k_review.retraining.jobs.tasks import Job, TreeImportJob
from han5k_review.store.files import write_atomically

_NEW_JOB_S = 600.0  # how long a job may be unknown to the accounting after it was handed in


class Phase(StrEnum):
    """What a state of SLURM means for us."""

    ALIVE = "alive"
    ENDED = "ended"
    UNKNOWN = "unknown"


PHASES: Mapping[str, Phase] = {
    **dict.fromkeys(
        (
            "PENDING",
            "CONFIGURING",
            "RUNNING",
            "COMPLETING",
            "STAGE_OUT",
            "SIGNALING",
            "SUSPENDED",
            "STOPPED",
            "RESIZING",
            "REQUEUED",
            "REQUEUE_HOLD",
            "REQUEUE_FED",
            "RESV_DEL_HOLD",
            "SPECIAL_EXIT",
        ),
        Phase.ALIVE,
    ),
    **dict.fromkeys(
        (
            "COMPLETED",
            "FAILED",
            "CANCELLED",
            "TIMEOUT",
            "OUT_OF_MEMORY",
            "NODE_FAIL",
            "BOOT_FAIL",
            "DEADLINE",
            "PREEMPTED",
            "REVOKED",
        ),
        Phase.ENDED,
    ),
}
"""Every job state of SLURM; what is not here, and UNKNOWN, is not known (yet)."""

_REASONS: Mapping[str, str] = {
    "OUT_OF_MEMORY": KILLED,
    "TIMEOUT": "SLURM ended it at its time limit; give it more hours (HAN5K_SLURM_HOURS).",
    "PREEMPTED": "SLURM took its node for another job.",
    "NODE_FAIL": "Its node failed.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SlurmOptions:
    """What is asked of the cluster for every job; GPUs and CPUs follow from the job itself."""

    hours: float = 24.0
    memory_gb: float = 32.0
    partition: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlurmLauncher:
    """Hands jobs to SLURM. Study folder and environment must be seen by the nodes as they are here.

    A job that waits in SLURM's queue counts as living.
    """

    options: SlurmOptions = field(default_factory=SlurmOptions)

    @property
    def runs_here(self) -> bool:
        """Never: what this machine has does not matter."""
        return False

    def start(self, folder: JobFolder, job: Job) -> ProcessId:
        """Hand the job in; ConfigError without SLURM here, StorageError when SLURM refuses."""
        found = self.find(folder)
        if found is not None:
            return found
        try:
            executor = submitit.AutoExecutor(folder=_slurm_folder(folder), cluster="slurm")
        except RuntimeError as error:
            raise ConfigError(
                "SLURM's commands (srun, sbatch, sacct, scancel) were expected on this machine: "
                f"{error} Use the launcher `local`, or run the worker on a login node."
            ) from error
        executor.update_parameters(**self._parameters(folder, job))
        environment = job_environment(folder, job)
        environment.pop("CUDA_VISIBLE_DEVICES", None)  # SLURM shows the job its own GPUs
        try:
            handed_in = executor.submit(
                run_on_node, MODULES[job.task], str(folder.path), environment
            )
        except submitit.core.utils.FailedJobError as error:
            raise StorageError(f"SLURM did not take the job of {folder.path}: {error}.") from error
        started = repr(time.time())
        content = json.dumps({"job_id": handed_in.job_id, "started": started})
        write_atomically(_record(folder), content.encode())
        return ProcessId(pid=int(handed_in.job_id), started=started)

    def find(self, folder: JobFolder) -> ProcessId | None:
        """The job named in the folder while it waits or runs, or is too new to be known."""
        identity = self._read(folder)
        if identity is None:
            return None
        phase = PHASES.get(self._state(folder, identity), Phase.UNKNOWN)
        is_new = time.time() - float(identity.started) < _NEW_JOB_S
        alive = phase is Phase.ALIVE or (phase is Phase.UNKNOWN and is_new)
        return identity if alive else None

    def was_started(self, folder: JobFolder) -> bool:
        """True when the folder names a job, waiting, running or ended."""
        return self._read(folder) is not None

    def clear(self, folder: JobFolder) -> None:
        """Cancel the job if it has not ended, and forget it."""
        identity = self._read(folder)
        if identity is None:
            return
        if self.find(folder) is not None:
            _job(folder, identity).cancel(check=False)
        _record(folder).unlink(missing_ok=True)

    def explain_end(self, folder: JobFolder) -> str:
        """SLURM's word on it."""
        identity = self._read(folder)
        if identity is None:
            return ""
        state = self._state(folder, identity)
        return _REASONS.get(state, f"SLURM's job {identity.pid} is {state}.")

    def _parameters(self, folder: JobFolder, job: Job) -> dict[str, object]:
        if isinstance(job, TreeImportJob):
            raise ConfigError("A job of a network was expected for SLURM, found an import.")
        settings = job.settings
        gpus = len(gpu_numbers(job.device))
        processes = max(1, gpus)
        wanted: dict[str, object] = {
            "name": f"han5k-{folder.path.parent.name}-{job.task}",
            "timeout_min": round(self.options.hours * 60),
            "cpus_per_task": max(1, settings.threads + processes * settings.loader_processes),
            "mem_gb": self.options.memory_gb,
        }
        if gpus:
            wanted["gpus_per_node"] = gpus
        if self.options.partition:
            wanted["slurm_partition"] = self.options.partition
        if self.options.extra:
            wanted["slurm_additional_parameters"] = dict(self.options.extra)
        return wanted

    def _state(self, folder: JobFolder, identity: ProcessId) -> str:
        """SLURM's state in one word: `CANCELLED by 1000` is CANCELLED."""
        return str(_job(folder, identity).state).split()[0].rstrip("+").upper()

    def _read(self, folder: JobFolder) -> ProcessId | None:
        path = _record(folder)
        if not path.exists():
            return None
        found = json.loads(path.read_text())
        return ProcessId(pid=int(found["job_id"]), started=str(found["started"]))


def run_on_node(module: str, folder: str, environment: dict[str, str]) -> int:
    """On the node: run the job's module with its output in its log; returns the exit code.

    Raises CalledProcessError for any other code than 0, so that SLURM sees the job as failed.
    """
    with (Path(folder) / "log.txt").open("ab") as log:
        done = subprocess.run(
            [sys.executable, "-m", module, folder],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **environment},
            check=True,
        )
    return done.returncode


def _job(folder: JobFolder, identity: ProcessId) -> submitit.Job[int]:
    return submitit.SlurmJob(folder=_slurm_folder(folder), job_id=str(identity.pid))


def _slurm_folder(folder: JobFolder) -> Path:
    return folder.path / "slurm"


def _record(folder: JobFolder) -> Path:
    return folder.path / "slurm.json"

"""Launchers: start the process of a job somewhere, and tell whether it still lives."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import psutil

from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.tasks import Job, TreeImportJob
from han5k_review.store.files import write_atomically

MODULES = {
    "train": "han5k_review.retraining.network.training.run",
    "predict": "han5k_review.retraining.network.predicting.run",
    "predict-files": "han5k_review.retraining.network.predicting.run",
    "import": "han5k_review.retraining.network.predicting.run",
    "import-tree": "han5k_review.cli.import_process",
}
_SAME_START_S = 0.05
KILLED = (
    "It was killed (signal 9), as a system does when its memory runs out: start it again with a "
    "lower memory_target_gb, or close other programs first."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessId:
    """A process that cannot be mistaken for a later one with the same number."""

    pid: int
    started: str

    @property
    def is_alive(self) -> bool:
        """True while this very process runs (a zombie does not)."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - float(self.started)) < _SAME_START_S
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False


def identify(pid: int) -> ProcessId:
    """The identity of a running process."""
    return ProcessId(pid=pid, started=repr(psutil.Process(pid).create_time()))


class Child(Protocol):
    """A process of our own, as `subprocess.Popen` has it: its exit code is ours to collect."""

    @property
    def pid(self) -> int:
        """Its number."""

    def poll(self) -> int | None:
        """Its exit code, minus the number of the signal that ended it; None while it runs."""

    def wait(self) -> int:
        """Wait until it ended; its exit code."""


class Launcher(Protocol):
    """Starts jobs. A run's record is the same whether its process is local or on a cluster."""

    def start(self, folder: JobFolder, job: Job) -> ProcessId:
        """Start the process of the job, or adopt the one that already runs in this folder."""

    def find(self, folder: JobFolder) -> ProcessId | None:
        """The living process of the folder, if any."""

    def was_started(self, folder: JobFolder) -> bool:
        """True when a process was started in the folder and not cleared since."""

    def clear(self, folder: JobFolder) -> None:
        """End whatever is left of the folder's process and its children, and forget it."""

    def explain_end(self, folder: JobFolder) -> str:
        """Why the folder's process ended, as far as the launcher knows; else an empty string."""

    @property
    def runs_here(self) -> bool:
        """True when jobs run on this very machine, so that its memory and GPUs matter."""


@dataclass(frozen=True, slots=True)
class LocalLauncher:
    """Runs jobs on this machine, each in a session of its own: it outlives worker and web app."""

    _children: dict[int, Child] = field(default_factory=dict, repr=False)
    _exit_codes: dict[int, int] = field(default_factory=dict, repr=False)

    @property
    def runs_here(self) -> bool:
        """Always."""
        return True

    def start(self, folder: JobFolder, job: Job) -> ProcessId:
        """Start the job's module on the folder, with output to its log."""
        found = self.find(folder)
        if found is not None:
            return found
        process = self._open_process(folder, job)
        self._children[process.pid] = process
        identity = identify(process.pid)
        content = json.dumps({"pid": identity.pid, "started": identity.started})
        write_atomically(_process_file(folder), content.encode())
        return identity

    def _open_process(self, folder: JobFolder, job: Job) -> Child:
        with folder.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", MODULES[job.task], str(folder.path)],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, **job_environment(folder, job)},
            )

    def find(self, folder: JobFolder) -> ProcessId | None:
        """The process named in the folder, when it lives."""
        identity = _read_identity(folder)
        self._reap()
        return identity if identity is not None and identity.is_alive else None

    def was_started(self, folder: JobFolder) -> bool:
        """True when the folder names a process, living or not."""
        return _read_identity(folder) is not None

    def clear(self, folder: JobFolder) -> None:
        """SIGKILL to every member of the process's own session: loader children outlive it."""
        identity = _read_identity(folder)
        if identity is None:
            return
        for process in psutil.process_iter(["create_time"]):
            try:
                ours = os.getsid(process.pid) == identity.pid
                if ours and process.info["create_time"] >= float(identity.started) - 1:
                    process.send_signal(signal.SIGKILL)
            except (psutil.Error, OSError):
                continue  # it ended while we looked
        child = self._children.pop(identity.pid, None)
        if child is not None:
            child.wait()
        _process_file(folder).unlink(missing_ok=True)

    def explain_end(self, folder: JobFolder) -> str:
        """Known only for processes this launcher started itself: an adopted one leaves no code."""
        identity = _read_identity(folder)
        self._reap()
        code = self._exit_codes.get(identity.pid) if identity is not None else None
        return KILLED if code == -signal.SIGKILL else ""

    def _reap(self) -> None:
        """Collect our own children that ended."""
        for pid, process in list(self._children.items()):
            code = process.poll()
            if code is not None:
                self._exit_codes[pid] = code
                del self._children[pid]


def job_environment(folder: JobFolder, job: Job) -> dict[str, str]:
    """nnU-Net's paths and process counts, and the thread limits, of one job."""
    if isinstance(job, TreeImportJob):
        return {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    settings = job.settings
    threads = str(settings.threads)
    environment = {
        "nnUNet_raw": str(folder.work / "raw"),
        "nnUNet_preprocessed": str(folder.work / "preprocessed"),
        "nnUNet_results": str(folder.work / "results"),
        "nnUNet_n_proc_DA": str(settings.loader_processes),
        "nnUNet_def_n_proc": "1",
        "nnUNet_compile": "f",  # predictors never; the trainer follows the run's own setting
        "OMP_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "PYTHONUNBUFFERED": "1",
    }
    if job.device.startswith("cuda"):
        # the numbers of nvidia-smi, by which the device was chosen; CUDA's own begin at the fastest
        environment["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
    if ":" in job.device:
        environment["CUDA_VISIBLE_DEVICES"] = job.device.partition(":")[2]
    return environment


def _process_file(folder: JobFolder) -> Path:
    return folder.path / "process.json"


def _read_identity(folder: JobFolder) -> ProcessId | None:
    path = _process_file(folder)
    if not path.exists():
        return None
    found = json.loads(path.read_text())
    return ProcessId(pid=int(found["pid"]), started=str(found["started"]))

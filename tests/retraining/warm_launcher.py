"""Jobs in processes of their own that begin with PyTorch and its company already imported.

A job's process imports for five seconds and trains for one, some thirty times in these tests. Here
one server process imports the libraries, and each job is a fork of it: the same module, argument,
environment, session and log as `LocalLauncher` gives; nnU-Net itself, which reads its folders from
the environment when it is imported, is imported by the job.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import sys
from dataclasses import dataclass
from functools import cache
from multiprocessing.context import ForkServerContext, ForkServerProcess

from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.launcher import MODULES, LocalLauncher, job_environment
from han5k_review.retraining.jobs.tasks import Job

LIBRARIES = (
    "torch._dynamo",
    "seaborn",
    "SimpleITK",
    "nibabel",
    "skimage.transform",
    "batchgeneratorsv2.transforms.base.basic_transform",
    "dynamic_network_architectures.architectures.unet",
    "han5k_review.retraining.network.process",
)


@cache
def warm_server() -> ForkServerContext:
    """The server; it starts with its first fork."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(LIBRARIES))
    return context


def _become_job(module: str, folder: str, log: str, environment: dict[str, str]) -> None:
    if "nnunetv2" in sys.modules:
        raise RuntimeError("nnU-Net would not see the folders of this job.")
    os.setsid()
    os.environ.update(environment)
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.argv = [module, folder]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


@dataclass(frozen=True, slots=True)
class Fork:
    """A fork of the server as the launcher's child."""

    process: ForkServerProcess

    @property
    def pid(self) -> int:
        """Its number."""
        assert self.process.pid is not None, "it was started"
        return self.process.pid

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        return self.process.exitcode

    def wait(self) -> int:
        """Wait until it ended; its exit code."""
        self.process.join()
        assert self.process.exitcode is not None, "it ended"
        return self.process.exitcode


def start_fork(module: str, folder: JobFolder, environment: dict[str, str]) -> Fork:
    """Start `module` on the folder as `python -m` would."""
    words = (module, str(folder.path), str(folder.log), environment)
    process = warm_server().Process(target=_become_job, args=words)
    process.start()
    return Fork(process=process)


@dataclass(frozen=True, slots=True)
class WarmLauncher(LocalLauncher):
    """A launcher of this machine whose jobs are forks of the server."""

    def _open_process(self, folder: JobFolder, job: Job) -> Fork:
        return start_fork(MODULES[job.task], folder, job_environment(folder, job))

"""Bad input and wants: a parent that is not the registered one, a full disk, no memory."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from sqlmodel import select

from faults_parts.study import POLL_S, Bench, ask
from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.results import JobResult
from han5k_review.retraining.models.model_folders import locate_model
from han5k_review.retraining.network.process import run_job
from han5k_review.retraining.runs.run_commands import promote
from han5k_review.retraining.runs.run_folders import train_folder
from han5k_review.retraining.worker import run_one
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.study import Study
from han5k_review.store.tables import Case
from han5k_review.store.vocabulary import Split


def child_of_promoted(bench: Bench) -> tuple[Study, int, Path]:
    study = bench.fresh("done")
    with transaction(study.engine) as session:
        model = promote(session, 1, actor="lead", reason="x", now=utc_now(), despite_gate=True)
        folder, parent = locate_model(study, model).folder, model.id
    return study, ask(study, parent_model_id=parent), folder


def parent_deleted(bench: Bench, *, late: bool) -> tuple[Study, int]:
    study, run_id, folder = child_of_promoted(bench)

    def pause(seconds: float) -> None:
        if train_folder(study, run_id).list_epochs():
            shutil.rmtree(folder, ignore_errors=True)
        time.sleep(seconds)

    if not late:
        shutil.rmtree(folder)
    run_one(study, run_id, poll_seconds=POLL_S, pause=pause)
    return study, run_id


def unknown_checkpoint(bench: Bench) -> tuple[Study, int]:
    study, run_id, folder = child_of_promoted(bench)
    weights = folder / "fold_0" / "checkpoint_final.pth"
    weights.write_bytes(weights.read_bytes() + b"x")
    run_one(study, run_id, poll_seconds=POLL_S)
    return study, run_id


def held_out_teaches(bench: Bench) -> tuple[Study, int]:
    study = bench.fresh()
    with transaction(study.engine) as session:
        first, *_ = session.exec(select(Case).where(Case.split == Split.HELD_OUT)).all()
        first.patient = "P0"
        session.add(first)
    return study, ask(study)


def other_labels(bench: Bench) -> tuple[Study, int]:
    study = bench.fresh("done")
    with transaction(study.engine) as session:
        model = promote(session, 1, actor="lead", reason="x", now=utc_now(), despite_gate=True)
        model.labels = {"ParotidL": 1, "BrainStem": 2}
        parent = model.id
    return study, ask(study, parent_model_id=parent)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    folder.mkdir()
    size = f"size={megabytes}m"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def disk_full(bench: Bench) -> tuple[Study, int]:
    """The study's runs lie on a disk of their own, which fills up after the first epoch."""
    study = bench.fresh()
    run_id = ask(study)
    shutil.rmtree(study.runs, ignore_errors=True)
    with small_disk(study.runs, 24) as disk:

        def pause(seconds: float) -> None:
            if train_folder(study, run_id).list_epochs():
                with (disk / "filler").open("wb") as file:
                    try:
                        while True:
                            file.write(b"0" * 65536)
                            file.flush()
                    except OSError:
                        pass
            time.sleep(seconds)

        run_one(study, run_id, poll_seconds=POLL_S, pause=pause)
    return study, run_id


def no_memory(bench: Bench) -> str:
    """A real allocation that the system refuses, in a process with a limit; its own words."""
    folder = JobFolder(path=bench.folder / "memory")
    folder.write_job(train_folder(bench.fresh("done"), 1).read_job())
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_AS, (24 * 10**9, 24 * 10**9))

        def run(_folder: JobFolder, _job: object) -> JobResult:
            torch.empty(10**11)
            raise RuntimeError("the system gave 400 GB")

        os._exit(run_job([str(folder.path)], run))
    os.waitpid(child, 0)
    result = folder.find_result()
    return result.error if result else "no result"

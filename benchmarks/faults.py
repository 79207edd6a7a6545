"""Kills worker and trainer (-9) and cancels in every state of a run, and breaks everything else.

    python benchmarks/faults.py [--only WORD]

Every line is one real, tiny nnU-Net run on a synthetic study. A run must end as if nothing had
happened (its weights equal, bit for bit, those of the run nobody disturbed) or in a named state
with a sentence. Takes some ten minutes on two cores. Exit code 1 when a line ends otherwise.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from sqlmodel import select

from han5k_review.errors import Han5kError
from han5k_review.retraining.commands import promote, request_cancel, request_run
from han5k_review.retraining.jobs import ImportJob, JobFolder, JobResult
from han5k_review.retraining.launcher import LocalLauncher
from han5k_review.retraining.layout import evaluate_folder, train_folder
from han5k_review.retraining.model_folders import locate_model
from han5k_review.retraining.plan import RunRequest
from han5k_review.retraining.record import get_run
from han5k_review.retraining.settings import resolve_settings
from han5k_review.retraining.trainers.checkpoints import read_plain
from han5k_review.retraining.trainers.process import run_job
from han5k_review.retraining.worker import run_one, work
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study, open_study
from han5k_review.store.tables import Case, ModelVersion
from han5k_review.store.vocabulary import RunState, Split
from tests.retraining.phantom_study import CATALOGUE, TINY, build_study

STATES = ("queued", "preparing", "training", "evaluating", "awaiting approval")
POLL_S = 0.1
_WORKER = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from benchmarks.faults import be_a_worker
be_a_worker(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
"""


@dataclass(slots=True, kw_only=True)
class Bench:
    """A study to copy for every line, and the weights of the undisturbed run."""

    folder: Path
    weights: dict[str, torch.Tensor] = field(default_factory=dict)
    count: int = 0

    def fresh(self, source: str = "study") -> Study:
        self.count += 1
        target = self.folder / f"case-{self.count}"
        shutil.copytree(self.folder / source, target)
        return open_study(target)


def ask(study: Study, **asked: object) -> int:
    request = RunRequest(**{"group": "2", "overrides": TINY, **asked})  # type: ignore[arg-type]
    with transaction(study.engine) as session:
        run = request_run(session, study, CATALOGUE, request, requested_by=None, now=utc_now())
        return run.id or 0


def look(study: Study, run_id: int) -> tuple[RunState, str]:
    with reading(study.engine) as session:
        run = get_run(session, run_id)
        return run.state, run.error or ""


def read_weights(study: Study, run_id: int) -> dict[str, torch.Tensor]:
    with reading(study.engine) as session:
        model = session.exec(select(ModelVersion).where(ModelVersion.run_id == run_id)).one()
    found: dict[str, torch.Tensor] = read_plain(locate_model(study, model).checkpoint)[
        "network_weights"
    ]
    return found


def cancel(study: Study, run_id: int) -> None:
    with transaction(study.engine) as session:
        if not get_run(session, run_id).cancel_requested:
            request_cancel(session, run_id, actor="lead", now=utc_now())


class PreparingHook(LocalLauncher):
    """Tells when a run is being prepared: the worker asks its launcher where jobs run."""

    def __init__(self, act: Callable[[], None]) -> None:
        super().__init__()
        object.__setattr__(self, "_act", act)

    @property
    def runs_here(self) -> bool:
        self._act()  # type: ignore[attr-defined]
        return True


def is_there(study: Study, run_id: int, state: str) -> bool:
    """True in the middle of `training` (an epoch done) or of `evaluating` (its process lives)."""
    if state == "training":
        return bool(train_folder(study, run_id).list_epochs())
    return LocalLauncher().find(evaluate_folder(study, run_id)) is not None


def be_a_worker(folder: Path, run_id: int, dies_in: str) -> None:
    """In a process of its own: work on the run, and die by -9 in the named state."""
    study = open_study(folder)

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def pause(seconds: float) -> None:
        if dies_in in ("training", "evaluating") and is_there(study, run_id, dies_in):
            die()
        time.sleep(seconds)

    if dies_in == "queued":
        die()
    launcher = PreparingHook(die if dies_in == "preparing" else lambda: None)
    run_one(study, run_id, launcher=launcher, poll_seconds=POLL_S, pause=pause)
    if dies_in == "awaiting approval":
        die()


def kill_worker(bench: Bench, state: str) -> tuple[Study, int]:
    study = bench.fresh()
    run_id = ask(study)
    code = _WORKER.format(root=str(Path(__file__).resolve().parents[1]))
    done = subprocess.run(
        [sys.executable, "-c", code, str(study.root), str(run_id), state], check=False
    )
    if done.returncode != -signal.SIGKILL:
        raise RuntimeError(f"the worker was to die in {state}, it ended with {done.returncode}")
    if state != "awaiting approval":
        run_one(study, run_id, poll_seconds=POLL_S)
    return study, run_id


def kill_trainer(bench: Bench, state: str) -> tuple[Study, int]:
    study = bench.fresh()
    run_id = ask(study)
    killed: list[int] = []
    folder = train_folder if state == "training" else evaluate_folder

    def pause(seconds: float) -> None:
        process = LocalLauncher().find(folder(study, run_id))
        if not killed and process is not None and is_there(study, run_id, state):
            os.kill(process.pid, signal.SIGKILL)
            killed.append(process.pid)
        time.sleep(seconds)

    run_one(study, run_id, poll_seconds=POLL_S, pause=pause)
    if not killed:
        raise RuntimeError(f"the process was to be killed in {state}")
    return study, run_id


def cancel_in(bench: Bench, state: str) -> tuple[Study, int]:
    study = bench.fresh("done" if state == "awaiting approval" else "study")
    run_id = 1 if state == "awaiting approval" else ask(study)
    if state in ("queued", "awaiting approval"):
        cancel(study, run_id)
        return study, run_id

    def pause(seconds: float) -> None:
        if state in ("training", "evaluating") and is_there(study, run_id, state):
            cancel(study, run_id)
        time.sleep(seconds)

    hook = (lambda: cancel(study, run_id)) if state == "preparing" else (lambda: None)
    run_one(study, run_id, launcher=PreparingHook(hook), poll_seconds=POLL_S, pause=pause)
    return study, run_id


def two_starts(bench: Bench) -> tuple[Study, int]:
    study = bench.fresh()
    run_id = ask(study)
    workers = [
        threading.Thread(target=work, args=(open_study(study.root),), kwargs={"once": True})
        for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return study, run_id


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
    job = ImportJob(source=folder.path, fold="0", labels={}, settings=resolve_settings("smoke"))
    folder.write_job(job)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One fault, what it must end in, and how it is made."""

    fault: str
    state: str
    expected: str
    act: Callable[[Bench], tuple[Study, int]]


def list_lines() -> list[Line]:
    same, named = "as if nothing", "failed, with a sentence"
    lines = [
        Line(
            fault="kill -9 the worker",
            state=state,
            expected=same,
            act=lambda b, s=state: kill_worker(b, s),  # type: ignore[misc]
        )
        for state in STATES
    ]
    lines += [
        Line(
            fault="kill -9 the trainer",
            state=state,
            expected=same,
            act=lambda b, s=state: kill_trainer(b, s),  # type: ignore[misc]
        )
        for state in ("training", "evaluating")
    ]
    lines += [
        Line(
            fault="cancel",
            state=state,
            expected="cancelled" if state != "awaiting approval" else "refused, with a sentence",
            act=lambda b, s=state: cancel_in(b, s),  # type: ignore[misc]
        )
        for state in STATES
    ]
    refused = "refused, with a sentence"
    return [
        *lines,
        Line(fault="two workers at once", state="queued", expected=same, act=two_starts),
        Line(
            fault="parent's files deleted",
            state="queued",
            expected=named,
            act=lambda b: parent_deleted(b, late=False),
        ),
        Line(
            fault="parent's files deleted",
            state="training",
            expected=named,
            act=lambda b: parent_deleted(b, late=True),
        ),
        Line(
            fault="parent's checkpoint of another hash",
            state="queued",
            expected=named,
            act=unknown_checkpoint,
        ),
        Line(fault="a held-out patient teaches", state="-", expected=refused, act=held_out_teaches),
        Line(fault="parent with other labels", state="-", expected=refused, act=other_labels),
        Line(fault="disk full", state="training", expected=named, act=disk_full),
    ]


def judge(bench: Bench, line: Line) -> tuple[str, str]:
    """(how it ended, its sentence)."""
    try:
        study, run_id = line.act(bench)
    except Han5kError as error:
        return "refused, with a sentence", str(error)
    except subprocess.CalledProcessError as error:
        return "not possible here", f"{error.cmd[0]} was refused"
    state, sentence = look(study, run_id)
    if state is RunState.AWAITING_APPROVAL:
        found = read_weights(study, run_id)
        whole = all(torch.equal(found[n], w) for n, w in bench.weights.items())
        return ("as if nothing" if whole else "other weights"), ""
    if state is RunState.FAILED and sentence:
        return "failed, with a sentence", sentence
    return state.value, sentence


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="Only faults or states with this word.")
    only = parser.parse_args().only
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(folder=Path(folder))
        build_study(bench.folder / "study").engine.dispose()
        study = bench.fresh()
        run_id = ask(study)
        run_one(study, run_id, poll_seconds=POLL_S)
        bench.weights = read_weights(study, run_id)
        study.engine.dispose()
        shutil.copytree(study.root, bench.folder / "done")
        print(f"{'fault':36} {'in state':18} {'ended':26} {'s':>5}  sentence", flush=True)
        for line in list_lines():
            if only and only not in line.fault and only not in line.state:
                continue
            started = time.monotonic()
            ended, sentence = judge(bench, line)
            right = ended in (line.expected, "not possible here")
            wrong += not right
            print(
                f"{line.fault:36} {line.state:18} {ended + ('' if right else ' (!)'):26} "
                f"{time.monotonic() - started:5.1f}  {sentence[:150]}",
                flush=True,
            )
        if not only or only in "memory":
            print(f"{'memory runs out':36} {'training':18} said: {no_memory(bench)}")
    print("all ended as they should" if not wrong else f"{wrong} ended otherwise")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

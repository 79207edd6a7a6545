"""Every fault of a retraining run as a line: what it must end in, and how it is made."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from faults_parts.inputs import (
    disk_full,
    held_out_teaches,
    no_memory,
    other_labels,
    parent_deleted,
    unknown_checkpoint,
)
from faults_parts.processes import cancel_in, kill_trainer, kill_worker, two_starts
from faults_parts.study import POLL_S, Bench, ask, look, read_weights
from han5k_review.errors import Han5kError
from han5k_review.retraining.worker import run_one
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import RunState
from rigs.phantom_study import build_study

STATES = ("queued", "preparing", "training", "evaluating", "awaiting approval")


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


def run_lines(only: str = "") -> int:
    """Print a line for each fault or state with this word; the exit code."""
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
            said = no_memory(bench)
            explained = "lower memory_target_gb" in said
            wrong += not explained
            ended = "failed, with a sentence" if explained else "not explained (!)"
            print(f"{'memory runs out':36} {'training':18} {ended:26} {'-':>5}  {said[:150]}")
    print("all ended as they should" if not wrong else f"{wrong} ended otherwise")
    return 1 if wrong else 0

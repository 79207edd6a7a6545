"""One proof at work: its sizes, the parent's run, its predictions, and the run of each arm."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.launcher import LocalLauncher
from han5k_review.retraining.jobs.tasks import TrainJob
from han5k_review.retraining.jobs.watch import Watch
from han5k_review.retraining.models.model_facts import read_facts
from han5k_review.retraining.models.postprocessing import describe_counts, describe_postprocessing
from han5k_review.retraining.predictions.case_prediction import predict_cases
from han5k_review.retraining.predictions.prediction_record import PredictionRequest
from han5k_review.retraining.runs.lifecycle import WORK
from han5k_review.retraining.runs.plan import RunRequest
from han5k_review.retraining.runs.run_commands import promote, request_run
from han5k_review.retraining.runs.run_folders import train_folder
from han5k_review.retraining.runs.run_record import get_run
from han5k_review.retraining.runs.run_views import RunView, get_run_view, list_runs
from han5k_review.retraining.runs.stages import read_snapshot
from han5k_review.retraining.teaching.run_scores import judge_run
from han5k_review.retraining.worker import run_one
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study, open_study
from han5k_review.store.vocabulary import RunState
from han5k_review.study import read_study_catalogue
from loop_parts.arms import Arm, VaryingLauncher
from loop_parts.costs import DiskWatch, Shares, share_run
from loop_parts.data import GROUP, ORGANS, Split, case_name
from loop_parts.progress import Progress
from loop_parts.report import ArmResult

LANES = 2
LEARNING_RATE_ADAPT = 3e-3  # what the preset had when docs/loop.md was written


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How large the proof is: patients, review budget, epochs."""

    parent: int
    pseudo: int
    test: int
    graded: int
    revised: int
    parent_epochs: int
    arm_epochs: int
    iterations: int
    loss_rounds: int
    seed: int = 6


FULL = Sizes(
    parent=12,
    pseudo=16,
    test=6,
    graded=12,
    revised=20,
    parent_epochs=30,
    arm_epochs=14,
    iterations=90,
    loss_rounds=31,
)
QUICK = Sizes(
    parent=5,
    pseudo=3,
    test=2,
    graded=2,
    revised=4,
    parent_epochs=2,
    arm_epochs=1,
    iterations=30,
    loss_rounds=7,
)


def describe_rule(view: RunView) -> str:
    """Which structures the model of a run predicts as one piece, and what was counted."""
    rule = read_facts(view.result).postprocessing if view.result else None
    return f"{describe_postprocessing(rule)} Counted: {describe_counts(rule)}"


@dataclass(frozen=True, kw_only=True)
class Proof:
    """One proof at work: sizes, patients, folder, progress."""

    sizes: Sizes
    split: Split
    source: Path
    root: Path
    progress: Progress

    def train_parent(self, study: Study) -> tuple[int, Shares]:
        """The parent, from scratch on spoiled references, promoted by a person who knows."""
        with reading(study.engine) as session:
            known = list_runs(session)
        overrides = {"count_references": True, "epochs": self.sizes.parent_epochs}
        run_id = stored_id(known[0]) if known else self._request(study, overrides, None)
        began = time.monotonic()
        shares = self._work(study, run_id, "parent", LocalLauncher(), 1.0)
        self.progress.earlier_s = max(0.0, shares.wall - (time.monotonic() - began))
        with transaction(study.engine) as session:
            run = get_run(session, run_id)
            if run.state is RunState.AWAITING_APPROVAL:
                promote(
                    session,
                    run_id,
                    actor="loop benchmark",
                    reason="the parent of this proof",
                    now=utc_now(),
                    despite_gate=True,
                )
            if run.result_model_id is None:
                raise RuntimeError(f"A model was expected of run {run_id}, found none.")
            parent_id = run.result_model_id
        with reading(study.engine) as session:
            self.progress.say(describe_rule(get_run_view(session, study, run_id)))
        return parent_id, shares

    def predict(self, study: Study, parent_id: int) -> None:
        """The parent's pseudo-labels of the patients to be reviewed."""
        names = [case_name(number) for number in self.split.pseudo]
        nowhere = JobFolder(path=self.root / "no epochs here")
        predict_cases(
            study,
            PredictionRequest(model_id=parent_id, cases=names, structures=tuple(ORGANS)),
            actor="loop benchmark",
            begin_round=True,
            watch=Watch(poll_seconds=0.5, pause=self.progress.pause("pseudo-labels", nowhere, 0.0)),
        )

    def run_arm(self, arm: Arm, base: Path, parent_id: int) -> ArmResult:
        """One arm in a copy of the reviewed study."""
        root = self.root / arm.name
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(base, root, ignore=shutil.ignore_patterns("runs"))
        study = open_study(root)
        with DiskWatch(root) as disk:
            overrides = {"replay": arm.replay, "epochs": self.sizes.arm_epochs}
            run_id = self._request(study, overrides, parent_id)
            shares = self._work(study, run_id, arm.name, self._launcher(study, arm), 1 / LANES)
        with reading(study.engine) as session:
            view = get_run_view(session, study, run_id)
        self.progress.say(f"{arm.name}: done")
        return ArmResult(
            name=arm.name,
            words=arm.words,
            verdicts=view.verdicts,
            scores=view.scores,
            shares=shares,
            disk_ratio=disk.ratio,
            pieces=describe_rule(view),
        )

    def _launcher(self, study: Study, arm: Arm) -> LocalLauncher:
        if arm.vary is None:
            return LocalLauncher()
        vary = arm.vary

        def varied(folder: JobFolder, job: TrainJob) -> TrainJob:
            with reading(study.engine) as session:
                run = get_run(session, int(folder.path.parent.name))
            return vary(study, read_snapshot(study, run), job)

        return VaryingLauncher(vary=varied)

    def _request(self, study: Study, overrides: dict[str, Any], parent_id: int | None) -> int:
        request = RunRequest(
            group=GROUP,
            preset="smoke",
            overrides={
                "iterations_per_epoch": self.sizes.iterations,
                "learning_rate_adapt": LEARNING_RATE_ADAPT,
                **overrides,
            },
            parent_model_id=parent_id,
        )
        catalogue = read_study_catalogue(study)
        with transaction(study.engine) as session:
            run = request_run(session, study, catalogue, request, requested_by=None, now=utc_now())
            return stored_id(run)

    def _work(
        self, study: Study, run_id: int, name: str, launcher: LocalLauncher, weight: float
    ) -> Shares:
        """Work on a run until it waits for a person, unless it does already; what it took."""
        with reading(study.engine) as session:
            state = get_run(session, run_id).state
        if state in WORK or state is RunState.QUEUED:
            pause = self.progress.pause(name, train_folder(study, run_id), weight)
            state = run_one(study, run_id, launcher=launcher, poll_seconds=0.5, pause=pause)
        with reading(study.engine) as session:
            begin = time.monotonic()
            judge_run(session, run_id)
            gate_seconds = time.monotonic() - begin
            view = get_run_view(session, study, run_id)
        if state not in (RunState.AWAITING_APPROVAL, RunState.PROMOTED):
            raise SystemExit(f"The run {name} was expected to end, it is {state}: {view.run.error}")
        return share_run(study, view, gate_seconds)

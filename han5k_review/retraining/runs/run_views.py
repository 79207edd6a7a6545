"""What pages and commands show of runs: lists, one run with its curves, scores and verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from han5k_review.retraining.jobs.folders import tail_log
from han5k_review.retraining.runs.lifecycle import WORK
from han5k_review.retraining.runs.run_files import measure_files
from han5k_review.retraining.runs.run_folders import evaluate_folder, train_folder
from han5k_review.retraining.runs.run_record import get_run, list_events
from han5k_review.retraining.teaching.gate import StructureVerdict
from han5k_review.retraining.teaching.paired_scores import PairedScore
from han5k_review.retraining.teaching.run_scores import judge_run, list_paired_scores
from han5k_review.store.run_tables import RetrainRun, RunEvent
from han5k_review.store.study import Study
from han5k_review.store.tables import ModelVersion
from han5k_review.store.vocabulary import ModelState, RunState

LIVE = frozenset({RunState.QUEUED, *WORK})
"""States of a run that a worker moves on, without a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """Everything a page shows of one run."""

    run: RetrainRun
    parent: ModelVersion | None
    result: ModelVersion | None
    before_is: str
    epochs: tuple[dict[str, Any], ...]
    events: tuple[RunEvent, ...]
    scores: tuple[PairedScore, ...]
    verdicts: tuple[StructureVerdict, ...]
    log: tuple[str, ...]
    files_bytes: int


def list_runs(session: Session) -> Sequence[RetrainRun]:
    """All runs, newest first."""
    return session.exec(select(RetrainRun).order_by(col(RetrainRun.id).desc())).all()


def list_models(session: Session, group: str | None = None) -> Sequence[ModelVersion]:
    """Model versions, newest first, of one label group or of all."""
    query = select(ModelVersion).order_by(col(ModelVersion.id).desc())
    if group is not None:
        query = query.where(ModelVersion.group == group)
    return session.exec(query).all()


def find_usual_parent(session: Session, group: str) -> ModelVersion | None:
    """The model that a new run of the group continues unless somebody says otherwise: the one in
    use; None where the group has none in use."""
    return next((m for m in list_models(session, group) if m.state == ModelState.PROMOTED), None)


def get_run_view(session: Session, study: Study, run_id: int, *, log_lines: int = 40) -> RunView:
    """One run as a page shows it; DataError when there is none."""
    run = get_run(session, run_id)
    events = list_events(session, run_id)
    training = run.state in (RunState.QUEUED, RunState.PREPARING, RunState.TRAINING)
    folder = train_folder(study, run_id) if training else evaluate_folder(study, run_id)
    log = tail_log(folder, log_lines) or tail_log(train_folder(study, run_id), log_lines)
    return RunView(
        run=run,
        parent=_find_model(session, run.parent_model_id),
        result=_find_model(session, run.result_model_id),
        before_is="parent model" if run.parent_model_id else "contours under review",
        epochs=tuple(e.payload for e in events if e.kind == "epoch"),
        events=tuple(e for e in events if e.kind != "epoch"),
        scores=tuple(list_paired_scores(session, run_id)),
        verdicts=judge_run(session, run_id),
        log=tuple(log),
        files_bytes=measure_files(study, run_id),
    )


def _find_model(session: Session, model_id: int | None) -> ModelVersion | None:
    return None if model_id is None else session.get(ModelVersion, model_id)

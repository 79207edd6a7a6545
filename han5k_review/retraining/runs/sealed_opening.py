"""The sealed test set opened for one run: measured once, and counted."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import select

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.errors import RuleError
from han5k_review.retraining.jobs.results import PredictResult
from han5k_review.retraining.models.model_decisions import need_reason
from han5k_review.retraining.runs.run_folders import evaluate_folder
from han5k_review.retraining.runs.run_record import get_run
from han5k_review.retraining.runs.stages import read_snapshot
from han5k_review.retraining.teaching.changes import GateSettings
from han5k_review.retraining.teaching.gate import StructureVerdict, judge_candidate
from han5k_review.retraining.teaching.run_scores import find_new_swapped, pair_rows
from han5k_review.retraining.teaching.scoring import score_run
from han5k_review.retraining.teaching.snapshot import Snapshot
from han5k_review.store.audit import add_audit
from han5k_review.store.engine import reading, transaction
from han5k_review.store.run_tables import RetrainRun
from han5k_review.store.sealed_tables import SealedOpening
from han5k_review.store.study import Study
from han5k_review.store.tables import Case
from han5k_review.store.vocabulary import Arm, RunState

_MEASURED = frozenset({RunState.AWAITING_APPROVAL, RunState.PROMOTED, RunState.DECLINED})


def open_sealed(
    study: Study, catalogue: Catalogue, run_id: int, *, actor: str, reason: str, now: datetime
) -> tuple[StructureVerdict, ...]:
    """Measure the run's model on the sealed patients, keep the verdicts, and count the opening.

    RuleError without a reason, for a run without a measured model, for one that predicted no sealed
    patient, and when the set was opened for this run before: its result stands.
    """
    need_reason(reason)
    run, model_id = _get_measured(study, run_id)
    snapshot = read_snapshot(study, run)
    verdicts = _judge_sealed(study, catalogue, run_id, snapshot)
    patients = len({c.patient for c in snapshot.sealed})
    with transaction(study.engine) as session:
        session.add(
            SealedOpening(
                run_id=run_id,
                model_id=model_id,
                patients=patients,
                found={v.structure: v.verdict.value for v in verdicts},
                actor=actor,
                reason=reason,
                opened_at_utc=now,
            )
        )
        add_audit(
            session,
            at_utc=now,
            actor=actor,
            action="sealed test set opened",
            subject=f"run {run_id}",
            reason=reason,
            patients=patients,
        )
    return verdicts


def _get_measured(study: Study, run_id: int) -> tuple[RetrainRun, int]:
    """The run and its model, when that was measured and nobody opened the set for it."""
    with reading(study.engine) as session:
        run = get_run(session, run_id)
        earlier = session.exec(
            select(SealedOpening).where(SealedOpening.run_id == run_id)
        ).one_or_none()
    if earlier is not None:
        raise RuleError(
            f"The sealed test set was opened for run {run_id} on "
            f"{earlier.opened_at_utc:%Y-%m-%d} by {earlier.actor}; its result stands on the card."
        )
    if run.state not in _MEASURED or run.result_model_id is None:
        raise RuleError(f"A run with a measured model was expected; run {run_id} is {run.state}.")
    return run, run.result_model_id


def _judge_sealed(
    study: Study, catalogue: Catalogue, run_id: int, snapshot: Snapshot
) -> tuple[StructureVerdict, ...]:
    """The gate's verdicts on what the run predicted of the sealed patients."""
    result = evaluate_folder(study, run_id).find_result()
    if not snapshot.sealed or result is None:
        raise RuleError(
            f"Predictions of sealed patients were expected in run {run_id}, found none; seal "
            "patients (`han5k run seal`), and start a run after that."
        )
    predictions = {Arm(n): found for n, found in result.get(PredictResult).masks.items()}
    scores = score_run(study, catalogue, snapshot, run_id, predictions, cases=snapshot.sealed)
    with reading(study.engine) as session:
        cases = {c.id: c for c in session.exec(select(Case))}
    return judge_candidate(
        pair_rows(scores.rows, cases, Arm.PARENT),
        GateSettings(),
        find_new_swapped({arm.value: found for arm, found in scores.swapped.items()}),
        pair_rows(scores.rows, cases, Arm.IN_USE),
    )

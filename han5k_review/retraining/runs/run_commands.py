"""What people do to runs and models: request, cancel, promote, decline, roll back."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, select

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.errors import ConflictError, RuleError
from han5k_review.retraining.jobs.machine import Machine
from han5k_review.retraining.models.model_decisions import need_reason, put_in_use
from han5k_review.retraining.runs.lifecycle import WORK, Event
from han5k_review.retraining.runs.plan import RunRequest, plan_run
from han5k_review.retraining.runs.run_record import get_run, move_run, note_event
from han5k_review.retraining.settings import settings_values
from han5k_review.retraining.teaching.gate import Verdict
from han5k_review.retraining.teaching.replay import choose_seed
from han5k_review.retraining.teaching.run_scores import judge_run
from han5k_review.store.audit import add_audit
from han5k_review.store.engine import queue_writers
from han5k_review.store.identity import stored_id
from han5k_review.store.model_tables import ModelDecision
from han5k_review.store.run_tables import RetrainRun
from han5k_review.store.study import Study
from han5k_review.store.tables import ModelVersion, Reader
from han5k_review.store.vocabulary import ModelAct, ModelState, RunState


def request_run(
    session: Session,
    study: Study,
    catalogue: Catalogue,
    request: RunRequest,
    *,
    requested_by: Reader | None,
    now: datetime,
    machine: Machine | None = None,
) -> RetrainRun:
    """Put a run in the queue. RuleError with every reason when it could not start."""
    plan = plan_run(session, study, catalogue, request, machine)
    if plan.refusals:
        raise RuleError(" ".join(plan.refusals))
    settings = settings_values(plan.settings)
    earlier = [row.get("replay_seed", 0) for row in session.exec(select(RetrainRun.settings))]
    settings["replay_seed"] = choose_seed(plan.settings.replay_seed, earlier)
    run = RetrainRun(
        state=RunState.QUEUED,
        preset=request.preset,
        group=request.group,
        settings=settings,
        parent_model_id=request.parent_model_id,
        requested_by_id=requested_by.id if requested_by else None,
        request_id=request.request_id,
        device=request.device,
        created_at_utc=now,
    )
    session.add(run)
    session.flush()
    add_audit(
        session,
        at_utc=now,
        actor=requested_by.name if requested_by else "command line",
        action="run requested",
        subject=f"run {run.id}",
        preset=request.preset,
        group=request.group,
        parent=request.parent_model_id,
    )
    note_event(session, run, "requested", now, notes=list(plan.notes))
    return run


def find_requested(session: Session, request_id: str, requested_by: Reader) -> RetrainRun | None:
    """The run that this request started before, None when it is new.

    Two that come at once queue here. ConflictError when the id was another person's.
    """
    queue_writers(session, "retrain_run")
    run = session.exec(select(RetrainRun).where(RetrainRun.request_id == request_id)).one_or_none()
    if run is not None and run.requested_by_id != requested_by.id:
        raise ConflictError(
            f"A new request id was expected, found {request_id!r} of another person's run."
        )
    return run


def request_cancel(session: Session, run_id: int, *, actor: str, now: datetime) -> RetrainRun:
    """Stop a run: at once in the queue, at its next step when it works; RuleError afterwards."""
    run = get_run(session, run_id)
    if run.state in WORK:
        run.cancel_requested = True
        session.add(run)
        note_event(session, run, "cancel requested", now, by=actor)
        add_audit(
            session, at_utc=now, actor=actor, action="run cancel requested", subject=f"run {run_id}"
        )
        return run
    move_run(session, run, Event.CANCELLED, actor=actor, now=now)
    return run


def promote(
    session: Session,
    run_id: int,
    *,
    actor: str,
    reason: str,
    now: datetime,
    despite_gate: bool = False,
) -> ModelVersion:
    """Make the run's model the one in use for its label group; the one before retires.

    RuleError without a reason, and when the gate found a structure worse unless `despite_gate`.
    """
    run, model = _awaited(session, run_id, reason)
    failed = [v.structure for v in judge_run(session, run_id) if v.verdict is Verdict.WORSE]
    if failed and not despite_gate:
        raise RuleError(
            f"The gate found {', '.join(failed)} worse; decline run {run_id}, or promote it "
            "despite the gate with a reason."
        )
    move_run(session, run, Event.PROMOTED, actor=actor, now=now, reason=reason, despite_gate=failed)
    session.add(
        ModelDecision(
            model_id=stored_id(model),
            act=ModelAct.PROMOTED,
            actor=actor,
            reason=reason,
            failed_structures=failed,
            decided_at_utc=now,
        )
    )
    put_in_use(session, model)
    return model


def decline(
    session: Session, run_id: int, *, actor: str, reason: str, now: datetime
) -> ModelVersion:
    """Turn the run's model down; it stays on disk and in the lineage. RuleError without reason."""
    run, model = _awaited(session, run_id, reason)
    move_run(session, run, Event.DECLINED, actor=actor, now=now, reason=reason)
    session.add(
        ModelDecision(
            model_id=stored_id(model),
            act=ModelAct.DECLINED,
            actor=actor,
            reason=reason,
            decided_at_utc=now,
        )
    )
    model.state = ModelState.DECLINED
    session.add(model)
    return model


def _awaited(session: Session, run_id: int, reason: str) -> tuple[RetrainRun, ModelVersion]:
    run = get_run(session, run_id)
    need_reason(reason)
    if run.state is not RunState.AWAITING_APPROVAL or run.result_model_id is None:
        raise RuleError(f"Run {run_id} is {run.state}: there is no model to decide on.")
    model = session.get(ModelVersion, run.result_model_id)
    if model is None:
        raise RuleError(f"The model of run {run_id} is not in the study.")
    return run, model

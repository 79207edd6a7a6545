"""What people decide about models: which one of a label group is in use."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from han5k_review.errors import RuleError
from han5k_review.store.audit import add_audit
from han5k_review.store.model_tables import ModelDecision
from han5k_review.store.tables import ModelVersion
from han5k_review.store.vocabulary import ModelAct, ModelState


def roll_back(
    session: Session, model_id: int, *, actor: str, reason: str, now: datetime
) -> ModelVersion:
    """Put a retired model of the label group back in use, or an imported one in use at all.

    RuleError for any other model: what a run trained is promoted with its run.
    """
    model = session.get(ModelVersion, model_id)
    if model is None or not can_return(model):
        raise RuleError(f"A retired or imported model was expected; {model_id} is not one.")
    need_reason(reason)
    first = model.state == ModelState.CANDIDATE
    act = ModelAct.PUT_IN_USE if first else ModelAct.ROLLED_BACK
    session.add(
        ModelDecision(model_id=model_id, act=act, actor=actor, reason=reason, decided_at_utc=now)
    )
    put_in_use(session, model)
    add_audit(
        session,
        at_utc=now,
        actor=actor,
        action=f"model {act.value}",
        subject=f"model {model.name}",
        reason=reason,
    )
    return model


def take_out_of_use(
    session: Session, model_id: int, *, actor: str, reason: str, now: datetime
) -> ModelVersion:
    """Retire the model in use; none of its label group is in use then. It can be put back.

    RuleError for a model that is not in use, and without a reason.
    """
    model = session.get(ModelVersion, model_id)
    if model is None or model.state != ModelState.PROMOTED:
        raise RuleError(f"A model in use was expected; {model_id} is not one.")
    need_reason(reason)
    session.add(
        ModelDecision(
            model_id=model_id,
            act=ModelAct.TAKEN_OUT,
            actor=actor,
            reason=reason,
            decided_at_utc=now,
        )
    )
    model.state = ModelState.RETIRED
    session.add(model)
    add_audit(
        session,
        at_utc=now,
        actor=actor,
        action=f"model {ModelAct.TAKEN_OUT.value}",
        subject=f"model {model.name}",
        reason=reason,
    )
    return model


def can_return(model: ModelVersion) -> bool:
    """True for a retired model, and for an imported one that was never in use."""
    imported = model.run_id is None and model.state == ModelState.CANDIDATE
    return imported or model.state == ModelState.RETIRED


def need_reason(reason: str) -> None:
    """RuleError for an empty reason."""
    if not reason.strip():
        raise RuleError("Please give a reason.")


def put_in_use(session: Session, model: ModelVersion) -> None:
    """Promote the model; the one of its label group that was in use retires."""
    query = select(ModelVersion).where(
        ModelVersion.group == model.group, col(ModelVersion.state) == ModelState.PROMOTED
    )
    for present in session.exec(query):
        present.state = ModelState.RETIRED
        session.add(present)
    model.state = ModelState.PROMOTED
    session.add(model)

"""A model that comes with the project, taken into a study and put in use: the demo's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlmodel import select

from han5k_review.errors import DataError
from han5k_review.retraining.jobs.tasks import ModelFolder
from han5k_review.retraining.models.model_decisions import roll_back
from han5k_review.retraining.models.model_folders import keep_model
from han5k_review.store.audit import add_audit
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import ModelVersion
from han5k_review.texts.paths import say_cause


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedModel:
    """What `model.json` says of the folder `model` beside it; `facts` are those of its card."""

    name: str
    group: str
    checkpoint_sha256: str
    labels: dict[str, int]
    facts: dict[str, Any]


_SHIPPED = TypeAdapter(ShippedModel)


def read_shipped_model(folder: Path) -> ShippedModel:
    """The registration of a model that comes with the project; DataError when it is not there."""
    try:
        return _SHIPPED.validate_json((folder / "model.json").read_bytes())
    except (OSError, ValidationError) as error:
        raise DataError(
            f"A model of the project was expected in {folder}, found: {say_cause(error)}. "
            "Restore the folder from the project's repository."
        ) from error


def adopt_shipped_model(
    study: Study, folder: Path, *, actor: str, reason: str, now: datetime
) -> ModelVersion:
    """Take the model into the study and put it in use; one that is there already stays as it is.

    DataError when its files are missing or changed.
    """
    shipped = read_shipped_model(folder)
    with reading(study.engine) as session:
        known = session.exec(select(ModelVersion).where(ModelVersion.name == shipped.name)).first()
    if known is not None:
        return known
    files = ModelFolder(folder=folder / "model", checkpoint_sha256=shipped.checkpoint_sha256)
    keep_model(study, shipped.name, files)
    with transaction(study.engine) as session:
        model = ModelVersion(
            name=shipped.name,
            group=shipped.group,
            folder=shipped.name,
            checkpoint_sha256=shipped.checkpoint_sha256,
            labels=shipped.labels,
            card=shipped.facts,
            created_at_utc=now,
        )
        session.add(model)
        session.flush()
        add_audit(
            session, at_utc=now, actor=actor, action="model taken in", subject=f"model {model.name}"
        )
        roll_back(session, stored_id(model), actor=actor, reason=reason, now=now)
        session.flush()
        session.refresh(model)
        session.expunge(model)
    return model

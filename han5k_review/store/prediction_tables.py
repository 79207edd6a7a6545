"""Tables of predicting: what a model was asked to predict, and how sure its contours are."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, text
from sqlmodel import Field, SQLModel

from han5k_review.store.columns import UtcDateTime, enum_by_value, utc_now
from han5k_review.store.vocabulary import PredictionAct, PredictionState, Uncertainty

PREDICTION_HOLDS_DEVICE = (PredictionState.PREDICTING,)
"""States in which a prediction holds its device; no other prediction may then."""
_HOLDS_DEVICE = text("state = 'drawing'")


class PredictionRun(SQLModel, table=True):
    """Cases that a model in use is to predict: the record a worker claims, like a retraining run's.

    `structures` are those whose contours are kept (None, from before: all); `found` says per
    structure how they compare with the contours under review, once they are predicted.
    """

    __tablename__ = "prediction_run"
    __table_args__ = (
        Index(
            "one_prediction_per_device",
            "device",
            unique=True,
            sqlite_where=_HOLDS_DEVICE,
            postgresql_where=_HOLDS_DEVICE,
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    state: PredictionState = Field(sa_type=enum_by_value(PredictionState), index=True)
    model_id: int = Field(foreign_key="model_version.id", index=True)
    cases: list[str] = Field(sa_column=Column(JSON, nullable=False))
    structures: list[str] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    found: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    uncertainty: Uncertainty = Field(sa_type=enum_by_value(Uncertainty))
    member_ids: list[int] = Field(sa_column=Column(JSON, nullable=False))
    device: str = "cpu"
    dask_address: str | None = None
    requested_by_id: int | None = Field(default=None, foreign_key="reader.id")
    actor: str
    worker: str | None = None
    heartbeat_at_utc: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempt: int = 0
    max_attempts: int = 3
    cancel_requested: bool = False
    progress: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    new_labels: int = 0
    error: str | None = None
    created_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    started_at_utc: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at_utc: datetime | None = Field(default=None, sa_type=UtcDateTime)


class LabelUncertainty(SQLModel, table=True):
    """How far several predictions of one contour differ. Append-only.

    `disagreement` is 1 minus the mean Dice of all pairs of `members` predictions (of two empty ones
    0, before 0.3 it was 1); `volume_spread`
    is the largest minus the smallest volume over their mean, undefined when all are empty.
    """

    __tablename__ = "label_uncertainty"
    id: int | None = Field(default=None, primary_key=True)
    label_version_id: int = Field(foreign_key="label_version.id", unique=True)
    method: Uncertainty = Field(sa_type=enum_by_value(Uncertainty))
    members: int
    disagreement: float
    volume_spread: float | None = None
    measured_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class PredictionLabel(SQLModel, table=True):
    """A contour and the prediction it came from. Append-only.

    It is under review while the newest decision on its prediction says so; a contour without such a
    row was never withheld (review/labels.py). `entropy` is how unsure the network was of it: the
    mean binary entropy (bits, 0 to 1) where the structure may lie; None from before 0042.
    """

    __tablename__ = "prediction_label"
    id: int | None = Field(default=None, primary_key=True)
    prediction_id: int = Field(foreign_key="prediction_run.id", index=True)
    label_version_id: int = Field(foreign_key="label_version.id", unique=True)
    entropy: float | None = None


class PredictionDecision(SQLModel, table=True):
    """A person's word on the contours of a prediction; the newest row counts. Append-only."""

    __tablename__ = "prediction_decision"
    id: int | None = Field(default=None, primary_key=True)
    prediction_id: int = Field(foreign_key="prediction_run.id", index=True)
    act: PredictionAct = Field(sa_type=enum_by_value(PredictionAct))
    actor: str
    reason: str = ""
    decided_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)

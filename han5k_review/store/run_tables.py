"""Tables of measuring and retraining: metrics by mask hashes, runs, their events and scores."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from han5k_review.store.columns import UtcDateTime, enum_by_value, utc_now
from han5k_review.store.vocabulary import Arm, ReferenceKind, RunState

RUN_HOLDS_DEVICE = (RunState.PREPARING, RunState.TRAINING, RunState.EVALUATING)
"""States in which a run holds its device; no other run may then."""
_HOLDS_DEVICE = text("state IN ('preparing', 'training', 'evaluating')")


class Metric(SQLModel, table=True):
    """The panel of one (reference mask, prediction mask) under one definition.

    Undefined values (nan) are NULL; distances to an empty mask are infinite and stored as such.
    """

    __tablename__ = "metric"
    __table_args__ = (
        UniqueConstraint(
            "reference_sha256",
            "prediction_sha256",
            "definition",
            "definition_version",
            "tolerance_mm",
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    reference_sha256: str = Field(index=True)
    prediction_sha256: str = Field(index=True)
    definition: str
    definition_version: str
    tolerance_mm: float
    dice: float | None = None
    jaccard: float | None = None
    volume_reference_cc: float | None = None
    volume_prediction_cc: float | None = None
    hd_mm: float | None = None
    hd95_mm: float | None = None
    masd_mm: float | None = None
    assd_mm: float | None = None
    median_surface_distance_mm: float | None = None
    surface_dice: float | None = None
    apl_mm: float | None = None
    vrd: float | None = None
    centroid_distance_mm: float | None = None
    false_positive_cc: float | None = None
    false_negative_cc: float | None = None
    components_reference: int | None = None
    components_prediction: int | None = None
    software_version: str
    computed_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class MetricFailure(SQLModel, table=True):
    """A pair that could not be measured, and why; the newest row of a pair counts. Append-only.

    Without a definition (written by a version before 0006) it counts for every one.
    """

    __tablename__ = "metric_failure"
    id: int | None = Field(default=None, primary_key=True)
    reference_sha256: str = Field(index=True)
    prediction_sha256: str
    definition: str | None = None
    definition_version: str | None = None
    tolerance_mm: float
    reason: str
    failed_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class RetrainRun(SQLModel, table=True):
    """One retraining run: the record the worker claims, heartbeats and moves through its states."""

    __tablename__ = "retrain_run"
    __table_args__ = (
        Index(
            "one_run_per_device",
            "device",
            unique=True,
            sqlite_where=_HOLDS_DEVICE,
            postgresql_where=_HOLDS_DEVICE,
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    state: RunState = Field(sa_type=enum_by_value(RunState), index=True)
    preset: str
    group: str
    settings: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    manifest_sha256: str | None = None
    parent_model_id: int | None = Field(default=None, foreign_key="model_version.id")
    result_model_id: int | None = Field(default=None, foreign_key="model_version.id")
    requested_by_id: int | None = Field(default=None, foreign_key="reader.id")
    request_id: str | None = Field(default=None, unique=True, index=True)
    device: str = "cpu"
    worker: str | None = None
    pid: int | None = None
    pid_started: str | None = None
    heartbeat_at_utc: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempt: int = 0
    max_attempts: int = 3
    cancel_requested: bool = False
    progress: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    error: str | None = None
    created_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    started_at_utc: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at_utc: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RunEvent(SQLModel, table=True):
    """Something that happened in a run: a state change, an epoch, a warning. Append-only."""

    __tablename__ = "run_event"
    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="retrain_run.id", index=True)
    at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    kind: str
    payload: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class RunScore(SQLModel, table=True):
    """One held-out (case, structure) measured for the parent or the candidate of a run."""

    __tablename__ = "run_score"
    __table_args__ = (UniqueConstraint("run_id", "case_id", "structure", "arm"),)
    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="retrain_run.id", index=True)
    case_id: int = Field(foreign_key="study_case.id")
    structure: str
    arm: Arm = Field(sa_type=enum_by_value(Arm))
    reference_kind: ReferenceKind = Field(sa_type=enum_by_value(ReferenceKind))
    reference_sha256: str
    prediction_sha256: str
    dice: float | None = None
    hd95_mm: float | None = None
    surface_dice: float | None = None
    volume_prediction_cc: float | None = None

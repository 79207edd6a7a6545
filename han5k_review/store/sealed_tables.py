"""Tables of the sealed test set: its patients, and each time that it was opened."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from han5k_review.store.columns import UtcDateTime, utc_now


class SealedPatient(SQLModel, table=True):
    """A held-out patient who judges no run, until the test set is opened. Append-only."""

    __tablename__ = "sealed_patient"
    id: int | None = Field(default=None, primary_key=True)
    patient: str = Field(unique=True)
    actor: str
    reason: str
    sealed_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class SealedOpening(SQLModel, table=True):
    """The sealed test set, measured once for the model of one run. Append-only.

    `found`: structure -> verdict of the gate on these patients.
    """

    __tablename__ = "sealed_opening"
    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="retrain_run.id", unique=True)
    model_id: int = Field(foreign_key="model_version.id", index=True)
    patients: int
    found: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    actor: str
    reason: str
    opened_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)

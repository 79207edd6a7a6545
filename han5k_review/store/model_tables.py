"""Tables of what people decided about models, and declared of them."""

from datetime import datetime

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from han5k_review.store.columns import UtcDateTime, enum_by_value, utc_now
from han5k_review.store.vocabulary import ModelAct


class ModelDecision(SQLModel, table=True):
    """A person's word on a model version: who, what, why. Append-only.

    `failed_structures` failed the gate and were promoted all the same.
    """

    __tablename__ = "model_decision"
    id: int | None = Field(default=None, primary_key=True)
    model_id: int = Field(foreign_key="model_version.id", index=True)
    act: ModelAct = Field(sa_type=enum_by_value(ModelAct))
    actor: str
    reason: str
    failed_structures: list[str] = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False)
    )
    decided_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class DeclaredPatient(SQLModel, table=True):
    """A patient that taught an imported model elsewhere, as a person declared. Append-only.

    `patient` is a pseudonym of this study, when the patient is in it.
    """

    __tablename__ = "declared_patient"
    __table_args__ = (UniqueConstraint("model_id", "patient"),)
    id: int | None = Field(default=None, primary_key=True)
    model_id: int = Field(foreign_key="model_version.id")
    patient: str
    actor: str
    declared_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)

"""The table of what people decided about models."""

from datetime import datetime

from sqlalchemy import JSON, Column
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

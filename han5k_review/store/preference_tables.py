"""The table of preferences: which of two contours beside each other a reader would take."""

from datetime import datetime

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from han5k_review.store.columns import UtcDateTime, enum_by_value, utc_now
from han5k_review.store.vocabulary import Choice


class Preference(SQLModel, table=True):
    """One act of choosing in a read of a forced choice. Append-only.

    `left_id` and `right_id` are the contours as they stood there; `choice` None withdraws the act
    that it supersedes. `supersedes_id` is unique, so two writers cannot both amend the same act.
    Which label source stood where is in `read_contour`.
    """

    __tablename__ = "preference"
    id: int | None = Field(default=None, primary_key=True)
    assignment_id: int = Field(foreign_key="assignment.id", index=True)
    structure: str
    left_id: int = Field(foreign_key="label_version.id", index=True)
    right_id: int = Field(foreign_key="label_version.id", index=True)
    choice: Choice | None = Field(
        default=None, sa_column=Column(enum_by_value(Choice), nullable=True)
    )
    comment: str = ""
    opened_at_utc: datetime | None = Field(default=None, sa_type=UtcDateTime)
    chosen_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    active_seconds: float | None = None
    supersedes_id: int | None = Field(default=None, foreign_key="preference.id", unique=True)
    request_id: str = Field(unique=True)

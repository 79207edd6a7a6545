"""The table of names that people confirmed: which ROI name of a clinic is which structure."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from han5k_review.store.columns import UtcDateTime, utc_now


class ConfirmedName(SQLModel, table=True):
    """A person's word on a name: it is `structure`, or (None) is left out. Append-only.

    `written` is the name as the file wrote it. Of several rows of one name the newest counts.
    """

    __tablename__ = "confirmed_name"
    id: int | None = Field(default=None, primary_key=True)
    written: str = Field(index=True)
    structure: str | None = None
    actor: str
    confirmed_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)

"""The table of signatures: a reader's word that a read is complete and final, and who lifted it."""

from datetime import datetime

from sqlalchemy import Column, Text
from sqlmodel import Field, SQLModel

from han5k_review.store.columns import UtcDateTime, enum_by_value, utc_now
from han5k_review.store.vocabulary import SignatureAct


class ReadSignature(SQLModel, table=True):
    """One act on a read: signed by its reader, or unlocked by another person. Append-only.

    The newest row of an assignment counts. `signer` is the account's name at the time, `meaning`
    what was signed (of an unlocking: the reason), `grades_sha256` the hash of all grades in force
    then (`review/signing.py`), `grades` their number.
    """

    __tablename__ = "read_signature"
    id: int | None = Field(default=None, primary_key=True)
    assignment_id: int = Field(foreign_key="assignment.id", index=True)
    act: SignatureAct = Field(sa_type=enum_by_value(SignatureAct))
    by_id: int = Field(foreign_key="reader.id")
    signer: str
    meaning: str = Field(sa_column=Column(Text, nullable=False))
    grades: int
    grades_sha256: str
    at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)

"""The table of consensus grades: what an adjudicator says of a contour that readers have graded."""

from datetime import datetime

from sqlalchemy import Column, Text
from sqlmodel import Field, SQLModel

from han5k_review.store.columns import UtcDateTime, enum_by_value, utc_now
from han5k_review.store.vocabulary import AdjudicationRule, GradeLevel


class ConsensusGrade(SQLModel, table=True):
    """An adjudicator's grade of one contour, beside the readers' grades, which stay. Append-only.

    The newest row of a contour counts, as long as no act of a read that counts came after
    `last_grade_id`, the newest one that the adjudicator saw (`review/consensus.py`). `rule` is what
    asked for it, `reads` the number of grades that were in force.
    """

    __tablename__ = "consensus_grade"
    id: int | None = Field(default=None, primary_key=True)
    label_version_id: int = Field(foreign_key="label_version.id", index=True)
    case_id: int = Field(foreign_key="study_case.id", index=True)
    structure: str
    protocol_id: int = Field(foreign_key="protocol_version.id")
    rule: AdjudicationRule = Field(sa_type=enum_by_value(AdjudicationRule))
    reads: int
    last_grade_id: int = Field(foreign_key="grade.id")
    scale: str
    raw_code: str
    level: GradeLevel = Field(sa_type=enum_by_value(GradeLevel))
    comment: str = Field(default="", sa_column=Column(Text, nullable=False))
    adjudicator_id: int = Field(foreign_key="reader.id", index=True)
    graded_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)

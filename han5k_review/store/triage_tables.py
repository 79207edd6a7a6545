"""Tables of triage: what was measured of contours, rounds of scores, and draws of cases by them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from han5k_review.store.columns import UtcDateTime, enum_by_value, utc_now
from han5k_review.store.vocabulary import DrawArm, TriageKind


class TriageMeasure(SQLModel, table=True):
    """What was measured of one contour beside the others of its case. Append-only.

    `version` is that of the measurements (`triage.features.TRIAGE_VERSION`); `beside_sha256` tells
    the CT and all contours of the case that it was measured beside.
    """

    __tablename__ = "triage_measure"
    __table_args__ = (UniqueConstraint("label_version_id", "version", "beside_sha256"),)
    id: int | None = Field(default=None, primary_key=True)
    label_version_id: int = Field(foreign_key="label_version.id", index=True)
    version: str
    beside_sha256: str = Field(index=True)
    found: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    measured_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class TriageRound(SQLModel, table=True):
    """One scoring of all contours under review. Append-only.

    `kind` says what a score is; `content_sha256` of what it was made from, so that nothing is
    scored twice. `area` is the area under the ROC curve in cross-validation by patient, where
    `graded` contours taught it.
    """

    __tablename__ = "triage_round"
    id: int | None = Field(default=None, primary_key=True)
    version: str
    kind: TriageKind = Field(sa_type=enum_by_value(TriageKind))
    content_sha256: str
    contours: int
    graded: int
    area: float | None = None
    actor: str
    made_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class TriageScore(SQLModel, table=True):
    """The score of one contour in one round, and its reasons in words. Append-only.

    `doubt` is 0 to 1: a probability or a rank, as the round's kind says.
    """

    __tablename__ = "triage_score"
    __table_args__ = (UniqueConstraint("round_id", "label_version_id"),)
    id: int | None = Field(default=None, primary_key=True)
    round_id: int = Field(foreign_key="triage_round.id", index=True)
    label_version_id: int = Field(foreign_key="label_version.id", index=True)
    doubt: float
    is_doubtful: bool
    reasons: list[str] = Field(sa_column=Column(JSON, nullable=False))


class TriageDraw(SQLModel, table=True):
    """Why a case came on a reader's list when triage chose. Append-only.

    Of `stratum_cases` cases of the same stratum of scores, among `pool_cases` in all, the random
    arm drew `stratum_drawn` of `drawn`: each with `probability`, known before. A case that was
    chosen for its doubt has no probability. `doubt` is what the list was sorted by: the contours
    that are expected to be revised, or the expected gain per minute (the audit row says which).
    """

    __tablename__ = "triage_draw"
    id: int | None = Field(default=None, primary_key=True)
    round_id: int = Field(foreign_key="triage_round.id", index=True)
    reader_id: int = Field(foreign_key="reader.id", index=True)
    case_id: int = Field(foreign_key="study_case.id", index=True)
    arm: DrawArm = Field(sa_type=enum_by_value(DrawArm))
    doubt: float
    stratum: int
    stratum_cases: int
    stratum_drawn: int
    pool_cases: int
    drawn: int
    probability: float | None = None
    seed: int
    drawn_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)

"""Tables of the reader study: versions of its protocol, what each read shows, planted errors."""

from datetime import datetime

from sqlalchemy import JSON, Column, UniqueConstraint, text, true
from sqlmodel import Field, SQLModel

from han5k_review.statistics.releases import ManyRule
from han5k_review.store.columns import UtcDateTime, enum_by_value, utc_now
from han5k_review.store.vocabulary import (
    AdjudicationRule,
    Blinding,
    CertificateKind,
    Endpoint,
    PlantedKind,
    Preset,
    ReadOrder,
)


class ProtocolVersion(SQLModel, table=True):
    """What the study asks of its readers; the row with the highest number counts. Append-only.

    `protocol.rules` says what each column means and which values fit together.
    """

    __tablename__ = "protocol_version"
    id: int | None = Field(default=None, primary_key=True)
    number: int = Field(unique=True)
    preset: Preset = Field(sa_type=enum_by_value(Preset))
    scale: str
    structures: list[str] = Field(sa_column=Column(JSON, nullable=False))
    sources: list[str] = Field(sa_column=Column(JSON, nullable=False))
    reads_per_case: int
    repeat_share: float
    repeat_weeks: int
    calibration_cases: list[str] = Field(sa_column=Column(JSON, nullable=False))
    planted_share: float
    planted_kinds: list[str] = Field(sa_column=Column(JSON, nullable=False))
    order: ReadOrder = Field(
        sa_column=Column("read_order", enum_by_value(ReadOrder), nullable=False)
    )
    blinding: Blinding = Field(sa_type=enum_by_value(Blinding))
    adjudication: AdjudicationRule = Field(sa_type=enum_by_value(AdjudicationRule))
    adjudication_share: float
    ai_assistance: bool
    asks_source: bool
    asks_confidence: bool
    lease_days: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    manual_share: float = Field(default=0.0, sa_column_kwargs={"server_default": text("0")})
    allows_neither: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    endpoint: Endpoint = Field(sa_type=enum_by_value(Endpoint))
    certificate: CertificateKind = Field(sa_type=enum_by_value(CertificateKind))
    limit: float = Field(sa_column_kwargs={"name": "certificate_limit"})
    error_rate: float
    many_rule: ManyRule = Field(sa_type=enum_by_value(ManyRule))
    fixed_failures: int
    seed: int
    reason: str = ""
    actor: str
    created_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class ReadContour(SQLModel, table=True):
    """One contour that a read shows; a read without such rows shows what is under review.

    In a forced choice it stands on the left, and `right_id` on the right; `left_source` and
    `right_source` are the label sources of the protocol that they come from.
    """

    __tablename__ = "read_contour"
    __table_args__ = (UniqueConstraint("assignment_id", "structure"),)
    id: int | None = Field(default=None, primary_key=True)
    assignment_id: int = Field(foreign_key="assignment.id")
    structure: str
    label_version_id: int = Field(foreign_key="label_version.id", index=True)
    right_id: int | None = Field(default=None, foreign_key="label_version.id")
    left_source: str | None = None
    right_source: str | None = None


class PlantedContour(SQLModel, table=True):
    """An error made on purpose: its label version, what it was made from, and how. Append-only."""

    __tablename__ = "planted_contour"
    id: int | None = Field(default=None, primary_key=True)
    label_version_id: int = Field(foreign_key="label_version.id", unique=True)
    original_id: int = Field(foreign_key="label_version.id", index=True)
    kind: PlantedKind = Field(sa_type=enum_by_value(PlantedKind))
    planted_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class ReadingPause(SQLModel, table=True):
    """Reading stops or goes on, for one reader or (None) for all; the newest row of each counts.

    Append-only.
    """

    __tablename__ = "reading_pause"
    id: int | None = Field(default=None, primary_key=True)
    reader_id: int | None = Field(default=None, foreign_key="reader.id", index=True)
    paused: bool
    reason: str = ""
    actor: str
    at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)

"""Tables of the clinical record: cases, labels, readers, grades, revisions, audit.

Rows of the tables in `APPEND_ONLY` are never changed or deleted; the database refuses it.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint, false
from sqlmodel import Field, SQLModel

from han5k_review.store.columns import UtcDateTime, enum_by_value, utc_now
from han5k_review.store.protocol_tables import ProtocolVersion
from han5k_review.store.vocabulary import (
    Decision,
    GradeLevel,
    LabelSource,
    Role,
    SourceGuess,
    Split,
)

APPEND_ONLY = (
    "label_version",
    "grade",
    "revision",
    "revision_decision",
    "run_event",
    "audit",
    "draft_patch",
    "draft_snapshot",
    "draft_prompt",
    "draft_submission",
    "structure_lock",
    "label_uncertainty",
    "metric_failure",
    "model_decision",
    "confirmed_name",
    "read_signature",
    "prediction_label",
    "prediction_decision",
    "protocol_version",
    "planted_contour",
    "reading_pause",
    "triage_measure",
    "triage_round",
    "triage_score",
    "triage_draw",
    "consensus_grade",
    "preference",
    "declared_patient",
    "sealed_patient",
    "sealed_opening",
    "proposal_round",
    "proposal",
    "proposal_decision",
)


ADJUDICATION_INDEX = 0


class StudyInfo(SQLModel, table=True):
    """The one row that says what study this database holds."""

    __tablename__ = "study_info"
    id: int = Field(default=1, primary_key=True)
    name: str
    protocol_version: str
    scale: str
    created_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class Case(SQLModel, table=True):
    """One CT under its pseudonym. `affine_ras` is 4 x 4, row-major, of the grid in LPS axes.

    `planes_sha256` tells the CT whatever its header says (`CtVolume.planes_sha256`); None for a
    case of before, until the next import measures it. `frame_sha256` is the hash of the frame of
    reference of a DICOM series with `image_sha256` (`hash_frame`); None where none is known.
    """

    __tablename__ = "study_case"
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    patient: str = Field(index=True)
    split: Split = Field(sa_type=enum_by_value(Split))
    image_sha256: str = Field(index=True)
    planes_sha256: str | None = Field(default=None, index=True)
    frame_sha256: str | None = None
    shape_ijk: list[int] = Field(sa_column=Column(JSON, nullable=False))
    affine_ras: list[list[float]] = Field(sa_column=Column(JSON, nullable=False))
    imported_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class Reader(SQLModel, table=True):
    """A local account. `pseudonym` is what exports show.

    `must_change_password` holds while somebody else knows the password: it was theirs to choose.
    `outside_id` is provider and subject of a person whom the hospital's sign-in vouches for.
    """

    __tablename__ = "reader"
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    pseudonym: str = Field(unique=True)
    role: Role = Field(sa_type=enum_by_value(Role))
    password_hash: str
    active: bool = True
    must_change_password: bool = False
    outside_id: str | None = Field(default=None, unique=True, index=True)
    created_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class ModelVersion(SQLModel, table=True):
    """A trained model: a folder of the study, with the hash of its checkpoint."""

    __tablename__ = "model_version"
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    parent_id: int | None = Field(default=None, foreign_key="model_version.id")
    run_id: int | None = Field(default=None, index=True)
    group: str = Field(default="1")
    folder: str
    checkpoint_sha256: str
    labels: dict[str, int] = Field(sa_column=Column(JSON, nullable=False))
    state: str = Field(default="candidate", max_length=32)
    card: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    created_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class LabelVersion(SQLModel, table=True):
    """One mask of one structure of one case, and who made it. Append-only.

    `started_from_id` is the label version that the edit of a revision began with, that an error was
    planted in, or that an empty start or a proposal takes the place of. The algorithm's kind
    (AUTOMATIC, ...), name and version are those of an imported DICOM SEG, else empty.
    """

    __tablename__ = "label_version"
    __table_args__ = (Index("ix_label_version_case_structure", "case_id", "structure"),)
    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="study_case.id")
    structure: str = Field(index=True)
    source: LabelSource = Field(sa_type=enum_by_value(LabelSource))
    mask_sha256: str = Field(index=True)
    voxels: int
    volume_cc: float
    started_from_id: int | None = Field(default=None, foreign_key="label_version.id")
    reader_id: int | None = Field(default=None, foreign_key="reader.id")
    model_version_id: int | None = Field(default=None, foreign_key="model_version.id")
    note: str = ""
    algorithm_kind: str = Field(default="", sa_column_kwargs={"server_default": ""})
    algorithm_name: str = Field(default="", sa_column_kwargs={"server_default": ""})
    algorithm_version: str = Field(default="", sa_column_kwargs={"server_default": ""})
    created_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)

    @property
    def algorithm(self) -> str:
        """Kind, name and version of the algorithm in one text; empty where none is known."""
        known = (self.algorithm_kind, self.algorithm_name, self.algorithm_version)
        return ", ".join(filter(None, known))


class Assignment(SQLModel, table=True):
    """One reader's task: read one case once. The resume place is the only part that moves.

    Reads count from 1; `read_index` 0 is no read but the place where an adjudicator edits the case.

    A read of a protocol has `protocol_id`, its contours in `read_contour`, and `alias`, the name
    by which its reader knows it; a hidden repeat says what it repeats. A read that was left
    half-way is closed: its grades stay, nothing more comes.
    """

    __tablename__ = "assignment"
    __table_args__ = (UniqueConstraint("case_id", "reader_id", "read_index"),)
    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="study_case.id")
    reader_id: int = Field(foreign_key="reader.id", index=True)
    presentation_order: int
    read_index: int = 1
    is_repeat: bool = False
    is_calibration: bool = False
    blinded: bool = True
    resume_structure: str | None = None
    resume_slice: int | None = None
    protocol_id: int | None = Field(
        default=None, foreign_key=f"{ProtocolVersion.__tablename__}.id", index=True
    )
    repeat_of_id: int | None = Field(default=None, foreign_key="assignment.id")
    alias: str | None = None
    closed_at_utc: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)

    @property
    def is_adjudication(self) -> bool:
        """True for the place where an adjudicator edits further: nothing to grade here."""
        return self.read_index == ADJUDICATION_INDEX


class Grade(SQLModel, table=True):
    """One act of grading. `raw_code` None withdraws the grade it supersedes. Append-only.

    `in_bulk`: accepted with the rest, after the reader had scrolled through the structure.

    `supersedes_id` is unique, so two writers cannot both amend the same grade.
    """

    __tablename__ = "grade"
    id: int | None = Field(default=None, primary_key=True)
    assignment_id: int = Field(foreign_key="assignment.id", index=True)
    label_version_id: int = Field(foreign_key="label_version.id", index=True)
    structure: str
    scale: str
    raw_code: str | None = None
    level: GradeLevel | None = Field(
        default=None, sa_column=Column(enum_by_value(GradeLevel), nullable=True)
    )
    tags: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    comment: str = ""
    flagged_slices: list[int] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    confidence: int | None = None
    source_guess: SourceGuess | None = Field(
        default=None, sa_column=Column(enum_by_value(SourceGuess), nullable=True)
    )
    opened_at_utc: datetime | None = Field(default=None, sa_type=UtcDateTime)
    graded_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    active_seconds: float | None = None
    in_bulk: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    supersedes_id: int | None = Field(default=None, foreign_key="grade.id", unique=True)
    request_id: str = Field(unique=True)


class Revision(SQLModel, table=True):
    """A corrected contour a reader submitted: `label_version_id`. Append-only.

    `reviewed_id` is the contour under review that it corrects and is measured against; what the
    edit began with is its label version's `started_from_id`, which can be an earlier revision.
    `hd95_mm` is NULL where it is undefined or infinite, and in revisions older than 0040.
    `grade_id` is the grade in force when it was submitted; the one that counts, also when it came
    later, is derived (review/declared_grades.py).
    """

    __tablename__ = "revision"
    id: int | None = Field(default=None, primary_key=True)
    label_version_id: int = Field(foreign_key="label_version.id", unique=True)
    reviewed_id: int = Field(foreign_key="label_version.id", index=True)
    grade_id: int | None = Field(default=None, foreign_key="grade.id")
    reader_id: int = Field(foreign_key="reader.id")
    vrd: float | None = None
    apl_mm: float | None = None
    slices_edited: int | None = None
    hd95_mm: float | None = None
    active_seconds: float | None = None
    submitted_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class RevisionDecision(SQLModel, table=True):
    """An adjudicator's word on a revision; the newest row of a revision counts. Append-only."""

    __tablename__ = "revision_decision"
    id: int | None = Field(default=None, primary_key=True)
    revision_id: int = Field(foreign_key="revision.id", index=True)
    decision: Decision = Field(sa_type=enum_by_value(Decision))
    reason: str = ""
    decided_by_id: int = Field(foreign_key="reader.id")
    decided_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class Audit(SQLModel, table=True):
    """Who did what to what, when. Append-only; `store/audit.py` writes it and says how it chains.

    `at_utc`: when it was done, `recorded_at_utc`: when the row was written, never before the row
    before it. `previous_sha256` is the hash of that row; unique, so that no two follow the same.
    """

    __tablename__ = "audit"
    id: int | None = Field(default=None, primary_key=True)
    at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    actor: str
    action: str = Field(index=True)
    subject: str = Field(index=True)
    detail: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    recorded_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    previous_sha256: str = Field(default="", index=True, unique=True)
    sha256: str = ""

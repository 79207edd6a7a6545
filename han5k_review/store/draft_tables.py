"""Tables of editing: drafts, their journal of patches, snapshots, submissions and locks."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from han5k_review.store.columns import UtcDateTime, enum_by_value, utc_now
from han5k_review.store.vocabulary import DraftState, GradeLevel, PatchMode

_IS_OPEN = text("state = 'open'")


class Draft(SQLModel, table=True):
    """One reader's unfinished correction of one structure: a label version plus its patches.

    This row is the head of the journal: version, lease and place move, the patches never do.
    """

    __tablename__ = "draft"
    __table_args__ = (
        Index(
            "one_open_draft",
            "assignment_id",
            "structure",
            unique=True,
            sqlite_where=_IS_OPEN,
            postgresql_where=_IS_OPEN,
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    assignment_id: int = Field(foreign_key="assignment.id", index=True)
    case_id: int = Field(foreign_key="study_case.id", index=True)
    structure: str
    base_label_version_id: int = Field(foreign_key="label_version.id")
    reviewed_label_version_id: int = Field(foreign_key="label_version.id")
    state: DraftState = Field(sa_type=enum_by_value(DraftState))
    version: int = 0
    voxels: int
    active_seconds: float = 0.0
    place: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    lease_holder: str | None = None
    lease_until_utc: datetime | None = Field(default=None, sa_type=UtcDateTime)
    opened_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    changed_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class DraftPatch(SQLModel, table=True):
    """One stroke, as it was accepted: makes version `version` of its draft. Append-only.

    `runs` marks voxels of the box at `start_ijk` (review.voxel_runs); `voxels` is the size of the
    whole structure afterwards, so that a replay proves itself.
    """

    __tablename__ = "draft_patch"
    __table_args__ = (UniqueConstraint("draft_id", "version"),)
    id: int | None = Field(default=None, primary_key=True)
    draft_id: int = Field(foreign_key="draft.id")
    version: int
    patch_id: str = Field(unique=True)
    content_sha256: str
    tool: str
    mode: PatchMode = Field(sa_type=enum_by_value(PatchMode))
    start_ijk: list[int] = Field(sa_column=Column(JSON, nullable=False))
    shape_ijk: list[int] = Field(sa_column=Column(JSON, nullable=False))
    runs: bytes
    voxels: int
    active_seconds: float
    received_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class DraftPrompt(SQLModel, table=True):
    """A prompt that a server answered for version `version` of a draft. Append-only.

    The step that the reader made of it is version `version + 1` and its tool `prompt-<kind>`;
    there is none when the answer was not taken. `points` are voxel indices (i, j, k); server,
    its version and the licence of its model in the server's own words.
    """

    __tablename__ = "draft_prompt"
    id: int | None = Field(default=None, primary_key=True)
    draft_id: int = Field(foreign_key="draft.id", index=True)
    version: int
    prompt_id: str
    kind: str
    include: bool
    points: list[list[int]] = Field(sa_column=Column(JSON, nullable=False))
    server: str
    server_version: str
    licence: str
    answered_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class DraftSnapshot(SQLModel, table=True):
    """The mask of a draft at a version, so that a replay need not start at the base. Append-only.

    Two servers may write the same one; either is right.
    """

    __tablename__ = "draft_snapshot"
    id: int | None = Field(default=None, primary_key=True)
    draft_id: int = Field(foreign_key="draft.id", index=True)
    version: int
    mask_sha256: str
    made_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class DraftSubmission(SQLModel, table=True):
    """How a draft became a revision, and the grade beside the edit. Append-only."""

    __tablename__ = "draft_submission"
    id: int | None = Field(default=None, primary_key=True)
    draft_id: int = Field(foreign_key="draft.id", unique=True)
    revision_id: int = Field(foreign_key="revision.id", unique=True)
    request_id: str = Field(unique=True)
    version: int
    slices_edited: int
    declared_level: GradeLevel | None = Field(
        default=None, sa_column=Column(enum_by_value(GradeLevel), nullable=True)
    )
    suggested_levels: list[str] = Field(sa_column=Column(JSON, nullable=False))
    question: str | None = None
    confirmed: bool
    submitted_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class StructureLock(SQLModel, table=True):
    """Locks or unlocks one structure of one case; the newest row counts. Append-only."""

    __tablename__ = "structure_lock"
    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="study_case.id", index=True)
    structure: str
    locked: bool
    label_version_id: int | None = Field(default=None, foreign_key="label_version.id")
    reason: str = ""
    by_id: int = Field(foreign_key="reader.id")
    at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)

"""The table of imports that pages start: a folder tree, and where its import stands."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, text
from sqlmodel import Field, SQLModel

from han5k_review.store.columns import UtcDateTime, enum_by_value, utc_now
from han5k_review.store.vocabulary import ImportState, LabelSource, Split

IMPORT_HOLDS_DEVICE = (ImportState.IMPORTING,)
"""States in which an import works; no other import of the study does then."""
_HOLDS_DEVICE = text("state = 'importing'")


class TreeImport(SQLModel, table=True):
    """A folder tree that is to be imported, or looked through (`dry_run`).

    `device` is always `import`: one import of a study works at a time, whatever trains or draws.
    `found` are the counts of cases by outcome, once it is done. `structure_sets` is the rule by
    which one of several structure sets is taken, `set_label` and `reference_label` what the labels
    of those that are meant hold.
    """

    __tablename__ = "tree_import"
    __table_args__ = (
        Index(
            "one_tree_import_at_a_time",
            "device",
            unique=True,
            sqlite_where=_HOLDS_DEVICE,
            postgresql_where=_HOLDS_DEVICE,
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    state: ImportState = Field(sa_type=enum_by_value(ImportState), index=True)
    root: str
    contours: LabelSource = Field(sa_type=enum_by_value(LabelSource))
    naming: str
    split: Split | None = Field(default=None, sa_type=enum_by_value(Split), nullable=True)
    dry_run: bool
    in_place: bool = False
    structure_sets: str = "one"
    set_label: str = ""
    reference_label: str = ""
    doses: bool = True
    processes: int
    device: str = "import"
    actor: str
    worker: str | None = None
    heartbeat_at_utc: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempt: int = 0
    cancel_requested: bool = False
    progress: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    found: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    error: str | None = None
    created_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    started_at_utc: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at_utc: datetime | None = Field(default=None, sa_type=UtcDateTime)

"""The table of works in the background of a web process: who holds one, how far it is, its end."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from han5k_review.store.columns import UtcDateTime, enum_by_value, utc_now


class WorkKind(StrEnum):
    """What works in the background of a web process; a `round` makes proposals."""

    EVALUATION = "evaluation"
    RELEASE = "release"
    ROUND = "round"


class WorkState(StrEnum):
    """Where such a work stands; `stopped` is one that could not go on."""

    RUNNING = "running"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    STOPPED = "stopped"


class BackgroundWork(SQLModel, table=True):
    """The present or last work of one kind: one row a kind, so one works at a time of a study.

    `claim` is a random word of the process that works; `heartbeat_at_utc` says that it lives.
    `done` of `total` steps, `first_done` of them before it began, `failed` of them in vain; `said`
    is what came of it, or why it stopped.
    """

    __tablename__ = "background_work"
    kind: WorkKind = Field(sa_type=enum_by_value(WorkKind), primary_key=True)
    title: str
    actor: str
    state: WorkState = Field(sa_type=enum_by_value(WorkState))
    claim: str
    first_done: int = 0
    done: int = 0
    total: int = 0
    failed: int = 0
    cancel_requested: bool = False
    said: str = ""
    started_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    heartbeat_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    finished_at_utc: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @property
    def is_running(self) -> bool:
        """True while it works, as far as its row says."""
        return self.state is WorkState.RUNNING

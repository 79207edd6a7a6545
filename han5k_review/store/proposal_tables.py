"""Tables of proposals: what was learned from accepted revisions, and drawn for other cases."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from han5k_review.store.columns import UtcDateTime, enum_by_value, utc_now
from han5k_review.store.vocabulary import ProposalAct


class ProposalRound(SQLModel, table=True):
    """What was learned of one structure, once, and from what. Append-only.

    `revised` are the accepted label versions that taught, `gains` what each would have gained in
    Dice by a proposal of the others, in that order; `lowest_gain` is the lower bound of their mean.
    Where it is not positive no proposal is made. `skipped`: case -> why it has no proposal.
    """

    __tablename__ = "proposal_round"
    id: int | None = Field(default=None, primary_key=True)
    structure: str = Field(index=True)
    settings: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    revised: list[int] = Field(sa_column=Column(JSON, nullable=False))
    gains: list[float] = Field(sa_column=Column(JSON, nullable=False))
    lowest_gain: float
    skipped: dict[str, str] = Field(sa_column=Column(JSON, nullable=False))
    actor: str
    made_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class Proposal(SQLModel, table=True):
    """A contour that was proposed for one case, in the place of `base_label_version_id`.

    Append-only. Its label version has the source `proposal`: no grade, no contour under review, and
    no revision until a person takes it. `gain`: the predicted gain in Dice.
    """

    __tablename__ = "proposal"
    id: int | None = Field(default=None, primary_key=True)
    round_id: int = Field(foreign_key="proposal_round.id", index=True)
    label_version_id: int = Field(foreign_key="label_version.id", unique=True)
    base_label_version_id: int = Field(foreign_key="label_version.id", index=True)
    gain: float


class ProposalDecision(SQLModel, table=True):
    """A person's word on a proposal; the newest row counts. Append-only.

    `revision_id` is what came of one that was taken as it is.
    """

    __tablename__ = "proposal_decision"
    id: int | None = Field(default=None, primary_key=True)
    proposal_id: int = Field(foreign_key="proposal.id", index=True)
    act: ProposalAct = Field(sa_type=enum_by_value(ProposalAct))
    revision_id: int | None = Field(default=None, foreign_key="revision.id")
    actor: str
    reason: str = ""
    decided_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)

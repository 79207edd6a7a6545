"""Prompts on a draft: what one starts from, and the record of one that was answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.review.assistance import is_assisted
from han5k_review.review.decisions.locking import check_draft_unlocked
from han5k_review.review.drafts.draft_mask import Index, MaskShelf
from han5k_review.review.drafts.journal import replay
from han5k_review.review.drafts.leases import check_holder
from han5k_review.review.drafts.opening import get_open_draft
from han5k_review.review.refusals import DraftError, Reason
from han5k_review.store.draft_tables import DraftPrompt
from han5k_review.store.identity import stored_id
from han5k_review.store.label_files import LabelFiles
from han5k_review.store.tables import Assignment

NO_ASSISTANCE = (
    "The protocol of this study allows no assistance while drawing, so prompts are not answered; "
    "draw by hand."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptStart:
    """Which draft a prompt is for, from which tab, and the version that it starts from."""

    structure: str
    holder: str
    draft_id: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredPrompt:
    """What is kept of a prompt: what was marked, and who answered it under which licence."""

    draft_id: int
    version: int
    prompt_id: str
    kind: str
    include: bool
    points: Sequence[Index]
    server: str
    server_version: str
    licence: str


def read_start(
    session: Session,
    labels: LabelFiles,
    shelf: MaskShelf,
    *,
    assignment: Assignment,
    start: PromptStart,
    grid: Grid,
) -> StructureMask:
    """The contour that a prompt starts from. Changes nothing.

    DraftError with its reason where the protocol allows no assistance, for a draft that is
    another one or closed, a locked structure, a tab without the lease, another version.
    """
    if not is_assisted(session, assignment):
        raise DraftError(Reason.NO_ASSISTANCE, NO_ASSISTANCE)
    draft = get_open_draft(session, assignment, start.structure, start.draft_id)
    check_draft_unlocked(session, draft)
    check_holder(draft, start.holder)
    if draft.version != start.version:
        raise DraftError(
            Reason.OLD_VERSION if start.version < draft.version else Reason.GAP,
            f"A prompt on version {draft.version} of {draft.structure} was expected, found one on "
            f"version {start.version}; send what is missing, or fetch the draft, and try again.",
            version=draft.version,
        )
    draft_mask = replay(session, labels, shelf, draft, grid)
    mask = draft_mask.to_mask()
    shelf.put(stored_id(draft), draft_mask)
    return mask


def add_prompt(session: Session, answered: AnsweredPrompt, now: datetime) -> None:
    """Keep what was asked and answered, with the licence, before the reader has it."""
    session.add(
        DraftPrompt(
            draft_id=answered.draft_id,
            version=answered.version,
            prompt_id=answered.prompt_id,
            kind=answered.kind,
            include=answered.include,
            points=[list(point) for point in answered.points],
            server=answered.server,
            server_version=answered.server_version,
            licence=answered.licence,
            answered_at_utc=now,
        )
    )

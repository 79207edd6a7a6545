"""Assistance while drawing: whether a read may have it, and which tools of it made an edit.

The journal names a step of a smart tool `smart-...`, one that a server answered `prompt-...`
(docs/assist.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import or_
from sqlmodel import Session, col, select

from han5k_review.store.draft_tables import DraftPatch, DraftPrompt
from han5k_review.store.protocol_tables import ProtocolVersion
from han5k_review.store.tables import Assignment

PROMPT = "prompt-"
_SMART = ("smart-", PROMPT)


def is_smart(tool: str) -> bool:
    """Is a step of this tool made by a smart tool, or by a server that was prompted?"""
    return tool.startswith(_SMART)


def is_assisted(session: Session, assignment: Assignment) -> bool:
    """May this read be drawn in with smart tools? A read by no protocol may."""
    number = assignment.protocol_id
    return number is None or session.get_one(ProtocolVersion, number).ai_assistance


def count_smart_steps(session: Session, draft_id: int) -> Mapping[str, int]:
    """Smart tool -> its steps in the journal of a draft, those taken back later included."""
    is_named = or_(*(col(DraftPatch.tool).startswith(start) for start in _SMART))
    return Counter(
        session.exec(select(DraftPatch.tool).where(DraftPatch.draft_id == draft_id, is_named))
    )


def list_prompt_servers(session: Session, draft_id: int) -> Sequence[str]:
    """Which servers answered prompts of a draft with steps of prompts, each with its licence."""
    query = (
        select(DraftPrompt.server, DraftPrompt.server_version, DraftPrompt.licence)
        .join(DraftPatch, col(DraftPatch.draft_id) == col(DraftPrompt.draft_id))
        .where(DraftPrompt.draft_id == draft_id, col(DraftPatch.tool).startswith(PROMPT))
        .distinct()
    )
    return sorted(
        f"prompts by {server} (nnInteractive {version}), licence {licence}"
        for server, version, licence in session.exec(query)
    )


def has_prompt(session: Session, draft_id: int, tool: str) -> bool:
    """Did a server answer a prompt of this draft that a step of this tool can come from?"""
    kind = tool.removeprefix(PROMPT)
    query = select(DraftPrompt.id).where(DraftPrompt.draft_id == draft_id, DraftPrompt.kind == kind)
    return session.exec(query.limit(1)).first() is not None

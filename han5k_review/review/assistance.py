"""Assistance while drawing: whether a read may have it, and which smart tools made an edit.

The journal names a step of a smart tool `smart-...` (docs/assist.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from sqlmodel import Session, col, select

from han5k_review.store.draft_tables import DraftPatch
from han5k_review.store.protocol_tables import ProtocolVersion
from han5k_review.store.tables import Assignment

_SMART = "smart-"


def is_smart(tool: str) -> bool:
    """Is a step of this tool made by a smart tool?"""
    return tool.startswith(_SMART)


def is_assisted(session: Session, assignment: Assignment) -> bool:
    """May this read be drawn in with smart tools? A read by no protocol may."""
    number = assignment.protocol_id
    return number is None or session.get_one(ProtocolVersion, number).ai_assistance


def count_smart_steps(session: Session, draft_id: int) -> Mapping[str, int]:
    """Smart tool -> its steps in the journal of a draft, those taken back later included."""
    query = select(DraftPatch.tool).where(
        DraftPatch.draft_id == draft_id, col(DraftPatch.tool).startswith(_SMART)
    )
    return Counter(session.exec(query))

"""The audit trail: one row for each change, written in the change's own transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session

from han5k_review.store.tables import Audit


def add_audit(
    session: Session, *, at_utc: datetime, actor: str, action: str, subject: str, **detail: Any
) -> None:
    """Add one audit row; it is committed, or lost, together with the change it describes."""
    session.add(Audit(at_utc=at_utc, actor=actor, action=action, subject=subject, detail=detail))

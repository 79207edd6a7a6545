"""The audit trail: one row for each change, written in the change's own transaction.

The rows form a chain: each holds the hash of the row before it (`store/audit_chain.py`). They are
chained as the last thing of a transaction, so that nobody waits for the chain while holding more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from han5k_review.store.audit_chain import (
    GENESIS_SHA256,
    ChainLink,
    build_detail,
    hash_link,
)
from han5k_review.store.columns import utc_now
from han5k_review.store.tables import Audit

_WAITING = "audit_rows_to_chain"
_CHAIN_LOCK = 0x48614E35  # any number that no other advisory lock of this database has


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditHead:
    """The newest row of the trail: its number, its hash, and when it was recorded."""

    number: int
    sha256: str
    recorded_at_utc: datetime


def add_audit(
    session: Session, *, at_utc: datetime, actor: str, action: str, subject: str, **detail: Any
) -> None:
    """Add one audit row; it is committed, or lost, together with the change it describes.

    In `detail` three words mean the same everywhere: `old` what was, `new` what is, `reason` why.
    The row is written when the transaction ends (`chain_audit`).
    """
    row = Audit(at_utc=at_utc, actor=actor, action=action, subject=subject, detail=detail)
    session.info.setdefault(_WAITING, []).append(row)


def chain_audit(session: Session) -> None:
    """Write the rows that `add_audit` left, each with the hash of the row before it.

    Called once, by `transaction`. Several processes queue: SQLite has one writer anyway, PostgreSQL
    takes an advisory lock until the transaction ends.
    """
    waiting: list[Audit] = session.info.pop(_WAITING, [])
    if not waiting:
        return
    session.flush()  # whatever else waits for other rows does so before the chain is held
    if session.get_bind().dialect.name == "postgresql":
        session.connection().exec_driver_sql(f"SELECT pg_advisory_xact_lock({_CHAIN_LOCK})")
    head = find_audit_head(session)
    previous = GENESIS_SHA256 if head is None else head.sha256
    recorded = utc_now()
    if head is not None:
        recorded = max(
            recorded, head.recorded_at_utc
        )  # a clock that was set back goes on from there
    for row in waiting:
        row.detail = build_detail(row.detail)
        row.recorded_at_utc = recorded
        row.previous_sha256 = previous
        row.sha256 = previous = hash_link(link_of(row))
        session.add(row)
        session.flush()


def link_of(row: Audit) -> ChainLink:
    """What the hash of a row is over."""
    return ChainLink(
        at_utc=row.at_utc,
        recorded_at_utc=row.recorded_at_utc,
        actor=row.actor,
        action=row.action,
        subject=row.subject,
        detail=row.detail,
        previous_sha256=row.previous_sha256,
    )


def find_audit_head(session: Session) -> AuditHead | None:
    """The newest row; None in a study in which nothing was done yet."""
    found = session.exec(
        select(Audit.id, Audit.sha256, Audit.recorded_at_utc)
        .order_by(col(Audit.id).desc())
        .limit(1)
    ).first()
    if found is None:
        return None
    number, sha256, recorded_at_utc = found
    return AuditHead(number=number or 0, sha256=sha256, recorded_at_utc=recorded_at_utc)

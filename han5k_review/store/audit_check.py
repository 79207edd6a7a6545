"""Is the audit trail whole? Every row is hashed again, and must follow the row before it.

A chain alone cannot show that its newest rows are gone; a hash that was written down can: it must
still be the hash of some row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session, col, select

from han5k_review.store.audit import link_of
from han5k_review.store.audit_chain import GENESIS_SHA256, hash_link
from han5k_review.store.columns import format_utc
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Audit

_ROWS_AT_ONCE = 2000
_LATE = timedelta(days=1)  # a long import tells when it began


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditCheck:
    """What was found. `problem` names the first bad row in a sentence; None: the trail is whole.

    `late`: rows that tell of something done more than a day before they were recorded, `first_late`
    the number of the first. That is no fault of the chain, but worth a question.
    """

    rows: int
    sha256: str
    problem: str | None
    late: int = 0
    first_late: int | None = None


def check_audit(session: Session, heads: Sequence[str] = ()) -> AuditCheck:
    """Check every row; each of `heads` (hashes kept elsewhere) must be the hash of a row."""
    rows, late, first_late, before = 0, 0, None, None
    missing = dict.fromkeys(head.strip().lower() for head in heads)
    missing.pop(GENESIS_SHA256, None)
    for row in list_in_order(session):
        problem = _find_problem(row, before)
        if problem is not None:
            return AuditCheck(rows=rows, sha256=_hash_of(before), problem=problem)
        missing.pop(row.sha256, None)
        if row.recorded_at_utc - row.at_utc > _LATE:
            late += 1
            first_late = first_late or row.id
        rows += 1
        before = row
    return AuditCheck(
        rows=rows,
        sha256=_hash_of(before),
        problem=_describe_missing(missing, before) if missing else None,
        late=late,
        first_late=first_late,
    )


def list_in_order(session: Session) -> Iterator[Audit]:
    """Every row by its number, without holding all of them in memory."""
    last = -(2**31)
    while True:
        query = select(Audit).where(col(Audit.id) > last).order_by(col(Audit.id))
        found = session.exec(query.limit(_ROWS_AT_ONCE)).all()
        if not found:
            return
        yield from found
        last = stored_id(found[-1])
        session.expunge_all()


def _find_problem(row: Audit, before: Audit | None) -> str | None:
    if hash_link(link_of(row)) != row.sha256:
        return f"{_name(row)} was altered: its hash does not fit what it says."
    if row.previous_sha256 != _hash_of(before):
        place = "the beginning" if before is None else f"row {before.id}"
        return (
            f"{_name(row)} does not follow {place}: a row between them was removed or put in, or "
            "the order of the rows was changed."
        )
    if before is not None and row.recorded_at_utc < before.recorded_at_utc:
        return (
            f"{_name(row)} is back-dated: it was recorded at {format_utc(row.recorded_at_utc)}, "
            f"the row before it at {format_utc(before.recorded_at_utc)}."
        )
    return None


def _name(row: Audit) -> str:
    return (
        f"Row {row.id} of the audit trail ({row.action}, {row.subject}, {format_utc(row.at_utc)})"
    )


def _hash_of(row: Audit | None) -> str:
    return GENESIS_SHA256 if row is None else row.sha256


def _describe_missing(missing: Iterable[str], last: Audit | None) -> str:
    head, *more = missing
    others = f" (and {len(more)} more)" if more else ""
    end = "the trail is empty" if last is None else f"the last row there is now is row {last.id}"
    return (
        f"The hash {head}{others} that was written down is that of no row: rows at the end of the "
        f"audit trail were removed or made anew; {end}."
    )

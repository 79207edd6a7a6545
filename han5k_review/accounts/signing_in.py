"""Signing in: a name and a password become an identity, and the audit trail says so.

Two steps, so that the slow hash is computed while no write transaction is open:
`authenticate` only reads, `record_attempt` writes the audit row and a refreshed hash.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from han5k_review.accounts.identity import ReaderIdentity, build_identity
from han5k_review.accounts.passwords import decoy_hash, verify_password
from han5k_review.accounts.readers import find_reader
from han5k_review.store.audit import add_audit
from han5k_review.store.tables import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """How a sign-in went: `identity` None means refused. `account` is None for unknown names."""

    identity: ReaderIdentity | None
    account: ReaderIdentity | None
    old_hash: str | None = None
    fresh_hash: str | None = None


def authenticate(session: Session, name: str, password: str) -> Attempt:
    """Check a password. Unknown and closed accounts cost the same time as open ones."""
    reader = find_reader(session, name)
    if reader is None:
        verify_password(decoy_hash(), password)
        return Attempt(identity=None, account=None)
    account = build_identity(reader)
    verification = verify_password(reader.password_hash, password)
    if not verification.matches or not reader.active:
        return Attempt(identity=None, account=account)
    return Attempt(
        identity=account,
        account=account,
        old_hash=reader.password_hash,
        fresh_hash=verification.fresh_hash,
    )


def record_attempt(session: Session, attempt: Attempt, failures: int, now: datetime) -> None:
    """Write the audit row; an unknown name is not written down, it may be a mistyped password.

    `failures` counts the wrong passwords in a row, this attempt included where it is one. Of many
    refusals the 1st, 2nd, 4th, 8th, ... are written, each with its count: a flood stays a few rows.
    """
    if attempt.identity is None and failures & (failures - 1):
        return
    subject = "unknown account"
    if attempt.account is not None:
        subject = f"reader {attempt.account.pseudonym}"
    add_audit(
        session,
        at_utc=now,
        actor=attempt.identity.name if attempt.identity is not None else "",
        action="sign in" if attempt.identity is not None else "sign in refused",
        subject=subject,
        **({"failures": failures} if failures else {}),
    )
    if attempt.identity is None or attempt.fresh_hash is None:
        return
    reader = session.get(Reader, attempt.identity.reader_id)
    if reader is not None and reader.password_hash == attempt.old_hash:
        reader.password_hash = attempt.fresh_hash
        session.add(reader)

"""The form in which an audit row is hashed. It is part of every stored hash: it never changes.

SHA-256 over one line of JSON in ASCII, without spaces, keys in order: a list of the form's name,
the hash of the row before, both times (UTC, microseconds), who, what, on what, and the details.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

GENESIS_SHA256 = "0" * 64
"""What the first row of a study names as the one before it."""

_FORM = "han5k-audit-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainLink:
    """What the hash of an audit row is over."""

    at_utc: datetime
    recorded_at_utc: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    previous_sha256: str


def build_detail(detail: Mapping[str, Any]) -> dict[str, Any]:
    """The details as the database gives them back: JSON's own types, texts as keys."""
    read: dict[str, Any] = json.loads(json.dumps(detail))
    return read


def build_line(link: ChainLink) -> str:
    """The line of JSON that is hashed."""
    return json.dumps(
        [
            _FORM,
            link.previous_sha256,
            _words(link.recorded_at_utc),
            _words(link.at_utc),
            link.actor,
            link.action,
            link.subject,
            link.detail,
        ],
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=True,
    )


def hash_link(link: ChainLink) -> str:
    """SHA-256 of the line, as 64 hexadecimal digits."""
    return hashlib.sha256(build_line(link).encode("ascii")).hexdigest()


def _words(at_utc: datetime) -> str:
    return at_utc.astimezone(UTC).isoformat(timespec="microseconds")

"""Heads of the audit chain in a file that another machine keeps: one line for each, only added.

A line is `2026-05-04T12:00:00.000000Z 1234 <sha256>`: when the row was recorded, its number, its
hash. Whoever alters the database cannot alter this file.
"""

from __future__ import annotations

import os
from pathlib import Path

from han5k_review.errors import DataError, StorageError
from han5k_review.store.audit import AuditHead
from han5k_review.store.columns import format_utc
from han5k_review.texts.paths import say_cause

_HASH_DIGITS = 64


def append_head(path: Path, head: AuditHead) -> bool:
    """Add the head as a line unless the file ends with it; whether it was added.

    StorageError when the file cannot be written.
    """
    line = f"{format_utc(head.recorded_at_utc, 'microseconds')} {head.number} {head.sha256}\n"
    try:
        with path.open("a+b") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - len(line)))
            if file.read() == line.encode():
                return False
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StorageError(
            f"The head of the audit trail was to be added to {path}; the disk answered: "
            f"{error.strerror or error}. Mend the folder or HAN5K_AUDIT_HEADS."
        ) from error
    return True


def read_heads(path: Path) -> list[str]:
    """The hashes in a file of heads, oldest first; DataError for a line that holds none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"A file of heads was expected at {path}, found: {say_cause(error)}."
        ) from error
    heads = []
    for number, line in enumerate(lines, start=1):
        sha256 = line.split()[-1] if line.split() else ""
        if not is_hash(sha256):
            raise DataError(
                f"{path.name} line {number}: a line that ends in a hash of {_HASH_DIGITS} digits "
                f"was expected, found {line[:100]!r}."
            )
        heads.append(sha256)
    return heads


def is_hash(text: str) -> bool:
    """Whether this is a SHA-256 as hexadecimal digits."""
    return len(text) == _HASH_DIGITS and not set(text.lower()) - set("0123456789abcdef")

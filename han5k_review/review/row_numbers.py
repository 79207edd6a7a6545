"""Row numbers: what a reader's browser sees in place of the database's ids.

Ids count: a revision made after a pseudo-label has a higher one, and a draft's id says how many the
others have begun. So each task numbers its rows in an order of its own that only the study's key
tells. The numbers stand in no table: they are the ids, enciphered within the range of ids. Grades
and revisions show no id at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from han5k_review.accounts.study_key import KEY_NAME, read_or_create_key
from han5k_review.errors import DataError
from han5k_review.store.columns import MAX_ROW_ID

_HALF_BITS = 16
_HALF = (1 << _HALF_BITS) - 1
_ROUNDS = 8


class RowKind(StrEnum):
    """Which table a number belongs to: the same id has another number in each."""

    LABEL_VERSION = "label version"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowNumbers:
    """The numbers of one task; without a key (a whole case, no task) they are the ids themselves.

    A balanced Feistel network of keyed BLAKE2b (Luby & Rackoff 1988) enciphers 32 bits; what falls
    outside the range of ids is enciphered again until it falls inside ("cycle walking", Black &
    Rogaway 2002). So each id has one number, each number one id, and both fit the same type.
    """

    key: bytes | None = field(repr=False)
    assignment_id: int

    def show(self, kind: RowKind, row_id: int | None) -> int:
        """The number of a stored row; DataError for a row without an id."""
        if row_id is None:
            raise DataError(f"A stored {kind} was expected, found one without an id.")
        return self._walk(kind, row_id, self._encipher)

    def find(self, kind: RowKind, number: int) -> int:
        """The id behind a number; any number within the range of ids has one."""
        return self._walk(kind, number, self._decipher)

    def _walk(self, kind: RowKind, number: int, step: Callable[[RowKind, int], int]) -> int:
        if self.key is None:
            return number
        if not 1 <= number <= MAX_ROW_ID:
            raise DataError(f"A number of a {kind} from 1 to {MAX_ROW_ID} was expected.")
        value = step(kind, number - 1)
        while value >= MAX_ROW_ID:
            value = step(kind, value)
        return value + 1

    def _encipher(self, kind: RowKind, value: int) -> int:
        left, right = value >> _HALF_BITS, value & _HALF
        for turn in range(_ROUNDS):
            left, right = right, left ^ self._mix(kind, turn, right)
        return left << _HALF_BITS | right

    def _decipher(self, kind: RowKind, value: int) -> int:
        left, right = value >> _HALF_BITS, value & _HALF
        for turn in reversed(range(_ROUNDS)):
            left, right = right ^ self._mix(kind, turn, left), left
        return left << _HALF_BITS | right

    def _mix(self, kind: RowKind, turn: int, half: int) -> int:
        content = turn.to_bytes(1, "big") + half.to_bytes(2, "big")
        digest = hashlib.blake2b(
            content,
            digest_size=2,
            key=self.key or b"",
            salt=self.assignment_id.to_bytes(8, "big"),
            person=kind.encode(),
        )
        return int.from_bytes(digest.digest(), "big")


def number_task(study_root: Path, assignment_id: int) -> RowNumbers:
    """The numbers of one task, from the study's key: the same on every visit."""
    secret = read_or_create_key(study_root / KEY_NAME)
    key = hashlib.blake2b(secret, digest_size=32, person=b"row numbers").digest()
    return RowNumbers(key=key, assignment_id=assignment_id)


WHOLE_CASE = RowNumbers(key=None, assignment_id=0)
"""For whole cases, which only those open who may know where a contour comes from."""

from __future__ import annotations

import pytest

from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Reader
from han5k_review.store.vocabulary import Role


def test_a_stored_row_says_its_id() -> None:
    assert stored_id(_reader(7)) == 7


def test_a_row_that_was_never_written_has_no_id_to_give() -> None:
    with pytest.raises(ValueError, match="found a new Reader without an id"):
        stored_id(_reader(None))


def _reader(number: int | None) -> Reader:
    return Reader(id=number, name="anna", pseudonym="R01", role=Role.READER, password_hash="x")

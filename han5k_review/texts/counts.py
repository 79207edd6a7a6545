"""Numbers with their nouns: `1 case`, `3 cases`. The only place "
"that knows when a noun is plural."""

from __future__ import annotations


def say_count(count: int, one: str, several: str | None = None) -> str:
    """The number and its noun, as `1 case` or `1,204 cases`.

    `one` may be several words, of which the last takes the s (`locked structure`); `several` is
    given where that is not the plural (`revision accepted`, `revisions accepted`).
    """
    return f"{count:,} {choose_form(count, one, several or f'{one}s')}"


def choose_form(count: int, one: str, several: str) -> str:
    """`one` where the count is 1, else `several`: a noun without its number, or a verb."""
    return one if count == 1 else several

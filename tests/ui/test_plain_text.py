"""Names and sentences on a page are read as they were written."""

from __future__ import annotations

import pytest

from han5k_review.ui.plain_text import as_text


@pytest.mark.parametrize(
    ("written", "escaped"),
    [
        ("[a](http://b)", r"\[a\]\(http\://b\)"),
        ("*bold* :red[x]", r"\*bold\* \:red\[x\]"),
        ("one ` alone", r"one \` alone"),
        ("run `han5k doctor --deep`, then *ask*", r"run `han5k doctor --deep`, then \*ask\*"),
        (None, ""),
    ],
)
def test_only_a_command_between_backticks_is_more_than_text(
    written: str | None, escaped: str
) -> None:
    assert as_text(written) == escaped

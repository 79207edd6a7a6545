"""Numbers as people write them: plain digits, or they are no numbers.

`str.isdigit` and `int` alone are no test: `²` is a digit that `int` refuses, `١٢` and `1_000` are
accepted, and `float` takes `nan` and `inf`.
"""

from __future__ import annotations

import re

ROW_DIGITS = 9  # below 2^31, so every database takes it as a row's number
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)


def find_whole_number(text: str | None, *, digits: int = ROW_DIGITS) -> int | None:
    """The number of 1 to `digits` digits 0 to 9; None for anything else, signs included."""
    if text is None or not (text.isascii() and text.isdigit() and len(text) <= digits):
        return None
    return int(text)


def find_number(text: str) -> float | None:
    """The finite decimal number, e.g. `-1.5` or `2e-3`; None for anything else."""
    if not _DECIMAL.fullmatch(text):
        return None
    number = float(text)
    return number if abs(number) != float("inf") else None

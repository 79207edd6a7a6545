"""Lines: what a CSV and a sheet of a workbook have in common before their header is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from han5k_review.texts.names import tidy_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The cells of one line, stripped; `problems` and `numbers` by place of the cell, from 0.

    `numbers` are cells that a spreadsheet stored as numbers.
    """

    where: str
    cells: tuple[str, ...]
    problems: Mapping[int, str] = field(default_factory=dict)
    numbers: frozenset[int] = frozenset()

    @property
    def is_filled(self) -> bool:
        """False for the empty rows that spreadsheets leave behind."""
        return any(self.cells) or bool(self.problems)


def strip_cell(text: str) -> str:
    """A cell without white space and invisible characters at its ends; inside it stays as it is."""
    start, end = 0, len(text)
    while start < end and not tidy_name(text[start]):
        start += 1
    while end > start and not tidy_name(text[end - 1]):
        end -= 1
    return text[start:end]

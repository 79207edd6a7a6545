"""CSV lines: `,`, `;` or tab between the cells, in any encoding that the file declares."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from han5k_review.errors import DataError
from han5k_review.texts.lines import Line, strip_cell
from han5k_review.texts.text_files import decode_text

_SEPARATORS = (",", ";", "\t")
_ADVICE = "save the file as UTF-8 (in Excel: 'CSV UTF-8', or as XLSX)"
_DECLARED = re.compile(r'"?sep=(.)"?,*\s*')  # Excel's own first line


def read_csv_lines(path: Path, count_known: Callable[[Sequence[str]], int]) -> list[Line]:
    """All lines. The separator is the one with which `count_known` finds most columns.

    OSError when it cannot be read; DataError for an undeclared encoding or a quotation mark that
    is never closed.
    """
    text = decode_text(path.read_bytes(), path.name, advice=_ADVICE)
    first = text.splitlines()[0] if text else ""
    declared = _DECLARED.fullmatch(first)
    if declared:
        text = text[len(first) :]
    separators = (declared[1],) if declared else _SEPARATORS
    best = max(separators, key=lambda separator: count_known(_read_header(text, separator)))
    return _split(text, best, path)


def _read_header(text: str, separator: str) -> list[str]:
    """The cells of the first line that is not empty, if it were separated so."""
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            if any(map(strip_cell, cells)):
                return cells
    except csv.Error:
        return []
    return []


def _split(text: str, separator: str, path: Path) -> list[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    lines = []
    try:
        for cells in reader:
            where = f"{path.name} line {reader.line_num}"
            lines.append(Line(where=where, cells=tuple(strip_cell(cell) for cell in cells)))
    except csv.Error as error:
        raise DataError(
            f"{path.name} line {reader.line_num}: cells with closed quotation marks were expected, "
            f"found: {error}."
        ) from error
    return lines

"""A worksheet that takes whole rows: a full study has 27 million cells, one by one takes minutes.

XlsxWriter checks and keeps each cell, then writes its row. Here the rows of a table are written at
once, as XlsxWriter writes them itself; text that is not plain goes through its own escaping.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from han5k_review.exports.cells import EXCEL_TEXT_LIMIT, fit_excel
from han5k_review.exports.columns import Cell

# Printable ASCII but for & < >, with no space at either end.
_PLAIN = re.compile(r"[!-%'-;=?-~](?:[ -%'-;=?-~]*[!-%'-;=?-~])?")


class PlainSheet(Worksheet):  # type: ignore[misc]  # the library has no types
    """A worksheet of a workbook in constant memory."""

    def write_rows(
        self, first: int, rows: Sequence[Sequence[Cell]], styles: Sequence[Format]
    ) -> None:
        """Rows from line `first` (from 0) on, below all that was written before."""
        if not rows:
            return
        self._write_single_row(first)  # what was written cell by cell so far
        self._check_dimensions(first + len(rows) - 1, len(styles) - 1)
        heads = [
            (xl_col_to_name(place), f'" s="{style._get_xf_index()}"')
            for place, style in enumerate(styles)
        ]
        write = self.fh.write
        for line, row in enumerate(rows, start=first + 1):
            cells = [
                f'<c r="{column}{line}{style}{_text(cell)}</c>'
                if cell.__class__ is str
                else f'<c r="{column}{line}{style}><v>{cell:.16G}</v></c>'
                if cell.__class__ is float
                else f'<c r="{column}{line}{style}{_value(cell)}</c>'
                for (column, style), cell in zip(heads, row, strict=True)
                if cell is not None
            ]
            write(f'<row r="{line}">{"".join(cells)}</row>')


def _value(cell: Cell) -> str:
    """The type and the value of a cell, after its style."""
    if isinstance(cell, str):
        return _text(cell)
    if isinstance(cell, bool):
        return f' t="b"><v>{int(cell)}</v>'
    return f"><v>{cell:.16G}</v>"


@lru_cache(maxsize=1 << 16)
def _text(text: str) -> str:
    if len(text) <= EXCEL_TEXT_LIMIT and _PLAIN.fullmatch(text) and "_x" not in text:
        return f' t="inlineStr"><is><t>{text}</t></is>'
    fit = Worksheet._escape_control_characters(fit_excel(text))
    space = ' xml:space="preserve"' if fit != fit.strip() else ""
    escaped = fit.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f' t="inlineStr"><is><t{space}>{escaped}</t></is>'

"""XLSX: the tables of an export as one workbook."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence

import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException
from xlsxwriter.format import Format

from han5k_review.errors import StorageError
from han5k_review.exports.about_sheet import RESEARCH_USE
from han5k_review.exports.cells import EXCEL_ROW_LIMIT
from han5k_review.exports.columns import Cell, Kind, Table
from han5k_review.exports.frames import Export
from han5k_review.exports.plain_sheet import PlainSheet
from han5k_review.texts.paths import say_cause

COVER = "about"
_COVER_ROWS = 2
_OPTIONS = {
    "constant_memory": True,
    "strings_to_numbers": False,
    "strings_to_formulas": False,
    "strings_to_urls": False,
}
_NUMBER_FORMATS = {"mm": "0.00", "cc": "0.000", "%": "0.0", "s": "0.0", "": "0.000"}
_WIDEST, _NARROWEST, _LOOK_AHEAD = 48, 9, 200


def build_workbook(export: Export, *, row_limit: int = EXCEL_ROW_LIMIT) -> bytes:
    """The workbook as bytes; equal exports give equal bytes.

    Every sheet has a frozen header with filters; the cover says what the export may be used for,
    and every printed page repeats it. A table that is longer than a sheet goes on in the next,
    `Grades (2)`. Text is always written as text. StorageError when the disk for temporary files
    refuses.
    """
    buffer = io.BytesIO()
    try:
        with xlsxwriter.Workbook(buffer, _OPTIONS) as book:
            book.set_properties(
                {
                    "title": f"{export.facts.study}: {export.facts.export_id}",
                    "comments": RESEARCH_USE,
                    "created": export.facts.exported_at_utc.replace(tzinfo=None),
                }
            )
            formats = _Formats(book)
            for table in export.tables:
                _write_table(book, table, formats, row_limit)
    except (OSError, XlsxWriterException) as error:
        raise StorageError(
            f"The workbook {export.facts.export_id} was to be built; the disk for temporary files "
            f"answered: {say_cause(error)}. Free space and try again."
        ) from error
    return buffer.getvalue()


class _Formats:
    """Formats of one workbook, made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self.notice: Format = book.add_format({"bold": True, "font_size": 14})
        self.header: Format = book.add_format(
            {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1, "bg_color": "#E8EEF4"}
        )
        self.text: Format = book.add_format({"num_format": "@", "valign": "top"})
        self.integer: Format = book.add_format({"num_format": "0", "valign": "top"})
        self.numbers: Mapping[str, Format] = {
            unit: book.add_format({"num_format": pattern, "valign": "top"})
            for unit, pattern in _NUMBER_FORMATS.items()
        }

    def of(self, kind: Kind, unit: str) -> Format:
        """The format of a column's cells."""
        if kind is Kind.INTEGER:
            return self.integer
        if kind is Kind.NUMBER:
            return self.numbers.get(unit, self.numbers[""])
        return self.text


def _write_table(
    book: xlsxwriter.Workbook, table: Table, formats: _Formats, row_limit: int
) -> None:
    first = _COVER_ROWS if table.key == COVER else 0
    for number, rows in enumerate(_parts(table, row_limit - first - 1), start=1):
        title = table.title if number == 1 else f"{table.title} ({number})"
        sheet = book.add_worksheet(title, PlainSheet)
        cells = [formats.of(*column) for column in zip(table.kinds, table.units, strict=True)]
        for place, width in enumerate(_widths(table)):
            sheet.set_column(place, place, width, cells[place])
        if table.key == COVER:
            sheet.write_string(0, 0, RESEARCH_USE, formats.notice)
        for place, heading in enumerate(table.headings):
            sheet.write_string(first, place, heading, formats.header)
        sheet.write_rows(first + 1, rows, cells)
        sheet.freeze_panes(first + 1, 0)
        sheet.autofilter(first, 0, first + max(len(rows), 1), len(table.names) - 1)
        sheet.set_footer(f"&L{RESEARCH_USE}&C&A&R&P / &N")
        sheet.set_landscape()
        sheet.repeat_rows(first)


def _parts(table: Table, size: int) -> Iterator[Sequence[tuple[Cell, ...]]]:
    """The rows of a table in pieces of at most `size`; one empty piece for an empty table."""
    for start in range(0, max(len(table.rows), 1), size):
        yield table.rows[start : start + size]


def _widths(table: Table) -> list[float]:
    """A width per column from its heading and its first rows."""
    widths, first = [], tuple(table.rows[:_LOOK_AHEAD])
    for place, heading in enumerate(table.headings):
        longest = max((len(str(row[place] or "")) for row in first), default=0)
        if table.kinds[place] is Kind.NUMBER:
            longest = min(longest, 10)
        wanted = max(longest, len(heading) // 2, _NARROWEST) + 2
        widths.append(float(min(wanted, _WIDEST)))
    return widths

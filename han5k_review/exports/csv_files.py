"""CSV: one file per table, UTF-8 with a byte order mark, as spreadsheet programs expect it."""

from __future__ import annotations

import csv
import io
import zipfile

from han5k_review.exports.cells import fit_csv
from han5k_review.exports.columns import Cell, Table
from han5k_review.exports.frames import Export

_BOOLEANS = {True: "TRUE", False: "FALSE"}
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def build_csv(table: Table) -> bytes:
    """One table: a line of column names, then its rows (RFC 4180, full precision, empty = None)."""
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    writer.writerow(table.names)
    for row in table.rows:
        writer.writerow([_text(cell) for cell in row])
    return lines.getvalue().encode("utf-8-sig")


def build_csv_archive(export: Export) -> bytes:
    """All tables as `<key>.csv` in one ZIP; equal exports give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in export.tables:
            entry = zipfile.ZipInfo(f"{table.key}.csv", _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, build_csv(table))
    return buffer.getvalue()


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return _BOOLEANS[cell]
    return fit_csv(cell) if isinstance(cell, str) else repr(cell)

"""Workbooks: one sheet of an XLSX file as lines of text.

A spreadsheet changes what was typed: `0012` becomes the number 12, `1-9` a date, and two merged
cells are one cell with a value and one without. What cannot be told for certain is a problem of its
cell, not a guess.
"""

from __future__ import annotations

import importlib
import io
import warnings
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

from han5k_review.errors import DataError
from han5k_review.texts.lines import Line, strip_cell

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell, MergedCell
    from openpyxl.worksheet.worksheet import Worksheet

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LARGEST_BYTES = 200_000_000
_EXACT_DIGITS = 15  # a spreadsheet keeps no more digits of a number
_FORMULA, _ERROR = "f", "e"


def is_workbook(path: Path) -> bool:
    """True for an XLSX file, whatever it is called; DataError for XLS and password-protected ones.

    OSError when there is no such file.
    """
    with path.open("rb") as file:
        start = file.read(len(_OLE))
    if start == _OLE:
        raise DataError(
            f"{path.name}: CSV or XLSX was expected, found an old XLS or a workbook with a "
            "password; save it as XLSX without one."
        )
    return start.startswith(_ZIP)


def read_workbook_lines(path: Path, count_known: Callable[[Sequence[str]], int]) -> list[Line]:
    """The lines of the one visible sheet with rows, or of the one that `count_known` knows best.

    DataError when the file is damaged, cells are merged, or several sheets look alike.
    """
    try:
        _check_size(path)
        # openpyxl notices every extension that it leaves out, such as lists of allowed values.
        with warnings.catch_warnings(action="ignore"):
            openpyxl = importlib.import_module("openpyxl")
            content = path.read_bytes()  # as a stream: a path would be judged by its suffix
            values, formulas = (
                openpyxl.load_workbook(io.BytesIO(content), data_only=d) for d in (True, False)
            )
        sheets = [
            _read_sheet(path, values[sheet.title], sheet)
            for sheet in formulas.worksheets
            if sheet.sheet_state == "visible"
        ]
    except (
        OSError, zipfile.BadZipFile, zlib.error, ParseError, EOFError, KeyError, ValueError,
        TypeError, IndexError, AttributeError,
    ) as error:  # fmt: skip
        raise DataError(f"{path.name}: a whole XLSX file was expected, found: {error}.") from error
    filled = [lines for lines in sheets if any(line.is_filled for line in lines)]
    if not filled:
        return []
    scores = [count_known(_header(lines)) for lines in filled]
    best = [lines for lines, score in zip(filled, scores, strict=True) if score == max(scores)]
    if len(best) > 1:
        names = ", ".join(lines[0].where.rsplit(" row ", 1)[0] for lines in best)
        raise DataError(
            f"{path.name}: one sheet with these columns was expected, found {len(best)} ({names}); "
            "save the right one in a file of its own."
        )
    return best[0]


def _header(lines: Sequence[Line]) -> tuple[str, ...]:
    return next((line.cells for line in lines if line.is_filled), ())


def _check_size(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        names = {entry.filename for entry in archive.infolist()}
        unpacked = sum(entry.file_size for entry in archive.infolist())
    if "xl/workbook.xml" not in names:
        raise DataError(
            f"{path.name}: CSV or XLSX was expected, found another kind of archive; unpack it, and "
            "name the file or folder meant."
        )
    if unpacked > _LARGEST_BYTES:
        raise DataError(
            f"{path.name}: a table below {_LARGEST_BYTES // 10**6} MB was expected, found "
            f"{unpacked // 10**6} MB unpacked."
        )


def _read_sheet(path: Path, values: Worksheet, formulas: Worksheet) -> list[Line]:
    merged = sorted(str(cells) for cells in formulas.merged_cells.ranges)
    if merged:
        raise DataError(
            f"{path.name} sheet {formulas.title}: single cells were expected, found merged ones "
            f"({', '.join(merged[:5])}); unmerge them and fill each cell."
        )
    rows = zip(values.iter_rows(), formulas.iter_rows(), strict=True)
    return [
        _read_line(f"{path.name} sheet {formulas.title} row {number}", value_row, formula_row)
        for number, (value_row, formula_row) in enumerate(rows, start=1)
    ]


def _read_line(
    where: str, values: Sequence[Cell | MergedCell], formulas: Sequence[Cell | MergedCell]
) -> Line:
    cells, problems, numbers = [], {}, set()
    for place, (cell, formula) in enumerate(zip(values, formulas, strict=True)):
        text, problem = _read_cell(cell, is_formula=formula.data_type == _FORMULA)
        cells.append(text)
        if problem:
            problems[place] = f"cell {formula.coordinate}: {problem}"
        if isinstance(cell.value, int | float) and not isinstance(cell.value, bool):
            numbers.add(place)
    return Line(where=where, cells=tuple(cells), problems=problems, numbers=frozenset(numbers))


def _read_cell(cell: Cell | MergedCell, *, is_formula: bool) -> tuple[str, str]:
    """The text of a cell, and what is wrong with it or ""."""
    value: Any = cell.value
    if cell.data_type == _ERROR:
        return "", f"a value was expected, found {value}."
    if value is None:
        lost = "a value was expected, found a formula without one; open the file in Excel and save"
        return "", f"{lost} it, or paste the values." if is_formula else ""
    if isinstance(value, str):
        return strip_cell(value), ""
    if isinstance(value, bool):
        return "", f"text or a number was expected, found {str(value).upper()}."
    if isinstance(value, int | float):
        return _read_number(value, cell.number_format)
    shown = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return "", (
        f"text or a number was expected, found the date or time {shown}, which a spreadsheet makes "
        "of texts like 1-9; format the column as text and type it again."
    )


def _read_number(value: float, number_format: str) -> tuple[str, str]:
    """`12` as 12, or as 0012 where the cell is shown so (number format 0000)."""
    if float(value).is_integer():
        digits = str(int(value))
        if len(digits.lstrip("-")) > _EXACT_DIGITS:
            return "", (
                f"up to {_EXACT_DIGITS} digits were expected in a number, found {digits}, whose "
                "last digits a spreadsheet makes up; format the column as text and type it again."
            )
        shown = number_format.strip()
        return digits.zfill(len(shown)) if set(shown) == {"0"} else digits, ""
    return repr(float(value)), ""

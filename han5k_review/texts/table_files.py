"""Table files: rows under named columns, read from CSV or XLSX by one set of rules.

Every table that a person hands in or a study keeps is read here: manifests, structure tables,
label maps, scales, windows, rules of editing.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from han5k_review.errors import ConfigError, DataError
from han5k_review.texts.csv_lines import read_csv_lines
from han5k_review.texts.lines import Line
from han5k_review.texts.names import compose, fold_name
from han5k_review.texts.workbooks import is_workbook, read_workbook_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One row: `cells` by column, without white space at their ends; an empty cell is "".

    `where` names file and line. `problem` says what no cell may hold (a date where text belongs),
    or is empty. `numbers` are the columns that a spreadsheet stored as numbers, so that leading
    zeros are lost. `is_short` when the line ended before the last column.
    """

    where: str
    cells: Mapping[str, str]
    problem: str = ""
    numbers: frozenset[str] = frozenset()
    is_short: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Column names in lower case with `_` for spaces, in the order of the file, and its rows."""

    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]

    @property
    def good_rows(self) -> tuple[TableRow, ...]:
        """All rows; ConfigError for the first that has a problem."""
        for row in self.rows:
            if row.problem:
                raise ConfigError(f"{row.where}: {row.problem}")
        return self.rows


def read_table(
    path: Path, *, what: str, required: Sequence[str], optional: Collection[str] = ()
) -> Table:
    """Read `what` (`A manifest`) from a CSV or XLSX file.

    Empty rows are left out, capitals and spaces in the header forgiven; `,`, `;` and tabs separate.
    Raises ConfigError when the file cannot be read, a `required` column is missing or a column
    stands there twice.
    """
    known = {*required, *optional}
    try:
        if is_workbook(path):
            lines = read_workbook_lines(path, lambda cells: _count_known(cells, known))
        else:
            lines = read_csv_lines(path, lambda cells: _count_known(cells, known))
    except DataError as error:
        raise ConfigError(f"{what} was expected at {path}: {error}") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{what} was expected at {path}, found: {reason}.") from error
    filled = [line for line in lines if line.is_filled]
    header = filled[0] if filled else Line(where=path.name, cells=())
    columns = _read_header(header, path)
    missing = [column for column in required if column not in columns]
    if missing:
        also = [column for column in optional if column not in required]
        raise ConfigError(
            f"{path}: the columns {', '.join(required)} were expected"
            f"{' (others may be: ' + ', '.join(also) + ')' if also else ''}, found "
            f"{', '.join(filter(None, columns)) or 'none'}; {', '.join(missing)} is missing."
        )
    rows = tuple(_read_row(line, columns) for line in filled[1:])
    return Table(columns=tuple(filter(None, columns)), rows=rows)


def _column(cell: str) -> str:
    return re.sub(r"[\s\-_]+", "_", fold_name(cell))


def _count_known(cells: Sequence[str], known: Collection[str]) -> int:
    return len({_column(cell) for cell in cells} & set(known))


def _read_header(line: Line, path: Path) -> list[str]:
    if line.problems:
        raise ConfigError(f"{line.where}: {next(iter(line.problems.values()))}")
    columns = [_column(cell) for cell in line.cells]
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if twice:
        raise ConfigError(
            f"{path}: each column once was expected, found {', '.join(twice)} more than once; "
            "delete or rename one of them."
        )
    return columns


def _read_row(line: Line, columns: Sequence[str]) -> TableRow:
    problem = next(iter(line.problems.values()), "")
    cells = {name: "" for name in columns if name}
    for place, text in enumerate(line.cells):
        name = columns[place] if place < len(columns) else ""
        if name:
            cells[name] = text
        elif text and not problem:
            problem = (
                f"as many cells as columns were expected, found {text!r} in a column without a "
                "name."
            )
    numbers = frozenset(columns[n] for n in line.numbers if n < len(columns))
    return TableRow(
        where=line.where,
        cells=cells,
        problem=problem,
        numbers=numbers,
        is_short=len(line.cells) < len(columns),
    )


def build_csv(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> bytes:
    """A CSV in UTF-8 and NFC, separated by commas; a cell that a row lacks is empty."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(columns), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return compose(text.getvalue()).encode()

"""CT display windows by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from han5k_review.errors import ConfigError
from han5k_review.texts.numbers import find_number
from han5k_review.texts.table_files import TableRow, read_table

WINDOW_COLUMNS = ("name", "centre_hu", "width_hu")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """`centre_hu` and `width_hu` in Hounsfield units; `source` says where the values are from."""

    name: str
    centre_hu: float
    width_hu: float
    source: str


def read_windows(path: Path) -> tuple[Window, ...]:
    """Read a CSV or XLSX of name, centre_hu, width_hu, source; ConfigError for anything else."""
    table = read_table(path, what="A table of windows", required=WINDOW_COLUMNS)
    return tuple(
        Window(
            name=row.cells["name"],
            centre_hu=_number(row, "centre_hu"),
            width_hu=_number(row, "width_hu"),
            source=row.cells.get("source") or "to be confirmed",
        )
        for row in table.good_rows
    )


def _number(row: TableRow, column: str) -> float:
    value = find_number(row.cells[column])
    if value is None:
        raise ConfigError(
            f"{row.where}: a number was expected in {column}, found {row.cells[column]!r}."
        )
    return value

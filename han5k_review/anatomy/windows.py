"""CT display windows by name."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from han5k_review.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """`centre_hu` and `width_hu` in Hounsfield units; `source` says where the values are from."""

    name: str
    centre_hu: float
    width_hu: float
    source: str


def read_windows(path: Path) -> tuple[Window, ...]:
    """Read a CSV with name, centre_hu, width_hu, source; ConfigError for anything else."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return tuple(
                Window(
                    name=row["name"],
                    centre_hu=float(row["centre_hu"]),
                    width_hu=float(row["width_hu"]),
                    source=row.get("source") or "to be confirmed",
                )
                for row in csv.DictReader(file)
            )
    except (OSError, KeyError, ValueError) as error:
        raise ConfigError(
            f"{path}: rows of name, centre_hu, width_hu, source were expected, found: {error}."
        ) from error

"""Columns of an estimate: the number and the limits of its interval."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from han5k_review.exports.columns import Column, Kind, column
from han5k_review.statistics.estimates import Estimate

R = TypeVar("R")
_SOURCE = "measured: docs/statistics.md"


def value_column(
    name: str, title: str, description: str, read: Callable[[R], Estimate]
) -> Column[R]:
    """The number alone."""
    return column(name, title, Kind.NUMBER, _SOURCE, description, lambda r: read(r).value)


def estimate_columns(
    name: str, title: str, description: str, read: Callable[[R], Estimate]
) -> tuple[Column[R], ...]:
    """The number, and both limits of its 95 % interval."""

    def limit(side: str) -> Callable[[R], object]:
        def read_limit(row: R) -> float | None:
            interval = read(row).interval
            return None if interval is None else float(getattr(interval, side))

        return read_limit

    return (
        value_column(name, title, description, read),
        *(
            column(
                f"{name}_{side}",
                f"{title}, {word} 95 % limit",
                Kind.NUMBER,
                _SOURCE,
                f"{word.capitalize()} limit of its interval.",
                limit(side),
            )
            for side, word in (("low", "lower"), ("high", "upper"))
        ),
    )

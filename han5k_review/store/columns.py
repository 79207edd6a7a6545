"""Column types that every table shares: UTC times, enums stored by value, the bound of row ids."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Dialect, Enum
from sqlalchemy.types import TypeDecorator

from han5k_review.errors import DataError

MAX_ROW_ID = 2**31 - 1  # PostgreSQL's INTEGER; SQLite would hold 2**63 - 1


class UtcDateTime(TypeDecorator[datetime]):
    """A time zone aware datetime, always UTC, on databases with and without time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """DataError for a time without its zone; the others are converted to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise DataError(f"A time with its zone was expected, found {value.isoformat()}.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def enum_by_value(vocabulary: type[StrEnum]) -> Any:
    """A portable text column that holds the values of `vocabulary` and nothing else."""
    return Enum(
        vocabulary,
        values_callable=lambda members: [m.value for m in members],
        native_enum=False,
        create_constraint=True,
        length=32,
        name=f"is_{vocabulary.__name__.lower()}",
    )


def format_utc(at_utc: datetime, timespec: str = "auto") -> str:
    """ISO 8601 in UTC with a Z, e.g. `2026-05-04T12:00:00Z`; `timespec` as `isoformat` has it."""
    return at_utc.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def utc_now() -> datetime:
    """The wall clock, for the edges; rooms below take the time as an argument."""
    return datetime.now(UTC)

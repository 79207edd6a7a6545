"""The calendar of the demo study: the five weeks before it is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

_BEGIN, _PREDICTED = 36.0, 35.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Five weeks that end when the demo is made; an empty demo has one moment only."""

    end: datetime
    is_empty: bool = False

    def day(self, before: float) -> datetime:
        """So many days before the end."""
        return self.end if self.is_empty else self.end - timedelta(days=before)

    @property
    def begin(self) -> datetime:
        """When the cases came in."""
        return self.day(_BEGIN)

    def tell_prediction(self) -> datetime:
        """When the model predicted them, as a clock."""
        return self.day(_PREDICTED)

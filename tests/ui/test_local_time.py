"""Times on pages: in the zone of who looks, with its name."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from han5k_review.ui.local_time import find_zone, format_local


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Europe/Berlin", "2026-07-01 14:00 CEST"),
        ("America/New_York", "2026-07-01 08:00 EDT"),
        ("No/Such_Place", "2026-07-01 12:00 UTC"),
        (None, "2026-07-01 12:00 UTC"),
    ],
)
def test_a_time_is_said_in_the_zone_of_the_browser(zone: str | None, shown: str) -> None:
    assert format_local(datetime(2026, 7, 1, 12, 0, tzinfo=UTC), find_zone(zone)) == shown

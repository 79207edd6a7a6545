"""Times on pages: in the zone of the person who looks, and with its name. Exports stay in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st


def say_time(at_utc: datetime | None, *, seconds: bool = False) -> str:
    """`2026-05-04 14:00 CEST` in the browser's zone; nothing for None."""
    if at_utc is None:
        return ""
    return format_local(at_utc, find_zone(st.context.timezone), seconds=seconds)


def format_local(at_utc: datetime, zone: tzinfo, *, seconds: bool = False) -> str:
    """A time with the short name of `zone` at that time."""
    clock = "%H:%M:%S" if seconds else "%H:%M"
    return at_utc.astimezone(zone).strftime(f"%Y-%m-%d {clock} %Z")


def find_zone(name: str | None) -> tzinfo:
    """The zone of this name; UTC where the browser names none, or one that is not known here."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC

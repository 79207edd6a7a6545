"""Where the hospital's server is, and how long it may take."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAddress:
    """The one server that is asked, by its address alone: an answer that leads elsewhere is none.

    `seconds`: how long a prompt may take; a CT to arrive, four times that. `idle_seconds`: how
    long a session is kept without a prompt.
    """

    url: str
    key: str = field(default="", repr=False)
    seconds: float = 30.0
    idle_seconds: float = 180.0

    @property
    def host(self) -> str:
        """Name and port, as people see it."""
        return urlsplit(self.url).netloc

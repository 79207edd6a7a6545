"""The cookie of a browser that an account has signed in with: strangers cannot lock it out.

It opens nothing. It only says that a wrong password typed here is counted by itself.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import timedelta

from itsdangerous import BadSignature, URLSafeTimedSerializer

BROWSER_COOKIE = "han5k_browser"
KNOWN_FOR = timedelta(days=180)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownBrowsers:
    """Marks browsers, and knows them again, by the study's key."""

    key: bytes = field(repr=False)

    def mark(self, reader_id: int) -> str:
        """The cookie for a browser that this account has just signed in with."""
        return str(self._serializer.dumps([reader_id, secrets.token_urlsafe(12)]))

    def find(self, cookie: str | None) -> tuple[int, str] | None:
        """The account's id and a name for the browser; None for a cookie of somebody's making."""
        if not cookie:
            return None
        try:
            reader_id, browser = self._serializer.loads(
                cookie, max_age=int(KNOWN_FOR.total_seconds())
            )
            return int(reader_id), str(browser)
        except (BadSignature, ValueError, TypeError):
            return None

    @property
    def _serializer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(
            self.key, salt="han5k-browser-1", signer_kwargs={"digest_method": hashlib.sha256}
        )

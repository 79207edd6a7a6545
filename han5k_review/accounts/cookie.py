"""The signed cookie: issued at sign-in, verified by the same function for pages and routes."""

from __future__ import annotations

import hashlib
import os
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from itsdangerous import BadSignature, URLSafeSerializer
from sqlmodel import Session

from han5k_review.accounts.identity import ReaderIdentity, build_identity
from han5k_review.errors import ConfigError, SignInError, StorageError
from han5k_review.store.tables import Reader

COOKIE_NAME = "han5k_session"
KEY_NAME = "secret.key"
_KEY_BYTES = 32
_CLOCK_SLACK = timedelta(minutes=5)
_SIGN_IN_AGAIN = "sign in to go on"


@dataclass(frozen=True, slots=True, kw_only=True)
class CookieSeal:
    """Issues and reads cookies with the study's key; they expire `lifetime` after issue."""

    key: bytes = field(repr=False)
    lifetime: timedelta

    def issue_cookie(self, identity: ReaderIdentity, now: datetime) -> str:
        """A cookie value that names the account, its session epoch and the time of issue."""
        content = [identity.reader_id, identity.session_epoch, int(now.timestamp())]
        return str(self._serializer.dumps(content))

    def read_cookie(self, session: Session, value: str | None, now: datetime) -> ReaderIdentity:
        """Who the cookie belongs to, as the database knows them now.

        Raises SignInError when the cookie is missing, forged, expired, older than the account's
        last password change or sign-out everywhere, or when the account is closed.
        """
        if not value:
            raise SignInError(f"You are not signed in; {_SIGN_IN_AGAIN}.")
        try:
            content = self._serializer.loads(value)
            reader_id, epoch, issued = (int(part) for part in content)
            issued_at = datetime.fromtimestamp(issued, UTC)
        except (BadSignature, ValueError, TypeError, OverflowError, OSError) as error:
            raise SignInError(f"The session is not one of this study; {_SIGN_IN_AGAIN}.") from error
        if not -_CLOCK_SLACK <= now - issued_at < self.lifetime:
            raise SignInError(f"The session has expired; {_SIGN_IN_AGAIN}.")
        reader = session.get(Reader, reader_id)
        if reader is None or not reader.active or reader.session_epoch != epoch:
            raise SignInError(f"The session was ended; {_SIGN_IN_AGAIN}.")
        return build_identity(reader)

    @property
    def _serializer(self) -> URLSafeSerializer:
        return URLSafeSerializer(
            self.key, salt="han5k-session-1", signer_kwargs={"digest_method": hashlib.sha256}
        )


def open_seal(study_root: Path, session_hours: float) -> CookieSeal:
    """The seal of the study in `study_root`; its key file is made on first use."""
    return CookieSeal(
        key=read_or_create_key(study_root / KEY_NAME), lifetime=timedelta(hours=session_hours)
    )


def read_or_create_key(path: Path) -> bytes:
    """The study's 32-byte key, made once, atomically, readable by its owner only.

    Two processes that start together get the same key. Raises StorageError when the file cannot
    be read or written, ConfigError when others can read it or it is damaged.
    """
    try:
        if not path.exists():
            _create_key(path)
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii")
    except OSError as error:
        raise StorageError(
            f"The study's key was expected in {path}; the disk answered: {error.strerror or error}."
        ) from error
    except UnicodeDecodeError as error:
        raise _damaged(path) from error
    if os.name == "posix" and mode & 0o077:
        raise ConfigError(
            f"A key that only its owner can read was expected, found mode {mode & 0o777:o}; run "
            f"`chmod 600 {path}`."
        )
    try:
        key = bytes.fromhex(text)
    except ValueError as error:
        raise _damaged(path) from error
    if len(key) != _KEY_BYTES:
        raise _damaged(path)
    return key


def _create_key(path: Path) -> None:
    beside = path.parent / f".{path.name}.{uuid.uuid4().hex}.tmp"
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(beside, path)
        except FileExistsError:
            return  # another process was first; its key counts
    finally:
        beside.unlink(missing_ok=True)


def _damaged(path: Path) -> ConfigError:
    return ConfigError(
        f"{_KEY_BYTES} bytes in hexadecimal were expected in {path}, found something else; delete "
        "the file to make a new key (everybody signs in again)."
    )

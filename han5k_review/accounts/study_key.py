"""The study's key: made once, atomically, readable by its owner only; signs and enciphers."""

from __future__ import annotations

import os
import secrets
import uuid
from pathlib import Path

from han5k_review.errors import ConfigError, StorageError

KEY_NAME = "secret.key"
_KEY_BYTES = 32


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
        "the file to make a new key (open browsers have to load their task again)."
    )

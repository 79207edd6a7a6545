"""Password hashes (argon2id, RFC 9106) and the one rule a password has to meet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from han5k_review.errors import DataError, RuleError
from han5k_review.texts.names import compose

MIN_PASSWORD = 8
MAX_PASSWORD = 256
PASSWORD_RULE = f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters."

_HASHER = PasswordHasher()  # the library's defaults follow RFC 9106, low-memory profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """`matches`; and `fresh_hash`, to be stored instead when the old one used weaker costs."""

    matches: bool
    fresh_hash: str | None = None


def hash_password(password: str) -> str:
    """The argon2id hash to store; RuleError when the password breaks `PASSWORD_RULE`."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise RuleError(
            f"A password of {MIN_PASSWORD} to {MAX_PASSWORD} characters was expected, found "
            f"{len(password)}; choose another one."
        )
    return _HASHER.hash(compose(password))


def verify_password(password_hash: str, password: str) -> Verification:
    """Does `password` belong to `password_hash`? DataError when the stored hash is damaged."""
    if len(password) > MAX_PASSWORD:
        return Verification(matches=False)
    composed = compose(password)
    if _matches(password_hash, composed):
        stale = _HASHER.check_needs_rehash(password_hash)
    elif composed != password and _matches(password_hash, password):
        stale = True  # a hash of before, of the letters as they were typed
    else:
        return Verification(matches=False)
    return Verification(matches=True, fresh_hash=_HASHER.hash(composed) if stale else None)


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except VerifyMismatchError:
        return False
    except (VerificationError, InvalidHashError) as error:
        raise DataError(
            "A stored argon2 hash was expected, found a damaged one; set the password anew."
        ) from error


@cache
def decoy_hash() -> str:
    """A hash nobody's password has: verifying against it takes as long as for a real account."""
    return _HASHER.hash("nobody signs in with this decoy")

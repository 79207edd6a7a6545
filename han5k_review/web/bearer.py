"""Requests of programs: `Authorization: Bearer <personal token>`, below `/api` only.

The one place that looks at a token. It turns into the identity of its account, narrowed to its
scopes, and stands in the ASGI scope as that of a cookie does (`web.desk.get_identity`).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.types import Scope

from han5k_review.accounts.identity import ReaderIdentity
from han5k_review.accounts.throttle import admit, check_wait, count_tokens_by, fold_address
from han5k_review.accounts.tokens import find_token, get_token_holder, note_token_used
from han5k_review.errors import SignInError, StorageError
from han5k_review.store.audit import add_audit
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study

_SCHEME = "bearer "


def find_bearer(scope: Scope, headers: Headers) -> str | None:
    """The token a request below `/api` brings, or None; `/metrics` has one of its own."""
    brought = headers.get("authorization", "")
    if not scope["path"].startswith("/api/") or not brought.lower().startswith(_SCHEME):
        return None
    return brought[len(_SCHEME) :].strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenDesk:
    """Who a token stands for; wrong ones are counted by address, as wrong passwords are."""

    study: Study
    key: bytes = field(repr=False)

    def identify(self, token: str, address: str) -> ReaderIdentity:
        """The identity, its use noted.

        Raises SignInError for a token that opens nothing, AccessError (429) when too many wrong
        ones came from this address. A right one is never refused for those: nobody guesses 32
        random bytes, and nobody shuts others of the same address out.
        """
        now = utc_now()
        with reading(self.study.engine) as session:
            row = find_token(session, token)
            holder = None if row is None else get_token_holder(session, row, now)
        if holder is None:
            raise self._refuse(address)
        if holder.is_first_use:
            self._note_use(holder.token_id, address)
        elif holder.is_due:
            with suppress(StorageError):  # a full disk: reading goes on
                self._note_use(holder.token_id, address)
        return holder.identity

    def _note_use(self, token_id: int, address: str) -> None:
        with transaction(self.study.engine) as session:
            note_token_used(session, token_id, fold_address(address), utc_now())

    def _refuse(self, address: str) -> SignInError:
        """Count a wrong token; of many refusals the 1st, 2nd, 4th, 8th, ... are written."""
        counted, now = count_tokens_by(self.key, address=address), utc_now()
        with reading(self.study.engine) as session:
            check_wait(session, counted, now)
        with transaction(self.study.engine) as session:
            (failures,) = admit(session, counted, now)
            if not failures & (failures - 1):
                add_audit(
                    session,
                    at_utc=now,
                    actor="",
                    action="token refused",
                    subject="unknown token",
                    failures=failures,
                )
        return SignInError("This is no token of this study; make one on the page Account.")

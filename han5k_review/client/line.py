"""The line to the server: requests with the token, refusals as exceptions."""

from __future__ import annotations

from typing import Any

import httpx

from han5k_review.errors import (
    AccessError,
    ConflictError,
    DataError,
    Han5kError,
    RuleError,
    ServerError,
    SignInError,
)

_SECONDS = 120.0
_KINDS: dict[int, type[Han5kError]] = {
    401: SignInError,
    403: AccessError,
    404: DataError,
    409: ConflictError,
    413: RuleError,
    422: RuleError,
    429: RuleError,
}


class Line:
    """Requests of one token to one server."""

    def __init__(self, address: str, token: str, *, verify: str | bool = True) -> None:
        """`verify`: file of certificates to trust, where the hospital has its own."""
        self._client = httpx.Client(
            base_url=address.rstrip("/"),
            headers={"Authorization": f"Bearer {token}"},
            timeout=_SECONDS,
            verify=httpx.create_ssl_context(verify=verify),
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, path: str) -> Any:
        """The JSON of an answer."""
        return self._ask("GET", path).json()

    def get_bytes(self, path: str) -> bytes:
        """The decoded bytes of an answer."""
        return self._ask("GET", path).content

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Send JSON; the JSON of the answer."""
        return self._ask("POST", path, body).json()

    def post_again(self, path: str, body: dict[str, Any]) -> Any:
        """As `post`, and once more when no answer comes: for a body with an id of its own."""
        try:
            return self.post(path, body)
        except ServerError:
            return self.post(path, body)

    def delete(self, path: str, body: dict[str, Any]) -> None:
        """Send JSON; nothing comes back."""
        self._ask("DELETE", path, body)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        try:
            answer = self._client.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise ServerError(
                f"An answer of {self._client.base_url} was expected, found none ({error}); check "
                "the address and the network, then try again."
            ) from error
        if answer.is_success:
            return answer
        raise _KINDS.get(answer.status_code, ServerError)(_read_sentence(answer))


def _read_sentence(answer: httpx.Response) -> str:
    """The server's own sentence; what is none of ours (a proxy's page) gets one here."""
    try:
        told = answer.json()
    except ValueError:
        told = None
    if isinstance(told, dict) and isinstance(told.get("error"), str):
        return str(told["error"])
    return (
        f"An answer of HaN5K Review was expected at {answer.url.path}, found {answer.status_code}; "
        "check the address."
    )

"""Sessions with a DICOMweb server: what may be followed, and a sentence for each way it fails.

No sentence holds a word of the server: it may repeat names. UIDs are shortened as everywhere.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests import exceptions

from han5k_review.errors import ConfigError, ServerError

# Their logs hold addresses with identifiers of patients.
logging.getLogger("dicomweb_client").setLevel(logging.CRITICAL + 1)
logging.getLogger("urllib3.connectionpool").setLevel(logging.WARNING)

_TAIL_BYTES = 256
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_ANSWERS = {401: "that it does not know you", 403: "that you may not do this"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAccess:
    """Where a DICOMweb server is and how it is entered.

    `authorization` is the whole value of that header (`Bearer ...`, `Basic ...`); `authorities`
    a file of certificates (PEM) to trust instead of the usual ones.
    """

    url: str
    authorization: str | None = None
    authorities: Path | None = None
    timeout_s: float = 60.0

    def __repr__(self) -> str:
        """Without the authorization."""
        return f"WebAccess({self.url})"

    def check(self) -> None:
        """ConfigError for an address that is none, or that holds a password."""
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise ConfigError(
                "The address of a DICOMweb server (https://server/dicom-web) was expected, found "
                "another text; give the root below which `studies` lies."
            )
        if parts.username is not None or parts.password is not None:
            raise ConfigError(
                "An address without a name and password was expected; put them into "
                "HAN5K_DICOMWEB_AUTHORIZATION."
            )
        if self.authorities is not None and not self.authorities.is_file():
            raise ConfigError(
                f"A file of certificates (PEM) was expected at {self.authorities}, found none."
            )

    @property
    def is_readable_on_its_way(self) -> bool:
        """An authorization that goes to another computer without encryption."""
        parts = urlsplit(self.url)
        is_plain = parts.scheme == "http" and parts.hostname not in _LOOPBACK
        return self.authorization is not None and is_plain


class WebSession(requests.Session):
    """Follows no redirect to another server, and watches how a streamed answer ends."""

    def __init__(self, access: WebAccess, most_bytes: int) -> None:
        super().__init__()
        # No proxies and no passwords from this machine's own files: only what the settings say.
        self.trust_env = False
        self.access = access
        self.most_bytes = most_bytes
        self.boundary = ""
        self.tail = b""
        self.last: requests.Response | None = None
        if access.authorization is not None:
            self.headers["Authorization"] = access.authorization
        if access.authorities is not None:
            self.verify = str(access.authorities)

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Where an answer leads to; ServerError when that is another server."""
        target = super().get_redirect_target(resp)
        if target is None or _server_of(urljoin(resp.url, target)) == _server_of(resp.url):
            return target
        resp.close()
        raise ServerError(
            f"{self.access.url}: an answer of the server itself was expected, found one that leads "
            "to another server, which is not followed; give the address it is meant to have."
        )

    def send(self, request: requests.PreparedRequest, **settings: Any) -> requests.Response:
        """As requests does, with `boundary` and `tail` of what is then read piece by piece."""
        response = self.last = super().send(request, **settings)
        described = Message()
        described["Content-Type"] = response.headers.get("Content-Type", "")
        self.boundary = str(described.get_param("boundary", ""))
        self.tail = b""
        plain = response.iter_content

        def watched(*words: Any, **named: Any) -> Iterator[bytes]:
            received = 0
            for piece in plain(*words, **named):
                received += len(piece)
                if received > self.most_bytes:
                    raise ServerError(
                        f"{self.access.url}: up to {self.most_bytes / 1e9:g} GB for one series "
                        "were expected, the answer is longer; import it from a folder."
                    )
                self.tail = (self.tail + piece)[-_TAIL_BYTES:]
                yield piece

        response.iter_content = watched  # type: ignore[method-assign]
        return response

    def close(self) -> None:
        """Let go of the server, also of an answer that was not read to its end."""
        if self.last is not None:
            self.last.close()
        super().close()

    @property
    def is_whole(self) -> bool:
        """Whether the last streamed answer had its end; one without parts ends as it does."""
        end = f"--{self.boundary}--".encode()
        return not self.boundary or self.tail.rstrip(b"\r\n").endswith(end)


def _server_of(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    ports = {"http": 80, "https": 443}
    return parts.scheme, parts.hostname, parts.port or ports.get(parts.scheme)


@contextmanager
def asking(access: WebAccess) -> Iterator[None]:
    """What goes wrong between us and a server becomes a ServerError of one sentence."""
    try:
        yield
    except exceptions.SSLError as error:
        raise ServerError(
            f"{access.url}: an encrypted connection and a certificate that this computer trusts "
            "were expected, found none; ask the hospital for its authority and name it in "
            "HAN5K_DICOMWEB_AUTHORITIES."
        ) from error
    except exceptions.ChunkedEncodingError as error:
        raise cut_off(access) from error
    except (exceptions.ConnectionError, exceptions.Timeout) as error:
        raise ServerError(
            f"{access.url}: an answer was expected, the server cannot be reached; look at the "
            "address, the network, and whether the server runs."
        ) from error
    except exceptions.HTTPError as error:
        raise _describe_status(access, error) from error
    except (exceptions.RequestException, ValueError, TypeError, KeyError) as error:
        raise no_dicomweb(access) from error


def cut_off(access: WebAccess) -> ServerError:
    """The refusal of an answer without its end."""
    return ServerError(
        f"{access.url}: a whole answer was expected, found one that is cut off; import again."
    )


def no_dicomweb(access: WebAccess) -> ServerError:
    """The refusal of an answer that DICOMweb does not know."""
    return ServerError(
        f"{access.url}: the answer of a DICOMweb server was expected, found another; give the root "
        "below which `studies` lies, often /dicom-web or /dicomweb."
    )


def _describe_status(access: WebAccess, error: exceptions.HTTPError) -> ServerError:
    status = error.response.status_code
    if status in _ANSWERS:
        return ServerError(
            f"{access.url}: a server that lets this program in was expected, this one says "
            f"{_ANSWERS[status]} ({status}); set HAN5K_DICOMWEB_AUTHORIZATION to what it wants."
        )
    if status in (404, 405):
        return no_dicomweb(access)
    return ServerError(
        f"{access.url}: an answer was expected, found the error {status} of the server; try again "
        "later, or ask who runs it."
    )

"""Who really asks, behind a proxy: X-Forwarded-* counts from the proxies that were named, only.

The server below us (uvicorn) believes these headers from any process of its own machine. So where
they come with a request, what it made of them is looked at again here.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import Scope

from han5k_review.errors import ConfigError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_LOOPBACK = "127.0.0.1"
_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedProxies:
    """The networks whose word on the sender's address and scheme is taken."""

    networks: tuple[Network, ...] = ()

    def settle(self, scope: Scope) -> None:
        """Write the true sender and scheme into the scope of a request or websocket."""
        headers = Headers(scope=scope)
        chain = _read_chain(headers)
        told_scheme = headers.get("x-forwarded-proto")
        if not chain and told_scheme is None:
            return
        client = scope.get("client")
        peer = "" if client is None else str(client[0])
        if peer in chain:  # written there by the server below, which asked no setting of ours
            peer = _LOOPBACK
        is_trusted = self._trusts(peer) or (peer == "" and self._trusts(_LOOPBACK))
        secure = _SCHEMES.get((told_scheme or "").strip().lower()) == "https"
        scheme = "http" if not (is_trusted and secure) else "https"
        scope["scheme"] = scheme.replace("http", "ws") if _is_websocket(scope) else scheme
        if is_trusted and chain:
            peer = next((one for one in reversed(chain) if not self._trusts(one)), chain[0])
        scope["client"] = (peer, 0)

    def _trusts(self, address: str) -> bool:
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self.networks)


def parse_proxies(text: str) -> TrustedProxies:
    """`127.0.0.1, 10.0.0.0/8` as networks; ConfigError names what is none."""
    networks = []
    for part in filter(None, (one.strip() for one in text.split(","))):
        try:
            networks.append(ipaddress.ip_network(part))
        except ValueError as error:
            raise ConfigError(
                "HAN5K_TRUSTED_PROXIES: addresses or networks such as 127.0.0.1 or 10.0.0.0/8 "
                f"were expected, found {part!r}."
            ) from error
    return TrustedProxies(networks=tuple(networks))


def _read_chain(headers: Headers) -> list[str]:
    text = ",".join(headers.getlist("x-forwarded-for"))
    return [address for part in text.split(",") if (address := _strip_port(part.strip()))]


def _strip_port(part: str) -> str:
    if part.startswith("["):
        return part[1:].partition("]")[0]
    return part.partition(":")[0] if part.count(":") == 1 else part


def _is_websocket(scope: Scope) -> bool:
    return bool(scope["type"] == "websocket")

"""What Prometheus reads of this process: requests, their time, what is open, the study's disk."""

from __future__ import annotations

import hmac
import ipaddress
import shutil
from pathlib import Path

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    generate_latest,
)
from pydantic import SecretStr
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from han5k_review import __version__
from han5k_review.web.problems import problem

_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.3, 0.5, 1, 2.5, 5, 10)
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


class Meters:
    """The meters of one process. Labels are routes as the code writes them, never a path."""

    def __init__(self, study: Path) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "han5k_requests",
            "Requests answered.",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "han5k_request_seconds",
            "Seconds from a request's arrival to the end of its answer.",
            ("route",),
            buckets=_BOUNDS,
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "han5k_requests_in_flight", "Requests not answered yet.", registry=self.registry
        )
        self.websockets = Gauge("han5k_websockets", "Pages that are open.", registry=self.registry)
        free = Gauge("han5k_disk_free_bytes", "Free on the study's disk.", registry=self.registry)
        free.set_function(lambda: shutil.disk_usage(study).free)
        Info("han5k_build", "The version that runs.", registry=self.registry).info(
            {"version": __version__}
        )


async def answer_metrics(meters: Meters, token: SecretStr | None, request: Request) -> Response:
    """The meters as text: for this machine itself, or with `Authorization: Bearer <token>`.

    A request that a proxy handed on comes from elsewhere, whatever address it has here.
    """
    if not (_has_token(request, token) or _is_from_here(request)):
        return problem(
            403,
            "A request from this machine, or with the token of HAN5K_METRICS_TOKEN, was expected.",
        )
    content = await run_in_threadpool(generate_latest, meters.registry)
    return Response(
        content, headers={"Cache-Control": "no-store", "Content-Type": CONTENT_TYPE_LATEST}
    )


def _has_token(request: Request, token: SecretStr | None) -> bool:
    if token is None:
        return False
    sent = request.headers.get("authorization", "").encode()
    return hmac.compare_digest(sent, f"Bearer {token.get_secret_value()}".encode())


def _is_from_here(request: Request) -> bool:
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False

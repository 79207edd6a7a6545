"""What stands before every request: proxies, hosts, headers, uploads, rates, first passwords."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import uvicorn

from han5k_review.accounts.readers import get_reader
from han5k_review.accounts.upload_permits import UploadPermits
from han5k_review.errors import AccessError, ConfigError
from han5k_review.store.engine import transaction
from han5k_review.web.proxies import parse_proxies
from han5k_review.web.rates import Rates
from rigs.nginx import ROOT
from tests.web.bench import WebBench
from tests.web.conftest import ANY_ENGINE, Visit

FAR = "203.0.113.9"  # RFC 5737: an address of documentation


def settle(trusted: str, peer: str, *headers: tuple[str, str]) -> tuple[str, str]:
    """(scheme, address) as they are after X-Forwarded-* was looked at."""
    scope = {
        "type": "http",
        "scheme": "http",
        "client": (peer, 40_000),
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }
    parse_proxies(trusted).settle(scope)
    return str(scope["scheme"]), str(scope["client"][0])


@pytest.mark.parametrize(
    ("trusted", "peer", "chain", "expected"),
    [
        ("10.0.0.0/8", "10.0.0.1", FAR, ("https", FAR)),
        ("10.0.0.0/8", "10.0.0.1", f"1.2.3.4, {FAR}", ("https", FAR)),  # what a client made up
        ("10.0.0.0/8", "10.0.0.1", f"{FAR}:5000, 10.0.0.2", ("https", FAR)),
        ("::1", "::1", "[2001:db8::7]:443", ("https", "2001:db8::7")),
        ("", "10.0.0.1", FAR, ("http", "10.0.0.1")),
        ("10.0.0.0/8", FAR, "10.0.0.9", ("http", FAR)),
        ("10.0.0.0/8", "10.0.0.1", "nonsense", ("https", "nonsense")),
        # The server below has believed a process of this machine already.
        ("", FAR, FAR, ("http", "127.0.0.1")),
        ("127.0.0.1", FAR, FAR, ("https", FAR)),
    ],
)
def test_forwarded_headers_count_from_named_proxies_only(
    trusted: str, peer: str, chain: str, expected: tuple[str, str]
) -> None:
    found = settle(trusted, peer, ("x-forwarded-for", chain), ("x-forwarded-proto", "https"))
    assert found == expected


def test_without_forwarded_headers_nothing_changes() -> None:
    assert settle("10.0.0.0/8", "10.0.0.1") == ("http", "10.0.0.1")
    with pytest.raises(ConfigError, match=r"found 'proxy\.local'"):
        parse_proxies("127.0.0.1, proxy.local")


@ANY_ENGINE
def test_behind_tls_cookies_and_browser_stay_with_https(visit: Visit) -> None:
    url = "https://contours.example"
    client = visit(None, public_url=url)
    own = {"host": "contours.example", "origin": url}
    answer = client.post(
        "/sign-in", data={"name": "anna", "password": "correct horse battery"}, headers=own
    )
    assert answer.status_code == 303
    cookies = answer.headers.get_list("set-cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        assert re.search("httponly; .*samesite=lax; secure", cookie.lower())
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" not in visit(None).get("/sign-in").headers
    refused = client.get("/sign-in", headers={"host": "evil.example"})
    assert refused.status_code == 421
    assert refused.json()["error"].startswith("This server is reached as contours.example")
    assert client.get("/healthz", headers={"host": "10.0.0.5:8501"}).status_code == 200


@ANY_ENGINE
def test_no_redirect_leads_to_a_foreign_host(visit: Visit) -> None:
    for path in ("/sign-in/", "/api", "/api/cases/1/volume/", "/healthz/"):
        for client in (visit(None), visit("anna")):
            answer = client.get(path, headers={"host": "evil.example", "accept": "text/html"})
            assert "evil" not in answer.headers.get("location", "")


@ANY_ENGINE
@pytest.mark.parametrize(
    "path", ["/_stcore/metrics", "/_stcore/script-health-check", "/_stcore/agent/openapi.json"]
)
def test_what_the_server_says_of_itself_is_closed(visit: Visit, path: str) -> None:
    assert visit("adele").get(path).status_code == 404


@ANY_ENGINE
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://["},
        {"origin": "\x80\xff"},
        {"host": "["},
        {"cookie": "han5k_session=\xff; =; ;;"},
        {"cookie": "han5k_browser=" + "x" * 4000},
        {"x-forwarded-for": ",,[::,\xff"},
        {"content-length": "-1"},
        {"sec-fetch-site": "\x00"},
        {"user-agent": "\xff" * 2000},
        {"accept-language": "x" * 8000},
    ],
)
def test_odd_headers_of_strangers_end_in_no_5xx(visit: Visit, headers: dict[str, str]) -> None:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    client = visit(None)
    for method, path in (("GET", "/"), ("GET", "/sign-in"), ("POST", "/sign-in"), ("PUT", "/api")):
        answer = client.request(method, path, headers=raw)  # type: ignore[arg-type]
        assert answer.status_code < 500, answer.text


def test_a_first_password_opens_nothing_but_the_page_to_change_it(
    bench: WebBench, visit: Visit
) -> None:
    anna = visit("anna")
    with transaction(bench.study.engine) as session:
        get_reader(session, "anna").must_change_password = True
    answer = anna.get("/api/assignments/1/volume")
    assert answer.status_code == 401  # what waits in the browser is kept
    assert answer.json()["error"] == "Choose a password of your own on the page Account first."


def test_a_file_is_taken_only_by_a_page_that_asked_its_person_for_one(visit: Visit) -> None:
    answer = visit("anna").put("/_stcore/upload_file/somebody/1", content=b"x")
    assert answer.status_code == 403
    assert "A page that asks for a file" in answer.json()["error"]
    now = datetime(2026, 5, 4, tzinfo=UTC)
    permits = UploadPermits(clock=lambda: now)
    permits.permit("page", 1)
    for page, reader in (("page", 2), ("other page", 1)):
        with pytest.raises(AccessError, match="A page that asks"):
            permits.check(page, reader, 1)
    for _ in range(8):
        permits.check("page", 1, 60 * 1024 * 1024)
    with pytest.raises(AccessError, match="512 MB of files an hour"):
        permits.check("page", 1, 60 * 1024 * 1024)
    now += timedelta(hours=1)
    permits.check("page", 1, 60 * 1024 * 1024)


def test_who_asks_without_end_waits_and_others_do_not() -> None:
    now = 0.0
    rates = Rates(burst=3, per_second=2, clock=lambda: now)
    assert [rates.take("anna") for _ in range(4)] == [True, True, True, False]
    assert rates.take("ben")
    now = 0.5
    assert [rates.take("anna") for _ in range(2)] == [True, False]


def test_the_proxies_let_go_of_idle_connections_before_the_server_does() -> None:
    """A grade that meets a connection the server just closes would be answered with 502."""
    kept_s = uvicorn.Config("app").timeout_keep_alive
    for name, pattern in (
        ("nginx.conf", r"keepalive_timeout (\d+)s;"),
        ("Caddyfile", r"keepalive (\d+)s"),
    ):
        (seconds,) = re.findall(pattern, (ROOT / "deploy" / name).read_text())
        assert int(seconds) < kept_s

"""Signing in by way of a real OpenID Connect provider, a process of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from httpx import Response
from sqlmodel import select
from starlette.testclient import TestClient

from han5k_review.errors import ConfigError
from han5k_review.settings import Settings
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Audit, Reader
from han5k_review.store.vocabulary import Role
from han5k_review.web.composition import build_routes
from rigs.server import find_free_port
from tests.web.bench import WebBench
from tests.web.conftest import SITE, Visit

ROLES = {"radonc": "reader", "radonc-leads": "lead"}
PEOPLE = {
    "1": {"preferred_username": "Hanna Q", "groups": ["radonc", "all staff"]},
    "2": {"preferred_username": "anna", "groups": ["radonc-leads"]},
    "3": {"preferred_username": "guest", "groups": ["all staff"]},
}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    port = find_free_port()
    program = shutil.which("oidc-provider-mock", path=str(Path(sys.executable).parent))
    assert program is not None
    words = [f"--user-claims={json.dumps({'sub': sub, **more})}" for sub, more in PEOPLE.items()]
    process = subprocess.Popen(
        [program, "--port", str(port), "--require-nonce", "true", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    transport = httpx.HTTPTransport(retries=12)  # waits longer each time until it listens
    with httpx.Client(transport=transport, trust_env=False) as client:
        assert client.get(f"{url}/.well-known/openid-configuration").status_code == 200
    yield url
    process.terminate()
    process.wait()


@pytest.fixture
def stranger(visit: Visit, issuer: str) -> TestClient:
    return visit(None, **settings_for(issuer))


def settings_for(issuer: str) -> dict[str, object]:
    return {
        "public_url": SITE,
        "oidc_issuer": issuer,
        "oidc_client_secret": "anything",
        "oidc_roles": ROLES,
    }


def ask(client: TestClient, subject: str, next_path: str = "/cases") -> str:
    """Where the provider sends the browser of this person back to."""
    leaving = client.get("/sign-in/hospital", params={"next": next_path})
    assert leaving.status_code == 303
    with httpx.Client(trust_env=False) as browser:
        answer = browser.post(leaving.headers["location"], data={"sub": subject})
    assert answer.headers["location"].startswith(f"{SITE}/sign-in/hospital/answer?")
    return str(answer.headers["location"])


def sign_in(client: TestClient, subject: str) -> Response:
    return client.get(ask(client, subject))


@pytest.mark.parametrize("bench", ["sqlite"], indirect=True)
def test_who_is_in_a_group_gets_an_account_with_its_role(
    bench: WebBench, stranger: TestClient
) -> None:
    assert 'href="/sign-in/hospital?next=/"' in stranger.get("/sign-in").text
    back = sign_in(stranger, "1")
    assert (back.status_code, back.headers["location"]) == (303, "/cases")
    assert "httponly" in back.headers["set-cookie"].lower()
    assert stranger.get("/api/assignments/1/volume").status_code == 403  # in, and not hers
    with transaction(bench.study.engine) as session:
        reader = session.exec(select(Reader).where(Reader.name == "Hanna Q")).one()
        assert reader.role.value == "reader"
        reader.role = Role.LEAD
        number = stored_id(reader)
    assert sign_in(stranger, "1").status_code == 303
    with reading(bench.study.engine) as session:
        assert session.get_one(Reader, number).role.value == "reader"
        rows = session.exec(select(Audit).order_by("id")).all()
        acts = [row.action for row in rows if row.actor in ("Hanna Q", "the hospital's sign-in")]
    assert acts == ["add account", "sign in", "change role", "sign in"]


@pytest.mark.parametrize("bench", ["sqlite"], indirect=True)
def test_who_may_not_is_told_why(bench: WebBench, stranger: TestClient) -> None:
    for subject, words in (("3", "in no group that may use"), ("2", "with a password is here")):
        back = sign_in(stranger, subject)
        assert back.status_code == 403
        assert words in back.text
        assert stranger.get("/api/assignments/1/volume").status_code == 401
    with reading(bench.study.engine) as session:
        assert len(session.exec(select(Reader)).all()) == 6


@pytest.mark.parametrize("bench", ["sqlite"], indirect=True)
def test_an_answer_counts_once_and_in_the_window_that_asked(
    bench: WebBench, stranger: TestClient, visit: Visit, issuer: str
) -> None:
    answer = ask(stranger, "1")
    other = visit(None, **settings_for(issuer))
    assert "took too long" in other.get(answer).text  # a link that somebody else was sent
    ask(other, "1")
    assert "began in another window" in other.get(answer).text
    code = parse_qs(urlsplit(answer).query)["code"][0]
    stolen = answer.replace(code, "another-code")
    assert "does not hold" in stranger.get(stolen).text
    errand = stranger.cookies["han5k_errand"]
    assert stranger.get(answer).status_code == 303
    stranger.cookies.set("han5k_errand", errand)
    again = stranger.get(answer)
    assert again.status_code == 403
    for odd in ("?state=x", "?state=\u00e9&code=1", "", "?error=access_denied"):
        assert stranger.get(f"/sign-in/hospital/answer{odd}").status_code == 403


@pytest.mark.parametrize("bench", ["sqlite"], indirect=True)
def test_a_provider_that_is_down_is_said_so_and_the_form_stays(
    bench: WebBench, visit: Visit
) -> None:
    client = visit(None, **settings_for(f"http://127.0.0.1:{find_free_port()}"))
    answer = client.get("/sign-in/hospital")
    assert answer.status_code == 502
    assert "sign-in does not answer" in answer.text
    assert 'name="password"' in answer.text


@pytest.mark.parametrize("bench", ["sqlite"], indirect=True)
def test_a_provider_without_https_or_roles_is_refused_at_start(bench: WebBench) -> None:
    for more, words in (
        ({"oidc_issuer": "http://idp.example", "oidc_roles": ROLES}, "https address"),
        ({"oidc_issuer": "https://idp.example"}, "HAN5K_OIDC_ROLES"),
    ):
        chosen = Settings(study=bench.study.root, public_url=SITE, **more)  # type: ignore[arg-type]
        with pytest.raises(ConfigError, match=words):
            build_routes(bench.study, chosen)

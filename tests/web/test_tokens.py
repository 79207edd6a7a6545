"""A program comes with a token: what it may, what it may not, and how wrong ones are counted."""

from __future__ import annotations

import re

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from han5k_review.accounts.readers import get_reader, set_active
from han5k_review.accounts.throttle import FREE_BY_ADDRESS
from han5k_review.accounts.tokens import TokenWish, make_token
from han5k_review.settings import Settings
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.tables import Audit
from han5k_review.store.vocabulary import Scope
from han5k_review.web.composition import build_api
from han5k_review.web.described import NEEDED_SCOPE, WHO_MAY
from tests.web.bench import WebBench
from tests.web.conftest import Visit
from tests.web.test_grade_routes import body as grade

pytestmark = pytest.mark.parametrize("bench", ["sqlite"], indirect=True)


def come(bench: WebBench, visit: Visit, name: str, *scopes: Scope) -> TestClient:
    """A client of a program: a token, no cookie, no `Origin`."""
    with transaction(bench.study.engine) as session:
        wish = TokenWish(name="notebook", scopes=scopes)
        reader = get_reader(session, name)
        value = make_token(session, reader, wish, actor=name, now=utc_now())
    client = visit(None)
    del client.headers["origin"]
    client.headers["authorization"] = f"Bearer {value}"
    return client


def test_a_token_may_what_its_scope_covers_without_the_check_for_other_sites(
    bench: WebBench, visit: Visit
) -> None:
    reads = come(bench, visit, "anna", Scope.READ)
    assert reads.get("/api/me").json() == {
        "name": "anna",
        "pseudonym": "R01",
        "role": "reader",
        "scopes": ["read"],
    }
    assert reads.get("/api/assignments/1/volume").status_code == 200
    assert reads.get("/api/assignments/2/volume").status_code == 403
    refused = reads.post("/api/assignments/1/grades", json=grade(bench))
    assert refused.status_code == 403
    assert refused.json()["error"] == (
        "A token with the scope revise was expected to grade or edit in a task; make another one."
    )
    revises = come(bench, visit, "anna", Scope.REVISE)
    assert revises.post("/api/assignments/1/grades", json=grade(bench)).status_code == 201
    assert revises.get("/api/assignments/1/volume").status_code == 403
    assert revises.post("/api/assignments/1/signature", json={}).status_code == 403
    # A page of ours, with its cookie, still has to say where a change comes from.
    anna = visit("anna")
    del anna.headers["origin"]
    assert anna.post("/api/assignments/1/grades", json=grade(bench)).status_code == 403


def test_a_token_opens_the_api_only_and_no_cookie_helps_a_wrong_one(
    bench: WebBench, visit: Visit
) -> None:
    client = come(bench, visit, "lena", *Scope)
    for path in ("/", "/account", "/sign-out", "/api-reference", "/_stcore/stream"):
        assert client.get(path).status_code in (303, 401), path
    assert client.post("/sign-out").status_code == 403
    anna = visit("anna")
    anna.headers["authorization"] = "Bearer han5k_made-up"
    assert anna.get("/api/me").status_code == 401
    with transaction(bench.study.engine) as session:
        reader = get_reader(session, "lena")
        set_active(session, reader, active=False, actor="adele", now=utc_now())
    assert client.get("/api/me").status_code == 401


def test_wrong_tokens_are_counted_and_right_ones_of_the_same_address_go_on(
    bench: WebBench, visit: Visit
) -> None:
    right, wrong = come(bench, visit, "anna", Scope.READ), visit(None)
    said = []
    for n in range(FREE_BY_ADDRESS + 3):
        answer = wrong.get("/api/me", headers={"authorization": f"Bearer han5k_{n}"})
        said.append(answer.status_code)
        assert f"han5k_{n}" not in answer.text
    assert said == [401] * FREE_BY_ADDRESS + [429] * 3
    assert re.match(r"Too many wrong tokens from this address; wait \d+ s", answer.json()["error"])
    assert right.get("/api/me").status_code == 200
    with reading(bench.study.engine) as session:
        wanted = select(Audit).where(Audit.action == "token refused").order_by("id")
        counts = [row.detail["failures"] for row in session.exec(wanted)]
    assert counts == [1, 2, 4, 8, 16, 32]


def test_every_route_says_which_act_it_is(bench: WebBench) -> None:
    described = build_api(bench.study, Settings(study=bench.study.root)).openapi()
    routes = [route for methods in described["paths"].values() for route in methods.values()]
    assert len(routes) > 35
    assert all(WHO_MAY in route and NEEDED_SCOPE in route for route in routes)

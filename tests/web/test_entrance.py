"""Signing in and out, from the outside."""

from __future__ import annotations

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from han5k_review.accounts.readers import get_reader, set_active, set_password
from han5k_review.accounts.sessions import COOKIE_NAME
from han5k_review.store.engine import reading, transaction
from han5k_review.store.tables import Audit
from tests.web.bench import NOON, PASSWORD, WebBench
from tests.web.conftest import SITE, Visit

HTML = {"Accept": "text/html"}


@pytest.fixture
def visit(visit: Visit) -> Visit:
    """As everywhere, but whoever is named signs in through the form."""

    def open_client(name: str | None, **choices: str) -> TestClient:
        client = visit(None, **choices)
        if name is not None:
            assert sign_in(client, name, PASSWORD) == 303
        return client

    return open_client


def sign_in(client: TestClient, name: str, password: str, **more: str) -> int:
    answer = client.post("/sign-in", data={"name": name, "password": password, **more})
    return int(answer.status_code)


def is_in(client: TestClient) -> bool:
    return bool(client.get("/api/assignments/1/volume").status_code == 200)


def test_the_page_says_what_this_is_not_and_loads_nothing_from_outside(visit: Visit) -> None:
    answer = visit(None).get("/sign-in")
    assert answer.status_code == 200
    assert "Research use only. Not a medical device." in answer.text
    assert "http" not in answer.text
    assert "<script" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cache-control"] == "no-store"


def test_the_right_password_opens_and_the_cookie_is_locked_away(visit: Visit) -> None:
    client = visit(None)
    answer = client.post("/sign-in", data={"name": " Anna ", "password": PASSWORD})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith(COOKIE_NAME)
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie
    assert is_in(client)


def test_over_https_the_cookie_never_leaves_by_http(visit: Visit) -> None:
    client = visit(None)
    answer = client.post(
        f"{SITE.replace('http', 'https')}/sign-in",
        data={"name": "anna", "password": PASSWORD},
        headers={"Origin": SITE.replace("http", "https")},
    )
    assert "secure" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize(
    ("name", "password"),
    [("anna", "wrong password"), ("nobody", PASSWORD), ("", ""), ("anna", "x" * 300)],
)
def test_a_wrong_password_shows_the_page_again_with_one_sentence(
    visit: Visit, name: str, password: str
) -> None:
    client = visit(None)
    answer = client.post("/sign-in", data={"name": name, "password": password, "next": "/cases"})
    assert answer.status_code == 401
    assert "do not belong together" in answer.text
    assert 'value="/cases"' in answer.text
    assert "set-cookie" not in answer.headers
    assert password == "" or password not in answer.text


def test_a_closed_account_stays_outside(bench: WebBench, visit: Visit) -> None:
    anna = visit("anna")
    with transaction(bench.study.engine) as session:
        reader = get_reader(session, "anna")
        set_active(session, reader, active=False, actor="adele", now=NOON)
    assert not is_in(anna)
    assert sign_in(visit(None), "anna", PASSWORD) == 401


def test_after_five_wrong_passwords_even_the_right_one_has_to_wait(visit: Visit) -> None:
    client = visit(None)
    codes = [sign_in(client, "anna", "wrong password") for _ in range(6)]
    assert codes == [401] * 5 + [429]
    assert sign_in(client, "ANNA", PASSWORD) == 429
    assert sign_in(client, "ben", PASSWORD) == 303
    assert sign_in(visit(None), "anna", PASSWORD) == 429  # a restart forgets nothing


def test_strangers_cannot_lock_out_a_browser_that_was_here_before(visit: Visit) -> None:
    anna, stranger = visit("anna"), visit(None)
    anna.post("/sign-out")
    for _ in range(6):
        sign_in(stranger, "anna", "wrong password")
    assert sign_in(stranger, "anna", PASSWORD) == 429
    assert sign_in(anna, "anna", PASSWORD) == 303
    assert sign_in(anna, "ben", "wrong password") == 401  # known for anna, a stranger for ben


def test_after_signing_in_one_stays_on_this_site(visit: Visit) -> None:
    targets = {
        "/review?assignment=3": "/review?assignment=3",
        "//evil.example/x": "/",
        "/\\evil.example": "/",
        "/\t/evil.example": "/",
        "https://evil.example": "/",
        "javascript:alert(1)": "/",
        "/sign-out": "/",
        "": "/",
    }
    stranger, anna = visit(None), visit("anna")
    for wanted, target in targets.items():
        stranger.cookies.clear()
        sent = {"name": "anna", "password": PASSWORD, "next": wanted}
        answer = stranger.post("/sign-in", data=sent)
        assert answer.headers["location"] == target, wanted
        inside = anna.get("/sign-in", params={"next": wanted})
        assert inside.headers["location"] == target, wanted


def test_what_is_typed_comes_back_as_text_and_not_as_markup(visit: Visit) -> None:
    sent = {"name": '"><b>', "password": "wrong password", "next": '/x"><i>'}
    text = visit(None).post("/sign-in", data=sent).text
    assert "<b>" not in text
    assert "<i>" not in text


def test_signing_out_ends_the_sign_in_whoever_kept_its_cookie(visit: Visit) -> None:
    anna, thief = visit("anna"), visit(None)
    thief.cookies = dict(anna.cookies)
    assert is_in(thief)
    assert anna.get("/sign-out", headers=HTML).status_code == 200
    assert is_in(anna)
    answer = anna.post("/sign-out", data={"where": "here"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert not is_in(anna)
    assert not is_in(thief)


def test_one_click_signs_out_where_no_edit_waits(visit: Visit) -> None:
    anna = visit("anna")
    answer = anna.post("/sign-out", data={"where": "unless-edits-wait"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert not is_in(anna)


def test_signing_out_everywhere_voids_the_cookies_of_other_devices(visit: Visit) -> None:
    here, there, other = visit("anna"), visit("anna"), visit("lena")
    here.post("/sign-out", data={"where": "everywhere"})
    assert not is_in(there)
    assert is_in(other)


def test_a_new_password_voids_old_cookies(bench: WebBench, visit: Visit) -> None:
    anna = visit("anna")
    with transaction(bench.study.engine) as session:
        reader = get_reader(session, "anna")
        set_password(session, reader, password="another long one", actor="adele", now=NOON)
    assert not is_in(anna)
    assert sign_in(visit(None), "anna", PASSWORD) == 401
    assert sign_in(visit(None), "anna", "another long one") == 303


def test_every_attempt_is_in_the_audit_trail_and_no_password_is(
    bench: WebBench, visit: Visit
) -> None:
    client = visit("anna")
    sign_in(client, "anna", "wrong password")
    sign_in(client, "my secret typed into the wrong field", "x")
    client.post("/sign-out")
    with reading(bench.study.engine) as session:
        rows = list(session.exec(select(Audit).order_by(Audit.id)))  # type: ignore[arg-type]
    found = [(row.action, row.subject) for row in rows if row.action.startswith("sign")]
    assert found == [
        ("sign in", "reader R01"),
        ("sign in refused", "reader R01"),
        ("sign in refused", "unknown account"),
        ("sign out", "reader R01"),
    ]
    assert not any("secret" in str(row) for row in rows)


def test_a_form_without_end_is_refused(visit: Visit) -> None:
    answer = visit(None).post("/sign-in", content=b"name=" + b"x" * 20_000)
    assert answer.status_code == 413


def test_a_flood_of_wrong_passwords_leaves_few_audit_rows(bench: WebBench, visit: Visit) -> None:
    client = visit(None)
    for n in range(5):
        sign_in(client, f"nobody {n}", "wrong password")
    with reading(bench.study.engine) as session:
        rows = session.exec(select(Audit).where(Audit.action == "sign in refused")).all()
    assert [row.detail["failures"] for row in rows] == [1, 2, 4]

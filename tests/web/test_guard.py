"""Nothing answers without a sign-in, and no other site's page can act in a reader's name."""

from __future__ import annotations

from han5k_review.store.engine import reading, transaction
from han5k_review.store.tables import Reader
from tests.web.bench import WebBench
from tests.web.conftest import ANY_ENGINE, SITE, Visit
from tests.web.test_grade_routes import body, stored

pytestmark = ANY_ENGINE
HTML = {"Accept": "text/html,application/xhtml+xml"}
API = ["/api/assignments/1/volume", "/api/assignments/1/masks/a", "/api/cases/1/volume"]


def test_routes_answer_401_in_one_sentence(visit: Visit) -> None:
    client = visit(None)
    for path in (*API, "/api/docs", "/api/openapi.json", "/api/redoc", "/api"):
        answer = client.get(path, headers={"Accept": "*/*"})
        assert answer.status_code == 401, path
        assert answer.json() == {"error": "You are not signed in; sign in to go on."}
        assert answer.headers["cache-control"] == "no-store", path


def test_pages_send_people_to_the_sign_in_and_back(visit: Visit) -> None:
    client = visit(None)
    answer = client.get("/review?assignment=3&x=a b", headers=HTML)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/review%3Fassignment%3D3%26x%3Da%2520b"
    page = client.get(answer.headers["location"])
    assert 'value="/review?assignment=3&amp;x=a%20b"' in page.text


def test_a_cookie_of_ones_own_making_opens_nothing(visit: Visit) -> None:
    client = visit(None)
    for cookie in ("", "x", "WzEsMCwwXQ.AAAA", "é", "a" * 5000):
        headers = [("Cookie", f"han5k_session={cookie}".encode())]
        answer = client.get(API[0], headers=headers)  # type: ignore[arg-type]
        assert answer.status_code == 401, cookie[:20]


FOREIGN = (
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://testserver:8080"},
    {"Origin": SITE, "Sec-Fetch-Site": "cross-site"},
    {"Origin": SITE, "Sec-Fetch-Site": "same-site"},
    {"Origin": ""},
)


def test_a_change_from_another_sites_page_is_refused(bench: WebBench, visit: Visit) -> None:
    anna = visit("anna")
    for headers in FOREIGN:
        answer = anna.post("/api/assignments/1/grades", json=body(bench), headers=headers)
        assert answer.status_code == 403, headers
        assert stored(bench) == []
        assert anna.post("/sign-out", headers=headers).status_code == 403, headers


def test_a_change_from_our_own_page_is_taken(bench: WebBench, visit: Visit) -> None:
    headers = {"Origin": SITE, "Sec-Fetch-Site": "same-origin"}
    sent = visit("anna").post("/api/assignments/1/grades", json=body(bench), headers=headers)
    assert sent.status_code == 201


def test_every_answer_carries_the_security_headers(visit: Visit) -> None:
    client = visit(None)
    for path in ("/sign-in", "/healthz", "/api/assignments/1/volume"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "same-origin", path
        assert headers["x-frame-options"] in ("SAMEORIGIN", "DENY"), path
        assert "frame-ancestors" in headers["content-security-policy"], path


def test_health_is_open_and_says_nothing_of_the_study(visit: Visit) -> None:
    answer = visit(None).get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "version": "0.1.0"}


def test_a_role_taken_away_counts_at_once(bench: WebBench, visit: Visit) -> None:
    lena = visit("lena")
    assert lena.get("/api/cases/1/volume").status_code == 200
    with reading(bench.study.engine) as session:
        anna_role = session.get(Reader, 1).role  # type: ignore[union-attr]
    with transaction(bench.study.engine) as session:
        row = session.get(Reader, 4)
        assert row is not None
        row.role = anna_role
    assert lena.get("/api/cases/1/volume").status_code == 403

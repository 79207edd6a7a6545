"""Nothing that a request can say ends in a 5xx: every value is bounded before it reaches a room."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from httpx import Response
from sqlmodel import select
from starlette.testclient import TestClient

from han5k_review.settings import Settings
from han5k_review.store.engine import reading
from han5k_review.store.tables import Grade
from han5k_review.web.composition import build_api
from tests.web.bench import WebBench
from tests.web.conftest import Visit
from tests.web.drafting import patch
from tests.web.test_draft_routes import DOT
from tests.web.test_grade_routes import body as grade

ODD_NUMBERS = (
    *("0", "-1", "2147483648", "9223372036854775808", "9" * 23, "9" * 5000, "1.5", "1e3", "true"),
    *("%00", "%D9%A1", "%C2%B2", "%ED%A0%BD", "1_0", "x"),
)
ODD_WORDS = ("%00", "a%00b", "%ED%A0%BD", "x" * 300, "%09", "%7F", "9" * 23)
# Whole JSON texts, so that what no JSON writer makes is sent too.
ODD_VALUES = (
    *("true", "1.5", "-1", "0", "2147483648", "9223372036854775808", "9" * 23, "1e999", "NaN"),
    *('""', '"x"', "null", "[]", "{}", '"\\ud83d"', '"\\u0000"', '"' + "x" * 5000 + '"', "[-1]"),
    *('["\\ud83d"]', '["\\u0000"]', "[2147483648]", "[true]", '"0001-01-01T00:00:00+14:00"'),
    *('"9999-12-31T23:59:59-14:00"', '"٣٣"', "[9, 9, 9]", "[-9, 0, 1e400]"),
)
# Of the two it refuses more (numbers from 2^31, NUL); test_description.py asks SQLite.
STRICTER = ["postgresql"]
PARAMETER = re.compile(r"\{(\w+)\}")


def sentence(answer: Response) -> str:
    assert answer.status_code < 500, answer.text
    if answer.status_code < 400:
        return ""
    assert "json" in answer.headers.get("content-type", ""), (answer.url, answer.text)
    said = answer.json()["error"]
    assert 10 < len(said) < 500
    assert said.endswith(".")
    return str(said)


def routes(bench: WebBench) -> list[tuple[str, str]]:
    """(method, path) of every route of the API."""
    described = build_api(bench.study, Settings(study=bench.study.root)).openapi()
    found = [
        (method.upper(), path) for path, methods in described["paths"].items() for method in methods
    ]
    assert len(found) > 15
    return found


def addresses(path: str) -> list[str]:
    """The path with each parameter odd in turn, the others as they are in the bench."""
    right = {"structure": "ParotidL", "key": "a", "image": "0" * 64, "number": "0"}
    right |= {"dose": "0" * 64}
    right |= {"name": "a.zip", "assignment_id": "1", "case_id": "1"}
    made = []
    for odd in PARAMETER.findall(path):
        values = ODD_NUMBERS if odd.endswith("_id") or odd == "number" else ODD_WORDS
        for value in values:
            filled = {**right, odd: value}
            made.append("/api" + PARAMETER.sub(lambda found, f=filled: f[found[1]], path))  # type: ignore[misc]
    return made


@pytest.mark.parametrize("bench", STRICTER, indirect=True)
@pytest.mark.parametrize("name", ["anna", "carla", "lena"])
def test_no_address_ends_in_a_5xx(bench: WebBench, visit: Visit, name: str) -> None:
    client = visit(name)
    asked = 0
    for method, path in routes(bench):
        for address in addresses(path):
            answer = client.request(method, address, content=b"{}")
            sentence(answer)
            assert answer.status_code >= 400, (address, answer.text)
            asked += 1
    assert asked > 200


@pytest.mark.parametrize("number", ["0", "2147483648", "9223372036854775808", "9" * 23])
def test_a_number_that_no_row_has_is_refused_in_words(
    bench: WebBench, visit: Visit, number: str
) -> None:
    answer = visit("lena").get(f"/api/cases/{number}/volume")
    assert answer.status_code == 422
    assert sentence(answer).startswith("At ")
    assert f"as case_id, found '{number}'" in sentence(answer)


def bodies(bench: WebBench) -> dict[str, dict[str, Any]]:
    """A right body of each kind, by method and address."""
    draft = "/api/assignments/1/drafts/ParotidL"
    tab = {"holder": "one-tab-of-anna", "draft": 1}
    return {
        "POST /api/assignments/1/grades": grade(bench),
        "POST /api/assignments/1/position": {"structure": "ParotidL", "slice": 3},
        f"POST {draft}": {"holder": "one-tab-of-anna", "take_over": True, "base": None},
        f"POST {draft}/lease": {
            **tab,
            "release": False,
            "place": {"plane": "axial", "at": [1, 1, 1]},
        },
        f"POST {draft}/patches": {
            **tab,
            "patches": [patch((0, 0, 0), DOT, 0)],
            "place": {"plane": "axial", "at": [1, 1, 1]},
        },
        f"POST {draft}/submit": {**tab, "request_id": "a" * 8, "version": 1, "confirmed": False},
        f"DELETE {draft}": tab,
        "POST /api/cases/1/locks/BrainStem": {
            "locked": True,
            "label_version": bench.versions["BrainStem"],
            "reason": "",
        },
    }


def odd_texts(right: dict[str, Any]) -> list[str]:
    """The body as JSON with each value odd in turn, also those inside, and bodies that are none."""

    made = ["", "[]", "null", "7", '"x"', "{", '{"\\ud83d": 1}', '{"nobody": 1}', "\ufeff{}"]
    for field, value in right.items():
        for odd in ODD_VALUES:
            rest = {name: other for name, other in right.items() if name != field}
            made.append(json.dumps(rest)[:-1] + f', "{field}": {odd}}}')
        inner = value[0] if isinstance(value, list) and value else value
        if isinstance(inner, dict):
            for odd_inner in odd_texts(inner)[9:]:
                text = f"[{odd_inner}]" if isinstance(value, list) else odd_inner
                rest = {name: other for name, other in right.items() if name != field}
                made.append(json.dumps(rest)[:-1] + f', "{field}": {text}}}')
    return made


def send(client: TestClient, request: str, content: bytes) -> Response:
    method, address = request.split(" ")
    return client.request(
        method, address, content=content, headers={"Content-Type": "application/json"}
    )


@pytest.mark.parametrize("bench", STRICTER, indirect=True)
@pytest.mark.parametrize("kind", range(8))
def test_no_body_ends_in_a_5xx(bench: WebBench, visit: Visit, kind: int) -> None:
    request, right = list(bodies(bench).items())[kind]
    client = visit("carla" if "locks" in request else "anna")
    client.post("/api/assignments/1/drafts/ParotidL", json={"holder": "one-tab-of-anna"})
    texts = odd_texts(right)
    assert len(texts) > 50
    for text in texts:
        sentence(send(client, request, text.encode("utf-8", "surrogatepass")))
    for content in (b"\xff\xfe{}", b'{"a": "\xff"}', b"\x00", b"[" * 4000):
        assert send(client, request, content).status_code == 422


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("comment", '"a cut emoji \\ud83d"', "half of one"),
        ("comment", '"a\\u0000b"', "without control signs"),
        ("tags", '["\\ud83d"]', "half of one"),
        ("active_seconds", "true", "A number was expected as active_seconds, found 'True'."),
        ("active_seconds", "-1", "At least 0 was expected as active_seconds"),
        ("flagged_slices", "[-1]", "At least 0 was expected as flagged_slices.0"),
        ("flagged_slices", "[19]", "Flagged slices from 0 to 18 were expected"),
        ("flagged_slices", "[99999999999999999999999]", "At most 100000 was expected"),
        ("opened_at_utc", '"0001-01-01T00:00:00+05:00"', "At least 1970-01-01"),
        ("label_version", "true", "A whole number was expected as label_version, found 'True'."),
        ("label_version", "2147483648", "At most 2147483647 was expected"),
        ("label_version", '"1"', "A whole number was expected"),
    ],
)
def test_a_grade_with_a_lax_or_odd_value_is_refused_and_not_stored(
    bench: WebBench, visit: Visit, field: str, value: str, expected: str
) -> None:

    right = grade(bench)
    right.pop(field)
    text = json.dumps(right)[:-1] + f', "{field}": {value}}}'
    answer = send(visit("anna"), "POST /api/assignments/1/grades", text.encode())
    assert answer.status_code == 422
    assert expected in sentence(answer)
    with reading(bench.study.engine) as session:
        assert session.exec(select(Grade)).all() == []


def test_whole_characters_of_every_kind_are_kept(bench: WebBench, visit: Visit) -> None:
    words = "Grenze unscharf 🩻, ギ, é\nnächste Zeile\tEnde"
    answer = visit("anna").post("/api/assignments/1/grades", json=grade(bench, comment=words))
    assert (answer.status_code, answer.json()["grade"]["comment"]) == (201, words)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "A JSON object was expected as the body, found an empty body."),
        (b"[]", "A JSON object was expected, found '[]'."),
        (b"{'a': 1}", "JSON was expected as the body"),
        (b'{"comment": "\xe9"}', "UTF-8 was expected in the body"),
    ],
)
def test_a_body_that_is_none_is_answered_in_our_own_words(
    visit: Visit, content: bytes, expected: str
) -> None:
    answer = send(visit("anna"), "POST /api/assignments/1/grades", content)
    assert answer.status_code == 422
    assert expected in sentence(answer)


def test_a_wrong_method_is_told_the_right_one(visit: Visit) -> None:
    client = visit("anna")
    for method, address, allowed in (
        ("PUT", "/api/assignments/1/position", "POST"),
        ("DELETE", "/api/assignments/1/volume", "GET"),
        ("PATCH", "/sign-in", "GET, POST"),
        ("PUT", "/sign-out", "GET, POST"),
        ("POST", "/healthz", "GET"),
    ):
        answer = client.request(method, address)
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
        assert answer.json()["error"] == f"{allowed} was expected at {address}, found {method}."
    assert client.head("/healthz").status_code == 200


def test_a_body_over_its_bound_is_refused_before_it_is_parsed(
    bench: WebBench, visit: Visit
) -> None:
    anna = visit("anna")
    long = b'{"comment": "' + b"x" * 70_000 + b'"}'
    answer = send(anna, "POST /api/assignments/1/grades", long)
    assert answer.status_code == 413
    assert "At most 65536 bytes were expected" in sentence(answer)
    assert send(anna, "POST /api/assignments/1/position", b" " * 5000).status_code == 413
    draft = "POST /api/assignments/1/drafts/ParotidL/patches"
    assert send(anna, draft, b" " * (4 * 1024 * 1024 + 1)).status_code == 413
    # Who may not do it is told so first: nothing of the body is looked at.
    for request in ("POST /api/cases/1/locks/ParotidL", "POST /api/assignments/1/grades"):
        assert send(visit("emil"), request, long).status_code == 403


def test_odd_headers_and_forms_are_answered(visit: Visit) -> None:
    stranger = visit(None)
    stranger.headers["origin"] = "http://["
    assert stranger.post("/sign-in", data={"name": "anna"}).status_code == 403
    stranger = visit(None)
    many = {f"field{n}": "x" for n in range(40)}
    assert stranger.post("/sign-in", data=many).status_code == 413
    for name in ("a\x00b", "\x00", "x" * 4000):
        answer = stranger.post("/sign-in", data={"name": name, "password": "wrong"})
        assert answer.status_code == 401

"""A grade is in the database before the answer says so, once, and only where it belongs."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlmodel import select

from han5k_review.store.engine import reading, transaction
from han5k_review.store.tables import Assignment, Audit, Grade, LabelVersion
from han5k_review.store.vocabulary import LabelSource
from tests.web.bench import WebBench
from tests.web.conftest import Visit

GRADES = "/api/assignments/1/grades"


def body(bench: WebBench, **changes: Any) -> dict[str, Any]:
    return {
        "request_id": str(uuid.uuid4()),
        "structure": "ParotidL",
        "label_version": bench.number("ParotidL"),
        "code": "minor",
        "tags": ["cranial"],
        "comment": "a little high",
        "flagged_slices": [6],
        "opened_at_utc": "2026-05-04T12:00:00Z",
        "active_seconds": 7.2,
        "confidence": 4,
        "source_guess": "a model",
        **changes,
    }


def stored(bench: WebBench) -> list[Grade]:
    with reading(bench.study.engine) as session:
        return list(session.exec(select(Grade).order_by(Grade.id)))  # type: ignore[arg-type]


def test_a_grade_is_answered_once_it_is_stored(bench: WebBench, visit: Visit) -> None:
    answer = visit("anna").post(GRADES, json=body(bench))
    assert answer.status_code == 201
    (row,) = stored(bench)
    assert answer.json() == {
        "grade": {
            "turn": 1,
            "structure": "ParotidL",
            "label_version": bench.number("ParotidL"),
            "code": "minor",
            "tags": ["cranial"],
            "comment": "a little high",
            "flagged_slices": [6],
            "in_bulk": False,
            "confidence": 4,
            "source_guess": "a model",
            "graded_at_utc": row.graded_at_utc.isoformat().replace("+00:00", "Z"),
        },
        "graded": 1,
        "total": 3,
        "check": None,
    }
    with reading(bench.study.engine) as session:
        assert "grade" in session.exec(select(Audit.action)).all()


def test_a_repeated_send_changes_nothing(bench: WebBench, visit: Visit) -> None:
    anna, sent = visit("anna"), body(bench)
    first, again = anna.post(GRADES, json=sent), anna.post(GRADES, json=sent)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert len(stored(bench)) == 1


def test_the_same_request_sent_twice_at_once_is_stored_once(bench: WebBench, visit: Visit) -> None:
    anna, sent = visit("anna"), body(bench)
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: anna.post(GRADES, json=sent), range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert {answer.json()["grade"]["turn"] for answer in answers} == {1}
    assert len(stored(bench)) == 1


def test_grades_given_at_once_form_one_chain(bench: WebBench, visit: Visit) -> None:
    anna = visit("anna")
    sends = [body(bench, code=code) for code in ("no", "minor", "major")]
    with ThreadPoolExecutor(3) as threads:
        answers = list(threads.map(lambda sent: anna.post(GRADES, json=sent), sends))
    rows = stored(bench)
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert sorted(answer.json()["grade"]["turn"] for answer in answers) == [1, 2, 3]
    assert [row.supersedes_id for row in rows] == [None, *(row.id for row in rows[:-1])]


def test_undo_withdraws_by_a_new_row(bench: WebBench, visit: Visit) -> None:
    anna = visit("anna")
    anna.post(GRADES, json=body(bench))
    undone = anna.post(GRADES, json=body(bench, code=None, tags=[], comment=""))
    assert undone.status_code == 201
    assert undone.json()["graded"] == 0
    given, withdrawal = stored(bench)
    assert withdrawal.supersedes_id == given.id


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"code": "splendid"}, 422),
        ({"tags": ["upwards"]}, 422),
        ({"structure": "Nose"}, 422),
        ({"label_version": 999}, 409),
        ({"request_id": "short"}, 422),
        ({"active_seconds": -1}, 422),
        ({"active_seconds": "soon"}, 422),
        ({"opened_at_utc": "2026-05-04T12:00:00"}, 422),
        ({"opened_at_utc": "yesterday"}, 422),
        ({"comment": "x" * 5000}, 422),
        ({"reader": "ben"}, 422),
        ({"confidence": 6}, 422),
        ({"source_guess": "my colleague"}, 422),
    ],
)
def test_what_the_study_does_not_know_is_refused_in_one_sentence(
    bench: WebBench, visit: Visit, changes: dict[str, Any], status: int
) -> None:
    answer = visit("anna").post(GRADES, json=body(bench, **changes))
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}
    assert answer.json()["error"].endswith(".")
    assert stored(bench) == []


def test_a_body_that_is_no_json_is_refused(visit: Visit) -> None:
    answer = visit("anna").post(GRADES, content=b"{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert set(answer.json()) == {"error"}


def test_a_contour_that_moved_on_is_a_conflict(bench: WebBench, visit: Visit) -> None:
    with transaction(bench.study.engine) as session:
        old = session.get(LabelVersion, bench.versions["ParotidL"])
        assert old is not None
        session.add(
            LabelVersion(
                case_id=1,
                structure="ParotidL",
                source=LabelSource.PREDICTION,
                mask_sha256=old.mask_sha256,
                voxels=old.voxels,
                volume_cc=old.volume_cc,
            )
        )
    answer = visit("anna").post(GRADES, json=body(bench))
    assert answer.status_code == 409
    assert "reload" in answer.json()["error"]


@pytest.mark.parametrize("name", ["ben", "carla", "lena", "emil", "adele"])
def test_nobody_grades_in_anothers_name(bench: WebBench, visit: Visit, name: str) -> None:
    client = visit(name)
    assert client.post(GRADES, json=body(bench)).status_code == 403
    place = {"structure": "ParotidL", "slice": 3}
    assert client.post("/api/assignments/1/position", json=place).status_code == 403
    assert stored(bench) == []


def test_the_place_to_resume_is_kept(bench: WebBench, visit: Visit) -> None:
    place = {"structure": "ParotidL", "slice": 6}
    answer = visit("anna").post("/api/assignments/1/position", json=place)
    assert (answer.status_code, answer.content) == (204, b"")
    with reading(bench.study.engine) as session:
        assignment = session.get(Assignment, 1)
        assert assignment is not None
        assert (assignment.resume_structure, assignment.resume_slice) == ("ParotidL", 6)
    bad = visit("anna").post("/api/assignments/1/position", json={"slice": -1})
    assert bad.status_code == 422

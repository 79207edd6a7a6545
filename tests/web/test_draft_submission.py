"""Drafts over HTTP: submitting, grading with it, discarding, and what stands in the way."""

from __future__ import annotations

import uuid

import numpy as np
import pytest
from sqlmodel import select

from han5k_review.review.decisions.locking import lock_structure
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.tables import Grade, LabelVersion, Reader, Revision
from han5k_review.store.vocabulary import LabelSource
from tests.web.bench import GRID, WebBench
from tests.web.drafting import DOT, PAROTID, Tab, count_patches, patch


def test_a_submission_is_a_child_with_its_edit_measured(bench: WebBench, tab: Tab) -> None:
    tab.draw((4, 3, 2), np.ones((1, 5, 2), dtype=bool))
    check = tab.client.get(f"{PAROTID}/check").json()
    before = bench.masks["ParotidL"].dense()
    vrd = np.count_nonzero(before ^ tab.mask) / np.count_nonzero(before)
    assert check["vrd"] == pytest.approx(vrd)
    assert check["suggested"] == ["minor", "major"]
    assert check["question"] is None
    request = str(uuid.uuid4())
    answer = tab.submit(request_id=request, active_seconds=2.0)
    assert answer.status_code == 201
    body = answer.json()
    assert body["vrd"] == pytest.approx(vrd)
    assert body["apl_mm"] > 0
    assert body["slices_edited"] == 2
    assert body["active_seconds"] == pytest.approx(3.5)
    again = tab.submit(request_id=request)
    assert (again.status_code, again.json()) == (200, body)
    with reading(bench.study.engine) as session:
        child = session.get(LabelVersion, bench.find_version(body["label_version"]))
        revision = session.exec(select(Revision)).one()
        assert child is not None
        assert child.started_from_id == bench.versions["ParotidL"] == revision.reviewed_id
        stored = bench.study.labels.get_mask(child.mask_sha256, GRID)
    assert np.array_equal(stored.dense(), tab.mask)
    late = tab.draw((0, 0, 0), DOT)
    assert (late.status_code, late.json()["reason"]) == (409, "another_draft")


def test_a_grade_that_disagrees_with_the_edit_is_asked_about(bench: WebBench, tab: Tab) -> None:
    tab.client.post(
        "/api/assignments/1/grades",
        json={
            "request_id": str(uuid.uuid4()),
            "structure": "ParotidL",
            "label_version": bench.number("ParotidL"),
            "code": "no",
        },
    )
    tab.draw((4, 3, 2), np.ones((5, 5, 5), dtype=bool))
    asked = tab.submit()
    assert (asked.status_code, asked.json()["reason"]) == (409, "grade_disagrees")
    check = asked.json()["check"]
    assert (check["declared"], check["suggested"]) == ("no", ["major"])
    assert "above 20 % as major" in check["question"]
    done = tab.submit(confirmed=True)
    assert done.status_code == 201
    assert done.json()["confirmed"] is True


def test_nothing_is_submitted_unchanged_or_from_an_old_version(tab: Tab) -> None:
    assert tab.submit().json()["reason"] == "unchanged"
    tab.draw((0, 0, 0), DOT)
    assert tab.submit(version=0).json()["reason"] == "old_version"
    assert tab.submit(version=5).json()["reason"] == "gap"
    assert tab.submit(holder="somebody-else").json()["reason"] == "lease_lost"


def test_a_repeated_stroke_is_answered_after_the_submission(tab: Tab) -> None:
    first = patch((0, 0, 0), DOT, 0)
    once = tab.send(first).json()["patches"]
    tab.version = 1
    assert tab.submit().status_code == 201
    assert tab.send(first).json()["patches"] == once


def test_a_discarded_draft_takes_no_stroke_and_a_new_one_starts_afresh(
    bench: WebBench, tab: Tab
) -> None:
    tab.draw((0, 0, 0), DOT)
    body = {"holder": tab.holder, "draft": tab.draft}
    assert tab.client.request("DELETE", PAROTID, json=body).status_code == 204
    assert tab.draw((1, 0, 0), DOT).json()["reason"] == "another_draft"
    assert tab.open().status_code == 201
    assert np.array_equal(tab.fetch_mask()[1], bench.masks["ParotidL"].dense())
    assert count_patches(bench) == 1


def test_an_accepted_contour_is_locked_for_another_open_draft(bench: WebBench, tab: Tab) -> None:
    with transaction(bench.study.engine) as session:
        carla = session.exec(select(Reader).where(Reader.name == "carla")).one()
        lock_structure(
            session, label_version_id=bench.versions["ParotidL"], by=carla, now=utc_now()
        )
    assert tab.draw((0, 0, 0), DOT).json()["reason"] == "locked"


def test_a_draft_of_a_contour_that_was_replaced_is_not_submitted(bench: WebBench, tab: Tab) -> None:
    tab.draw((0, 0, 0), DOT)
    mask = bench.masks["BrainStem"]
    with transaction(bench.study.engine) as session:
        session.add(
            LabelVersion(
                case_id=bench.case_id,
                structure="ParotidL",
                source=LabelSource.PREDICTION,
                mask_sha256=bench.study.labels.put_mask(mask),
                voxels=mask.voxel_count,
                volume_cc=mask.volume_cc,
            )
        )
    assert tab.client.get(PAROTID).json()["outdated"] is True
    answer = tab.submit()
    assert (answer.status_code, answer.json()["reason"]) == (409, "contour_replaced")
    assert count_patches(bench) == 1


def grade_body(bench: WebBench, code: str) -> dict[str, object]:
    return {
        "request_id": str(uuid.uuid4()),
        "structure": "ParotidL",
        "label_version": bench.number("ParotidL"),
        "code": code,
    }


def test_a_grade_can_be_given_and_submitted_in_one_act(bench: WebBench, tab: Tab) -> None:
    tab.draw((4, 3, 2), np.ones((5, 5, 5), dtype=bool))
    request = str(uuid.uuid4())
    asked = tab.submit(request_id=request, grade=grade_body(bench, "no"))
    assert (asked.status_code, asked.json()["reason"]) == (409, "grade_disagrees")
    assert tab.client.get("/api/assignments/1/grades").json() == {"grades": {}}
    body = grade_body(bench, "major")
    done = tab.submit(request_id=request, grade=body)
    assert done.status_code == 201
    assert (done.json()["grade"]["code"], done.json()["declared"]) == ("major", "major")
    assert done.json()["graded"] == 1
    assert tab.submit(request_id=request, grade=body).json() == done.json()
    with reading(bench.study.engine) as session:
        revision = session.exec(select(Revision)).one()
        grade = session.exec(select(Grade)).one()
    assert revision.grade_id == grade.id
    other = grade_body(bench, "major") | {"structure": "BrainStem"}
    assert tab.submit(grade=other).status_code in (409, 422)


def test_a_grade_after_the_edit_is_asked_about_and_listed(bench: WebBench, tab: Tab) -> None:
    tab.draw((4, 3, 2), np.ones((5, 5, 5), dtype=bool))
    assert tab.submit().status_code == 201
    answer = tab.client.post("/api/assignments/1/grades", json=grade_body(bench, "no"))
    assert answer.status_code == 201
    check = answer.json()["check"]
    assert (check["declared"], check["suggested"]) == ("no", ["major"])
    assert "Keep this grade?" in check["question"]
    listed = tab.client.get("/api/assignments/1/grades").json()["grades"]
    assert listed == {"ParotidL": answer.json()["grade"]}
    better = tab.client.post("/api/assignments/1/grades", json=grade_body(bench, "major"))
    assert better.json()["check"]["question"] is None

"""Drafts over HTTP: what is wrong, too much, or not one's own is refused with its reason."""

from __future__ import annotations

import uuid

import numpy as np
import pytest

from tests.web.bench import WebBench
from tests.web.conftest import ANY_ENGINE, Visit
from tests.web.drafting import DOT, PAROTID, Tab, count_patches, patch

BAD = {
    "gap": patch((0, 0, 0), DOT, 7),
    "old_version": patch((0, 0, 0), DOT, 0),
    "outside": patch((0, 0, 0), np.ones((25, 1, 1), dtype=bool), 1),
    "bad_patch": patch((0, 0, 0), DOT, 1) | {"shape": [2, 2, 2]},
}


@ANY_ENGINE
@pytest.mark.parametrize("reason", BAD)
def test_a_wrong_stroke_is_refused_and_the_journal_stays(
    bench: WebBench, tab: Tab, reason: str
) -> None:
    assert tab.draw((5, 5, 5), DOT).status_code == 200
    answer = tab.send(BAD[reason] | {"id": str(uuid.uuid4())})
    assert answer.status_code in (409, 422)
    assert answer.json()["reason"] == reason
    assert answer.json()["error"].endswith(".")
    assert count_patches(bench) == 1
    assert np.array_equal(tab.fetch_mask()[1], tab.mask)
    assert tab.draw((6, 6, 6), DOT).status_code == 200


@ANY_ENGINE
@pytest.mark.parametrize(
    "change",
    [
        {"runs": "not base64"},
        {"runs": ""},
        {"runs": "gICAgICA"},
        {"runs": "AAEA"},
        {"start": [-1, 0, 0]},
        {"shape": [0, 1, 1]},
        {"start": [2**40, 0, 0]},
        {"mode": "and"},
        {"active_seconds": -1},
        {"tool": "x" * 99},
        {"id": "short"},
    ],
)
def test_nonsense_is_refused(bench: WebBench, tab: Tab, change: dict[str, object]) -> None:
    answer = tab.send(patch((0, 0, 0), DOT, 0) | change)
    assert answer.status_code == 422
    assert answer.json()["error"]
    assert count_patches(bench) == 0


def test_a_body_that_is_too_long_is_refused(tab: Tab) -> None:
    answer = tab.client.post(f"{PAROTID}/patches", content=b"x" * 5_000_000)
    assert answer.status_code == 413
    assert "send less" in answer.json()["error"]


def test_an_id_belongs_to_one_stroke(bench: WebBench, tab: Tab) -> None:
    first = patch((0, 0, 0), DOT, 0)
    tab.send(first)
    answer = tab.send(patch((1, 1, 1), DOT, 1) | {"id": first["id"]})
    assert (answer.status_code, answer.json()["reason"]) == (409, "key_reused")
    twice = patch((1, 1, 1), DOT, 1)
    assert tab.send(twice, twice | {"base_version": 2}).json()["reason"] == "key_reused"
    assert count_patches(bench) == 1


def test_a_stroke_for_another_case_or_structure_is_refused(
    bench: WebBench, visit: Visit, tab: Tab
) -> None:
    stem = Tab(
        client=tab.client,
        url="/api/assignments/1/drafts/BrainStem",
        mask=bench.masks["BrainStem"].dense(),
        holder=tab.holder,
    )
    stem.open()
    stem.draft = tab.draft
    assert stem.draw((0, 0, 0), DOT).json()["reason"] == "another_draft"
    ben = Tab(client=visit("ben"), url="/api/assignments/3/drafts/ParotidL", mask=tab.mask)
    ben.open()
    ben.draft, ben.holder = tab.draft, tab.holder
    assert ben.draw((0, 0, 0), DOT).json()["reason"] == "another_draft"
    assert count_patches(bench) == 0


def test_only_ones_own_assignments_can_be_edited(visit: Visit, tab: Tab) -> None:
    ben = Tab(client=visit("ben"), url=PAROTID, mask=tab.mask, holder=tab.holder)
    assert ben.open().status_code == 403
    ben.draft = tab.draft
    assert ben.draw((0, 0, 0), DOT).status_code == 403
    assert ben.client.get(f"{PAROTID}/mask").status_code == 403
    assert visit("emil").post(PAROTID, json={"holder": "x" * 8}).status_code == 403


def test_a_structure_that_is_not_under_review_has_no_draft(tab: Tab) -> None:
    nobody = Tab(client=tab.client, url="/api/assignments/1/drafts/Liver", mask=tab.mask)
    assert nobody.open().json()["reason"] == "not_under_review"
    assert nobody.client.get(nobody.url).json()["reason"] == "no_draft"
    assert nobody.client.get(f"{nobody.url}/mask").status_code == 404


def test_a_locked_structure_takes_no_stroke(bench: WebBench, visit: Visit, tab: Tab) -> None:
    tab.draw((0, 0, 0), DOT)
    carla = visit("carla")
    url = f"/api/cases/{bench.case_id}/locks/ParotidL"
    lock = {"locked": True, "label_version": bench.versions["ParotidL"]}
    assert tab.client.post(url, json=lock).status_code == 403
    assert carla.post(url, json=lock).status_code == 201
    refused = tab.draw((1, 0, 0), DOT)
    assert (refused.status_code, refused.json()["reason"]) == (409, "locked")
    assert tab.submit().json()["reason"] == "locked"
    (shown,) = tab.client.get("/api/assignments/1/drafts").json()["locks"]
    assert shown["structure"] == "ParotidL"
    assert (shown["reason"], shown["label_version"]) == (None, None)  # anna reads blinded
    assert carla.post(url, json={"locked": False, "reason": " "}).status_code == 422
    assert carla.post(url, json={"locked": False, "reason": "wrong side"}).status_code == 201
    assert tab.draw((1, 0, 0), DOT).status_code == 200


def test_one_editor_per_structure_where_the_study_says_so(bench: WebBench, visit: Visit) -> None:
    (bench.study.tables / "editing.csv").write_text("setting,value\none_editor,1\n")
    mask = bench.masks["ParotidL"].dense()
    anna = Tab(client=visit("anna"), url=PAROTID, mask=mask.copy())
    ben = Tab(client=visit("ben"), url="/api/assignments/2/drafts/ParotidL", mask=mask.copy())
    assert ben.open().status_code == 201
    told = anna.open()
    assert (told.status_code, told.json()["reason"]) == (409, "lease_held")
    assert told.json()["lease"]["holder"] == "another reader"
    assert "ben" not in told.text
    assert anna.open(take_over=True).status_code == 201
    assert ben.draw((0, 0, 0), DOT).json()["reason"] == "lease_lost"
    assert ben.open().json()["lease"]["holder"] == "anna"

"""Drafts over HTTP: every stroke is kept once, and every wrong one is refused with its reason."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from han5k_review.imaging.label_images import read_mask
from han5k_review.review.assignment import list_worklist
from han5k_review.review.decisions.locking import lock_structure
from han5k_review.review.refusals import Reason
from han5k_review.store.columns import utc_now
from han5k_review.store.draft_tables import DraftPatch, DraftSnapshot
from han5k_review.store.engine import reading, transaction
from han5k_review.store.tables import Audit, LabelVersion, Reader, Revision
from han5k_review.store.vocabulary import LabelSource
from tests.web.bench import GRID, ROOT, WebBench
from tests.web.drafting import Tab, patch

Visit = Callable[..., TestClient]
PAROTID = "/api/assignments/1/drafts/ParotidL"
DOT = np.ones((1, 1, 1), dtype=bool)


@pytest.fixture
def tab(bench: WebBench, visit: Visit) -> Tab:
    tab = Tab(client=visit("anna"), url=PAROTID, mask=bench.masks["ParotidL"].dense())
    assert tab.open().status_code == 201
    return tab


def count_patches(bench: WebBench) -> int:
    with reading(bench.study.engine) as session:
        return len(session.exec(select(DraftPatch)).all())


def test_strokes_change_the_draft_and_nothing_else(bench: WebBench, tab: Tab) -> None:
    random = np.random.default_rng(5)
    for _ in range(20):
        shape = random.integers(1, 6, 3)
        start = random.integers(0, np.array(GRID.shape) - shape + 1)
        answer = tab.draw(tuple(map(int, start)), random.random(shape) < 0.6)
        assert answer.status_code == 200
        assert answer.json()["voxels"] == np.count_nonzero(tab.mask)
    header, stored = tab.fetch_mask()
    assert np.array_equal(stored, tab.mask)
    assert (header["draft"], header["version"]) == (tab.draft, 20)
    with reading(bench.study.engine) as session:
        assert len(session.exec(select(LabelVersion)).all()) == 5


def test_a_replacing_patch_makes_its_box_what_is_marked(tab: Tab) -> None:
    marked = np.zeros((4, 5, 2), dtype=bool)
    marked[1:3, 2, :] = True
    assert tab.send(patch((2, 3, 4), marked, 0, mode="replace")).status_code == 200
    tab.mask[2:6, 3:8, 4:6] = marked
    assert np.array_equal(tab.fetch_mask()[1], tab.mask)


def test_undo_is_the_same_patch_again(bench: WebBench, tab: Tab) -> None:
    tab.draw((3, 3, 3), np.ones((9, 9, 1), dtype=bool))
    tab.draw((3, 3, 3), np.ones((9, 9, 1), dtype=bool))
    assert np.array_equal(tab.fetch_mask()[1], bench.masks["ParotidL"].dense())


def test_another_machine_resumes_at_the_same_place(visit: Visit, tab: Tab) -> None:
    place = {"plane": "coronal", "at": [4, 5, 6]}
    tab.send(patch((0, 0, 0), DOT, 0), place=place)
    left = tab.client.post(
        f"{PAROTID}/lease", json={"holder": tab.holder, "draft": tab.draft, "release": True}
    )
    assert left.json()["lease"]["mine"] is False
    other = Tab(client=visit("anna"), url=PAROTID, mask=tab.mask)
    resumed = other.open()
    assert resumed.status_code == 200
    assert resumed.json()["place"] == place
    assert resumed.json()["version"] == 1
    assert other.draw((1, 1, 1), DOT).status_code == 200


def test_a_repeated_stroke_is_answered_as_it_was_and_kept_once(bench: WebBench, tab: Tab) -> None:
    first = patch((0, 0, 0), DOT, 0)
    once = tab.send(first).json()["patches"]
    tab.send(patch((1, 0, 0), DOT, 1))
    again = tab.send(first)
    assert again.status_code == 200
    assert again.json()["patches"] == once
    assert again.json()["version"] == 2
    mixed = tab.send(first, patch((2, 0, 0), DOT, 2))
    assert [row["version"] for row in mixed.json()["patches"]] == [1, 3]
    assert count_patches(bench) == 3


def test_a_second_tab_is_told_and_may_take_over(bench: WebBench, visit: Visit, tab: Tab) -> None:
    other = Tab(client=visit("anna"), url=PAROTID, mask=tab.mask)
    told = other.open()
    assert told.status_code == 409
    assert told.json()["reason"] == "lease_held"
    assert told.json()["lease"]["holder"] == "your other tab"
    assert other.open(take_over=True).status_code == 200
    lost = tab.draw((0, 0, 0), DOT)
    assert (lost.status_code, lost.json()["reason"]) == (409, "lease_lost")
    assert other.draw((0, 0, 0), DOT).status_code == 200
    with reading(bench.study.engine) as session:
        actions = [row.action for row in session.exec(select(Audit)).all()]
    assert "take over draft" in actions


def test_a_batch_is_journalled_whole_or_not_at_all(bench: WebBench, tab: Tab) -> None:
    good, outside = patch((0, 0, 0), DOT, 0), patch((30, 0, 0), DOT, 1)
    assert tab.send(good, outside).json()["reason"] == "outside"
    assert count_patches(bench) == 0
    assert np.array_equal(tab.fetch_mask()[1], tab.mask)
    assert tab.send(good).status_code == 200


BAD = {
    "gap": patch((0, 0, 0), DOT, 7),
    "old_version": patch((0, 0, 0), DOT, 0),
    "outside": patch((0, 0, 0), np.ones((25, 1, 1), dtype=bool), 1),
    "bad_patch": patch((0, 0, 0), DOT, 1) | {"shape": [2, 2, 2]},
}


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
        child = session.get(LabelVersion, body["label_version"])
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
            "label_version": bench.versions["ParotidL"],
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


def test_the_contract_names_every_reason_and_every_route() -> None:
    contract = (ROOT / "docs" / "transport.md").read_text()
    assert [reason for reason in Reason if f"| `{reason.value}` |" not in contract] == []
    routes = ("GET <draft>", "POST <draft>", "GET <draft>/mask", "POST <draft>/patches")
    more = ("GET <draft>/check", "POST <draft>/submit", "POST <draft>/lease", "DELETE <draft>")
    assert [route for route in (*routes, *more) if f"`{route}`" not in contract] == []


def test_a_snapshot_is_made_on_the_way_and_the_mask_stays(bench: WebBench, tab: Tab) -> None:
    for n in range(5):
        batch = [
            patch((n, m % 20, m // 20 * 2), DOT, tab.version + m, active_seconds=0)
            for m in range(30)
        ]
        answer = tab.send(*batch)
        assert answer.status_code == 200
        tab.version = answer.json()["version"]
        for one in batch:
            i, j, k = one["start"]
            tab.mask[i, j, k] ^= True
    with reading(bench.study.engine) as session:
        assert [row.version for row in session.exec(select(DraftSnapshot)).all()] == [90, 150]
    assert np.array_equal(tab.fetch_mask()[1], tab.mask)


def test_a_draft_can_be_taken_along_as_a_file(bench: WebBench, tab: Tab, tmp_path: Path) -> None:
    tab.draw((0, 0, 0), np.ones((6, 6, 6), dtype=bool))
    answer = tab.client.get(f"{PAROTID}/contour.nii.gz")
    assert answer.headers["content-disposition"].endswith('"HN-001-ParotidL-draft.nii.gz"')
    path = tmp_path / "draft.nii.gz"
    path.write_bytes(answer.content)
    assert np.array_equal(read_mask(path, GRID).dense(), tab.mask)


def grade_body(bench: WebBench, code: str) -> dict[str, object]:
    return {
        "request_id": str(uuid.uuid4()),
        "structure": "ParotidL",
        "label_version": bench.versions["ParotidL"],
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
    assert revision.grade_id == done.json()["grade"]["id"]
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


def test_a_draft_without_a_change_vanishes_when_it_is_left(bench: WebBench, tab: Tab) -> None:
    def leave(one: Tab) -> None:
        body = {"holder": one.holder, "draft": one.draft, "release": True}
        assert one.client.post(f"{PAROTID}/lease", json=body).status_code == 200

    leave(tab)
    assert tab.client.get(PAROTID).status_code == 404
    tab.open()
    tab.draw((4, 3, 2), DOT)
    tab.draw((4, 3, 2), DOT)  # taken back
    leave(tab)
    assert tab.client.get(PAROTID).status_code == 404
    tab.open()
    tab.draw((4, 3, 2), DOT)
    leave(tab)
    assert tab.client.get(PAROTID).json()["version"] == 1
    with reading(bench.study.engine) as session:
        (entry,) = [one for one in list_worklist(session, 1) if one.assignment_id == 1]
    assert entry.open_drafts == 1
    page = tab.client.get("/sign-out", headers={"Accept": "text/html"}).text
    assert "1 edit is not submitted:" in page
    assert '<a href="/review?assignment=1">HN-001: ParotidL</a>' in page


def test_the_journal_gives_back_the_steps_of_a_draft(tab: Tab) -> None:
    sent = patch((0, 0, 0), DOT, 0)
    tab.send(sent, patch((1, 0, 0), DOT, 1, tool="undo"))
    answer = tab.client.get(f"{PAROTID}/patches").json()
    assert (answer["draft"], answer["version"]) == (tab.draft, 2)
    first, second = answer["patches"]
    assert {name: first[name] for name in ("tool", "mode", "start", "shape", "runs")} == {
        name: sent[name] for name in ("tool", "mode", "start", "shape", "runs")
    }
    assert (second["version"], second["tool"]) == (2, "undo")

"""Drafts over HTTP: every stroke is kept once, and the draft comes back whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sqlmodel import select

from han5k_review.imaging.label_images import read_mask
from han5k_review.review.assignment import list_worklist
from han5k_review.review.refusals import Reason
from han5k_review.store.draft_tables import DraftSnapshot
from han5k_review.store.engine import reading
from han5k_review.store.tables import Audit, LabelVersion
from tests.web.bench import GRID, ROOT, WebBench
from tests.web.conftest import Visit
from tests.web.drafting import DOT, PAROTID, Tab, count_patches, patch


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
    asked = tab.client.post("/sign-out", data={"where": "unless-edits-wait"})
    assert (asked.status_code, asked.text.count("HN-001: ParotidL")) == (200, 1)
    assert tab.client.get(PAROTID).status_code == 200


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

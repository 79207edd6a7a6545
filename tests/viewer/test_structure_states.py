"""What a reader is told around a contour: locked, already revised, not as anatomy has it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Route, expect
from sqlmodel import Session, select

from han5k_review.review.decisions.locking import lock_structure, unlock_structure
from han5k_review.review.row_numbers import RowKind, number_task
from han5k_review.store.engine import transaction
from han5k_review.store.tables import Reader, Revision
from tests.viewer.drawing_table import Table, near, on_slice
from tests.web.bench import NOON


def carla(session: Session) -> Reader:
    """The bench's adjudicator."""
    return session.exec(select(Reader).where(Reader.name == "carla")).one()


def mount_with(table: Table, structure: dict[str, Any] | None = None, **changes: Any) -> None:
    """Open the case anew with another mount object; `structure` changes ParotidL's row."""

    def answer(route: Route) -> None:
        mount = route.fetch().json()
        for row in mount["structures"]:
            if row["name"] == "ParotidL":
                row.update(structure or {})
        route.fulfill(json={**mount, **changes})

    table.screen.route("**/mount*", answer)
    table.screen.goto(f"{table.url}/harness")
    table.screen.wait_for_selector("[data-testid=workspace][data-first-slice-ms]")


def test_a_locked_structure_says_so_before_anything_is_drawn(table: Table, pictures: Path) -> None:
    screen, engine = table.screen, table.bench.study.engine
    with transaction(engine) as session:
        version = table.bench.versions["ParotidL"]
        lock_structure(session, label_version_id=version, by=carla(session), now=NOON)
    table.open()
    mark = screen.locator("[data-structure=ParotidL] .state-mark[data-kind=locked]")
    expect(mark).to_be_visible()
    title = mark.get_attribute("title") or ""
    # A blinded reader is not told when: it would tell whose acceptance it was.
    assert title.startswith("ParotidL was accepted and locked; an adjudicator can unlock it")
    expect(screen.get_by_test_id("edit-alert")).to_have_text(title)
    expect(screen.locator("[data-action=edit]")).to_be_disabled()
    screen.keyboard.press("e")
    expect(screen.get_by_test_id("edit-state")).to_be_hidden()
    screen.screenshot(path=pictures / "locked.png")
    expect(screen.locator("[data-structure=BrainStem] .state-mark")).to_be_hidden()
    with transaction(engine) as session:
        unlock_structure(
            session,
            case_id=table.bench.case_id,
            structure="ParotidL",
            reason="A slice is missing.",
            by=carla(session),
            now=NOON,
        )
    table.edit()
    expect(mark).to_have_count(0)


def test_a_submitted_revision_is_shown_and_edited_further(table: Table) -> None:
    screen = table.screen
    expect(screen.get_by_test_id("compare")).to_be_hidden()
    table.edit()
    table.show("axial", 5)
    drawn = table.drag("axial", 5, (6, 6, 5), (15, 14, 5))
    revised = table.start() | (near(drawn, 5) & on_slice("axial", 5))
    np.testing.assert_array_equal(table.stored(), revised)
    screen.keyboard.press("Shift+E")
    screen.get_by_test_id("answer-ungraded").click(timeout=60_000)
    own = screen.locator("[data-set=o]")
    expect(own).to_have_attribute("aria-pressed", "true", timeout=60_000)
    expect(own).to_contain_text("Own revision")
    changed = int((revised ^ table.start()).sum())
    expect(screen.get_by_test_id("difference-text")).to_have_text(
        f"{changed} voxels differ on 1 slice"
    )
    screen.locator("[data-structure=BrainStem]").click()
    expect(screen.get_by_test_id("difference-text")).to_have_text("BrainStem is not in this set")
    answer = screen.request.get(f"{table.url}/api/assignments/1/label_sets").json()
    resume = {"structure": "ParotidL", "slice": 4}
    with transaction(table.bench.study.engine) as session:
        revision = session.exec(select(Revision)).one().label_version_id
    mount_with(
        table,
        label_sets=answer["label_sets"],
        resume=resume,
        edit_base=number_task(table.bench.study.root, 1).show(RowKind.LABEL_VERSION, revision),
        start_editing=True,
    )
    expect(screen.get_by_test_id("edit-figures")).to_contain_text(
        f"VRD {100 * changed / table.start().sum():.1f} %"
    )
    expect(screen.get_by_test_id("edit-alert")).to_contain_text("starts from a revision")
    table.steps = 0
    np.testing.assert_array_equal(table.stored(0), revised)
    pen = screen.locator("[data-structure=ParotidL] .state-mark[data-kind=draft]")
    expect(pen).to_have_attribute("title", re.compile("^Your draft is open, last changed on 20"))


def test_anatomy_is_reminded_of_while_drawing(table: Table, pictures: Path) -> None:
    screen = table.screen
    mount_with(table, {"inside": "BrainStem", "pair": "BrainStem", "side": "L"})
    screen.locator("[data-structure=ParotidL]").click()
    screen.keyboard.press("u")
    screen.keyboard.press("b")
    table.edit()
    advice = screen.get_by_test_id("edit-advice")
    parent = np.zeros_like(table.start())
    parent[table.bench.masks["BrainStem"].slices] = table.bench.masks["BrainStem"].voxels
    outside = int((table.start() & ~parent).sum())
    cc = outside * 2 * 2 * 3 / 1000
    expect(advice).to_contain_text(f"{cc:.2f} cc lie outside BrainStem, in which it should lie")
    expect(advice).to_contain_text(
        "Left and right may be swapped: its middle does not lie on the patient's left of BrainStem"
    )
    expect(advice).not_to_contain_text("pieces")
    table.show("axial", 12)
    table.size(6)
    table.drag("axial", 12, (20, 15, 12), (20, 15, 12))
    table.stored()
    expect(advice).to_contain_text("2 separate pieces; the contour under review has 1")
    screen.set_viewport_size({"width": 1024, "height": 768})
    screen.screenshot(path=pictures / "advice.png")

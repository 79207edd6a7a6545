"""A read that is drawn from nothing, in the browser: no contour, one button, nothing to grade."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from sqlmodel import select

from han5k_review.accounts.readers import get_reader
from han5k_review.protocol.presets import build_preset
from han5k_review.protocol.reads import ReadWish, assign_reads, plan_reads
from han5k_review.protocol.record import Change, read_facts, set_protocol
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Grade, LabelVersion, Revision
from han5k_review.store.vocabulary import Blinding, LabelSource, Preset
from rigs.studies import NOON
from rigs.viewer_cases import block_case, lps_grid
from rigs.viewer_desk import Desk

GRID = lps_grid((64, 64, 32), (1.0, 1.0, 2.0))
BLOCKS = {
    "ParotidL": (slice(10, 22), slice(20, 40), slice(8, 20)),
    "ParotidR": (slice(40, 52), slice(20, 40), slice(8, 20)),
}


def open_manual(open_desk: Callable[..., Desk], screen: Page) -> Desk:
    """Anna's second read: both parotids, from nothing; in an open study with references."""
    hu = np.random.default_rng(1).integers(-40, 80, GRID.shape).astype(np.int16)
    desk = open_desk(block_case(hu, GRID, BLOCKS))
    with transaction(desk.study.engine) as session:
        facts = read_facts(session, desk.study)
        protocol = replace(
            build_preset(Preset.TIMED_REVISION, facts), manual_share=1.0, blinding=Blinding.OPEN
        )
        set_protocol(session, protocol, facts, change=Change(actor="lena", now=NOON))
        wish = ReadWish(reader_ids=(stored_id(get_reader(session, "anna")),))
        plan = plan_reads(session, wish)
        assign_reads(session, desk.study, wish, seen=plan, actor="lena", now=NOON)
    screen.goto(screen.url.replace("assignment=1", "assignment=2"))
    screen.wait_for_selector("[data-testid=workspace][data-first-slice-ms]")
    return desk


@pytest.mark.browser
def test_a_structure_is_drawn_from_nothing_and_done_by_submitting_it(
    open_desk: Callable[..., Desk], screen: Page
) -> None:
    desk = open_manual(open_desk, screen)
    panel, progress = screen.get_by_test_id("edit-panel"), screen.get_by_test_id("progress")
    expect(progress).to_have_text("0 / 2 drawn")
    expect(screen.get_by_test_id("compare")).to_be_hidden()  # no other contour is there
    screen.keyboard.press("t")
    expect(screen.get_by_text("No contour is graded here")).to_be_visible()
    key = screen.locator("button:has([data-key=edit])")  # one button has it, whatever goes on
    expect(key).to_have_text(re.compile("e Draw it from nothing"))
    expect(key).to_have_class(re.compile("loud"))
    key.click()
    expect(screen.locator("[data-action=brush]")).to_be_visible()
    expect(key).to_have_text(re.compile("e Leave drawing"))
    expect(key).not_to_have_class(re.compile("loud"))
    view = screen.get_by_test_id("view-main").bounding_box()
    assert view is not None
    x, y = view["x"] + view["width"] / 2, view["y"] + view["height"] / 2
    screen.mouse.move(x, y)
    screen.mouse.down()
    screen.mouse.move(x + 40, y + 20)
    screen.mouse.up()
    expect(panel).to_have_attribute("data-saved", "1")
    expect(screen.get_by_test_id("edit-figures")).not_to_contain_text("VRD")
    screen.keyboard.press("Shift+E")
    expect(progress).to_have_text("1 / 2 drawn", timeout=60_000)  # its first measurement compiles
    expect(screen.get_by_test_id("edit-alert")).to_have_text("ParotidL is drawn and submitted.")
    expect(key).to_have_text(re.compile("e Edit what you drew"))
    # The other one cannot be drawn: submitted empty, once that is confirmed.
    screen.locator("[data-structure=ParotidR]").click()
    expect(screen.get_by_test_id("drawn")).to_have_text(
        "No contour is shown: draw it, then submit it."
    )
    expect(key).to_have_text(re.compile("e Draw it from nothing"))
    key.click()
    expect(panel).to_have_attribute("data-saved", "0")
    screen.keyboard.press("Shift+E")
    expect(screen.get_by_test_id("question-words")).to_contain_text("Nothing is drawn")
    screen.get_by_test_id("answer-submit").click()
    expect(progress).to_have_text("2 / 2 drawn")
    expect(screen.get_by_test_id("question-words")).to_contain_text("are drawn and saved")
    with reading(desk.study.engine) as session:
        assert session.exec(select(Grade)).all() == []
        made = session.exec(
            select(LabelVersion, Revision)
            .join(Revision, Revision.label_version_id == LabelVersion.id)
            .order_by("id")
        ).all()
        assert [one.source for one, _ in made] == [LabelSource.REVISION] * 2
        assert made[0][0].voxels > 0 == made[1][0].voxels

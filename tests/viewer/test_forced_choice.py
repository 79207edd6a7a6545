"""A forced choice in the browser: two views of one CT that go together, one key for each answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from sqlmodel import select

from han5k_review.accounts.readers import get_reader
from han5k_review.imaging.mask import StructureMask
from han5k_review.protocol.presets import build_preset
from han5k_review.protocol.reads import ReadWish, assign_reads, plan_reads
from han5k_review.protocol.record import Change, read_facts, set_protocol
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.preference_tables import Preference
from han5k_review.store.vocabulary import Preset
from rigs.seeing import look
from rigs.studies import NOON
from rigs.viewer_cases import block_case, lps_grid
from rigs.viewer_desk import Desk

GRID = lps_grid((64, 64, 32), (1.0, 1.0, 2.0))
BLOCKS = {
    "ParotidL": (slice(10, 22), slice(20, 40), slice(8, 20)),
    "ParotidR": (slice(40, 52), slice(20, 40), slice(8, 20)),
}


def open_choice(open_desk: Callable[..., Desk], screen: Page) -> tuple[Desk, int]:
    """Two parotids, each with a reference that is two voxels wider, on anna's list."""
    references = {}
    for name, (i, j, k) in BLOCKS.items():
        dense = np.zeros(GRID.shape, dtype=bool)
        dense[i.start : i.stop + 2, j, k] = True
        references[name] = StructureMask.from_dense(dense, GRID)
    hu = np.random.default_rng(1).integers(-40, 80, GRID.shape).astype(np.int16)
    desk = open_desk(block_case(hu, GRID, BLOCKS, references=references))
    study = desk.study
    with transaction(study.engine) as session:
        facts = read_facts(session, study)
        protocol = replace(build_preset(Preset.FORCED_CHOICE, facts), seed=3)
        set_protocol(session, protocol, facts, change=Change(actor="lena", now=NOON))
        wish = ReadWish(reader_ids=(stored_id(get_reader(session, "anna")),))
        plan = plan_reads(session, wish)
        assign_reads(session, study, wish, seen=plan, actor="lena", now=NOON)
    screen.goto(screen.url.replace("assignment=1", "assignment=2"))
    screen.wait_for_selector("[data-testid=workspace][data-first-slice-ms]")
    return desk, 2


@pytest.mark.browser
def test_two_contours_stand_beside_each_other_and_one_key_chooses(
    open_desk: Callable[..., Desk], screen: Page
) -> None:
    desk, number = open_choice(open_desk, screen)
    left, right = screen.get_by_test_id("view-main"), screen.get_by_test_id("view-upper")
    expect(screen.get_by_test_id("view-main-title")).to_contain_text("Left")
    expect(screen.get_by_test_id("view-upper-title")).to_contain_text("Right")
    slice_before = left.get_attribute("data-slice")
    screen.keyboard.press("ArrowUp")
    expect(left).not_to_have_attribute("data-slice", slice_before or "")
    expect(right).to_have_attribute("data-slice", left.get_attribute("data-slice") or "")
    expect(screen.get_by_test_id("compare")).to_be_hidden()
    screen.keyboard.press("d")
    expect(screen.get_by_text("Here both contours stay beside each other")).to_be_visible()
    look(screen)
    screen.keyboard.press("2")
    expect(screen.get_by_test_id("progress")).to_have_text("1 / 2 chosen")
    look(screen)
    screen.keyboard.press("3")
    expect(screen.get_by_test_id("question-words")).to_contain_text("are chosen and saved")
    screen.get_by_test_id("answer-undo").click()
    expect(screen.get_by_test_id("progress")).to_have_text("1 / 2 chosen")
    expect(screen.get_by_test_id("save-state")).to_contain_text("saved")
    with reading(desk.study.engine) as session:
        given = session.exec(select(Preference).order_by("id")).all()
    assert [(one.assignment_id, one.structure, one.choice) for one in given] == [
        (number, "ParotidL", "right"),
        (number, "ParotidR", "neither"),
        (number, "ParotidR", None),
    ]
    assert desk.grades() == []

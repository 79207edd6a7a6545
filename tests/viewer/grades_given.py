"""A case of three blocks to grade, and what a page says of the grades given in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
from playwright.sync_api import Page, expect

from rigs.viewer_cases import DeskCase, block_case, lps_grid
from rigs.viewer_desk import Desk

SHAPE = (48, 48, 16)
NAMES = ("BrainStem", "Larynx", "ParotidL")
Open = Callable[..., Desk]
EVENTS = "window.events"


def case(level: int = 0, **options: Any) -> DeskCase:
    """Three structures in a CT of one HU, so that another level is another CT."""
    hu = np.full(SHAPE, level, dtype=np.int16)
    blocks = {
        name: (slice(10 * n + 8, 10 * n + 16), slice(20, 30), slice(3 * n + 2, 3 * n + 7))
        for n, name in enumerate(NAMES)
    }
    grid = lps_grid(SHAPE, (1.0, 1.0, 3.0))
    return block_case(hu, grid, blocks, **options)


def chosen(screen: Page, name: str) -> None:
    row = screen.locator("[data-structure][aria-selected=true]")
    expect(row).to_have_attribute("data-structure", name)


def grade_of(screen: Page, name: str, code: str) -> None:
    expect(screen.locator(f"[data-structure={name}]")).to_have_attribute("data-grade", code)


def said(screen: Page, words: str) -> None:
    expect(screen.get_by_test_id("save-state")).to_contain_text(words)


def said_saved(screen: Page) -> None:
    """The time of a confirmed save; "all saved" stands there before anything was sent."""
    expect(screen.get_by_test_id("save-state")).to_have_text(re.compile(r"^saved \d\d:"))

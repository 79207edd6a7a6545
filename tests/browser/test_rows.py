"""Rows open by a click anywhere in them and by Enter; long lists come a page at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from rigs.server import Server, running_server
from tests.browser.conftest import sign_in
from tests.browser.desk import PASSWORD
from tests.browser.small_study import build_small_study

SLOW = 60_000
CASES = 53  # more than one page


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("rows")
    build_small_study(root / "study", CASES).engine.dispose()
    with running_server(root / "study", root / "web.log") as running:
        yield running


@pytest.mark.browser
def test_a_worklist_row_opens_by_a_click_in_any_cell_and_by_enter(
    server: Server, screen: Page, pictures: Path
) -> None:
    sign_in(screen, server.url, "anna", PASSWORD)
    row = screen.locator("[data-testid=row]", has_text="HN-003")
    expect(row).to_be_visible(timeout=SLOW)
    screen.screenshot(path=pictures / "worklist.png")
    row.locator("td").nth(2).click()
    expect(screen.get_by_test_id("case")).to_have_text("HN-003", timeout=SLOW)
    screen.goto(f"{server.url}/worklist")
    link = screen.get_by_role("link", name="HN-001", exact=True)
    link.focus(timeout=SLOW)
    screen.keyboard.press("ArrowDown")
    screen.keyboard.press("Enter")
    expect(screen.get_by_test_id("case")).to_have_text("HN-002", timeout=SLOW)


@pytest.mark.browser
def test_cases_are_searched_and_come_a_page_at_a_time(
    server: Server, screen: Page, pictures: Path
) -> None:
    sign_in(screen, server.url, "lead", PASSWORD)
    screen.wait_for_url("**/overview")
    screen.goto(f"{server.url}/cases")
    rows = screen.locator("[data-testid=row]")
    expect(rows).to_have_count(50, timeout=SLOW)
    expect(screen.get_by_text("1 to 50 of 53")).to_be_visible()
    screen.screenshot(path=pictures / "cases.png")
    search = screen.get_by_label("Search")
    search.fill("hn-05")
    search.press("Enter")
    expect(rows).to_have_count(4, timeout=SLOW)  # HN-050 to HN-053
    rows.filter(has_text="HN-052").locator("td").nth(4).click()
    expect(screen.get_by_role("heading", name="HN-052")).to_be_visible(timeout=SLOW)
    assert "case=HN-052" in screen.url


@pytest.mark.browser
def test_every_page_says_who_is_signed_in_and_one_click_signs_out(
    server: Server, screen: Page
) -> None:
    sign_in(screen, server.url, "anna", PASSWORD)
    expect(screen.get_by_test_id("who")).to_have_text("anna, reader", timeout=SLOW)
    screen.goto(f"{server.url}/review?assignment=1")
    expect(screen.get_by_test_id("case")).to_be_visible(timeout=SLOW)
    screen.get_by_test_id("sign-out").click()
    screen.wait_for_url("**/sign-in*")

"""axe-core on every page, light and dark: nothing serious, contrast included."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from rigs.server import running_server
from tests.browser.conftest import ROOT, sign_in
from tests.browser.desk import PASSWORD, Desk
from tests.browser.test_pages import PAGES, open_page

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
FIND = """axe.run(document, {resultTypes: ["violations"]}).then((found) => found.violations
  .filter((one) => ["serious", "critical"].includes(one.impact))
  .flatMap((one) => one.nodes.map((node) =>
    `${one.id}: ${node.html.slice(0, 160)} ${node.any.map((why) => why.message).join("; ")}`)))"""


# The theme and its page's background: each channel on this side of 128.
THEMES: dict[Literal["light", "dark"], str] = {"light": ">", "dark": "<"}
SHOWS = """(side) => getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3)
  .every((channel) => side === ">" ? channel > 128 : channel < 128)"""


def list_violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text())
    return [str(one) for one in page.evaluate(FIND)]


def list_in_both_themes(page: Page) -> list[str]:
    """Faults in light and in dark; the page follows the system's choice while it is open."""
    found = []
    for theme, side in THEMES.items():
        page.emulate_media(color_scheme=theme)
        page.wait_for_function(SHOWS, arg=side)
        found += [f"{theme}: {fault}" for fault in list_violations(page)]
    return found


@pytest.mark.browser
def test_no_page_has_a_serious_accessibility_fault(
    desk: Desk, screen: Page, tmp_path: Path
) -> None:
    assert AXE.is_file(), f"axe-core was expected at {AXE}; run scripts/check, which installs it"
    with running_server(desk.study, tmp_path / "web.log") as server:
        screen.goto(f"{server.url}/sign-in")
        found = {"sign-in": list_in_both_themes(screen)}
        sign_in(screen, server.url, "lead", PASSWORD)
        expect(screen.locator("h1", has_text="Overview")).to_be_visible(timeout=60_000)
        for name in PAGES:
            open_page(screen, server.url, name)
            found[name] = list_in_both_themes(screen)
    assert {name: faults for name, faults in found.items() if faults} == {}

"""axe-core on every page, light and dark: nothing serious, contrast included."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ROOT, sign_in
from tests.browser.desk import PASSWORD, Desk
from tests.browser.test_pages import PAGES, open_page
from tests.server import running_server

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
FIND = """axe.run(document, {resultTypes: ["violations"]}).then((found) => found.violations
  .filter((one) => ["serious", "critical"].includes(one.impact))
  .flatMap((one) => one.nodes.map((node) =>
    `${one.id}: ${node.html.slice(0, 160)} ${node.any.map((why) => why.message).join("; ")}`)))"""


def list_violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text())
    return [str(one) for one in page.evaluate(FIND)]


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_has_a_serious_accessibility_fault(
    desk: Desk, chromium: Browser, theme: str, tmp_path: Path
) -> None:
    assert AXE.is_file(), f"axe-core was expected at {AXE}; run scripts/check, which installs it"
    context = chromium.new_context(color_scheme=theme, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    with running_server(desk.study, tmp_path / "web.log") as server:
        page.goto(f"{server.url}/sign-in")
        assert list_violations(page) == []
        sign_in(page, server.url, "lead", PASSWORD)
        expect(page.locator("h1", has_text="Overview")).to_be_visible(timeout=60_000)
        found = {}
        for name in PAGES:
            open_page(page, server.url, name)
            found[name] = list_violations(page)
    context.close()
    assert {name: faults for name, faults in found.items() if faults} == {}

"""axe-core on a page, light and dark: nothing serious, contrast included.

Themes differ in colours only: in dark, only what depends on them is looked at again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from playwright.sync_api import Page

from tests.browser.conftest import ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
FIND = """(only) => axe.run(document, {resultTypes: ["violations"], ...(only && {runOnly: only})})
  .then((found) => found.violations
  .filter((one) => ["serious", "critical"].includes(one.impact))
  .flatMap((one) => one.nodes.map((node) =>
    `${one.id}: ${node.html.slice(0, 160)} ${node.any.map((why) => why.message).join("; ")}`)))"""


# The theme and its page's background: each channel on this side of 128.
THEMES: dict[Literal["light", "dark"], str] = {"light": ">", "dark": "<"}
# Buttons change their colours slowly: what axe finds half way is on no screen a moment later.
SHOWS = """(side) => getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3)
  .every((channel) => side === ">" ? channel > 128 : channel < 128)
  && !document.getAnimations().some((one) => one instanceof CSSTransition)"""


# The rules of axe-core's own choice that look at colours; its stricter contrast is not among them.
OF_COLOURS = ("color-contrast", "link-in-text-block")


def list_violations(page: Page, only: Sequence[str] = ()) -> list[str]:
    """`only`: names of axe-core's rules."""
    assert AXE.is_file(), f"axe-core was expected at {AXE}; run scripts/check, which installs it"
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text())
    return [str(one) for one in page.evaluate(FIND, list(only) or None)]


def list_in_both_themes(page: Page) -> list[str]:
    """Faults in light and in dark; the page follows the system's choice while it is open."""
    found = []
    for theme, side in THEMES.items():
        page.emulate_media(color_scheme=theme)
        page.wait_for_function(SHOWS, arg=side)
        only = OF_COLOURS if theme == "dark" else ()
        found += [f"{theme}: {fault}" for fault in list_violations(page, only)]
    return found

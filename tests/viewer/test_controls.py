"""Buttons, focus, preferences and sizes of the reading page, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from rigs.viewer_desk import Desk
from tests.viewer.blocks import case, chosen, compared_case

Open = Callable[..., Desk]


def test_every_action_has_a_button_with_its_key(open_desk: Open, screen: Page) -> None:
    open_desk(compared_case())
    screen.keyboard.press("?")
    expect(screen.get_by_test_id("help")).to_be_visible()
    titles = screen.evaluate(
        """async () => {
          const { ACTION_NAMES } = await import('/assets/actions.js');
          const root = document.querySelector('#host').shadowRoot;
          const button = (name) => root.querySelector(`[data-action="${name}"]`);
          return ACTION_NAMES.map((name) => [name, button(name)?.title ?? null]);
        }"""
    )
    # No next case, no planned dose, nothing revised yet, no server for prompts.
    missing = {name for name, title in titles if title is None}
    assert missing == {"next-case", "dose", "band", "prompt"}
    screen.keyboard.press("Escape")
    expect(screen.get_by_test_id("help")).to_be_hidden()
    for key, word in [("Shift+Digit5", "No planned dose is known"), ("4", "No edit band")]:
        screen.keyboard.press(key)
        expect(screen.get_by_test_id("banner")).to_contain_text(word)


FOCUSABLE = """() => {
  const root = document.querySelector('#host').shadowRoot;
  const name = (one) => one.getAttribute('aria-label') || one.textContent.trim() || one.title ||
    one.closest('label')?.textContent.trim();
  return [...root.querySelectorAll('button, input, select, textarea, [tabindex]')]
    .filter((one) => one.offsetParent && one.tabIndex >= 0 && !one.disabled)
    .map((one) => [one.closest('.head, .list, .middle, .side')?.classList[0], name(one) ?? ""]);
}"""


def test_what_takes_focus_has_a_name_and_its_turn(open_desk: Open, screen: Page) -> None:
    open_desk(compared_case())
    found = screen.evaluate(FOCUSABLE)
    assert [name for _, name in found if not name] == []
    turns = [region for region, _ in found]
    assert turns == sorted(turns, key=["head", "list", "middle", "side"].index)
    screen.get_by_test_id("help-button").focus()
    for testid in ("search", "order", "filter", "structures"):
        screen.keyboard.press("Tab")
        expect(screen.get_by_test_id(testid)).to_be_focused()
    screen.get_by_test_id("view-main").focus()
    screen.keyboard.press("Tab")
    expect(screen.get_by_test_id("view-upper")).to_be_focused()


def test_preferences_outlive_the_case(open_desk: Open, screen: Page) -> None:
    open_desk(case())
    screen.keyboard.press("v")
    screen.keyboard.press("y")
    expect(screen.locator("[data-action=palette]")).to_have_attribute("aria-pressed", "true")
    screen.reload()
    expect(screen.locator("[data-action=palette]")).to_have_attribute("aria-pressed", "true")
    expect(screen.get_by_test_id("view-upper")).to_be_hidden()


def test_keys_typed_into_a_comment_stay_there(open_desk: Open, screen: Page) -> None:
    desk = open_desk(case())
    screen.keyboard.press("c")
    screen.keyboard.type("3 slices too n")
    chosen(screen, "ParotidL")
    assert desk.grades() == []
    screen.keyboard.press("Escape")
    screen.keyboard.press("n")
    chosen(screen, "ParotidR")


@pytest.mark.parametrize("size", [(1440, 900), (1024, 768), (720, 450)], ids=str)
def test_nothing_is_cut_off(
    open_desk: Open, screen: Page, size: tuple[int, int], pictures: object
) -> None:
    """720 x 450 is 1440 x 900 at 200 % zoom."""
    screen.set_viewport_size({"width": size[0], "height": size[1]})
    open_desk(compared_case())
    screen.screenshot(path=f"{pictures}/phantom-{size[0]}.png")
    outside = screen.evaluate(
        """() => {
          const root = document.querySelector('#host').shadowRoot;
          return [...root.querySelectorAll('button, [role=slider]')]
            .filter((one) => one.offsetParent && !one.closest('.side, .rows, dialog'))
            .map((one) => [one.textContent || one.title, one.getBoundingClientRect()])
            .filter(([, at]) => at.right > innerWidth + 1 || at.bottom > innerHeight + 1)
            .map(([name]) => name);
        }"""
    )
    assert outside == []
    unread = screen.evaluate(
        """() => [...document.querySelector('#host').shadowRoot.querySelectorAll('.row .name')]
          .filter((name) => {
            const range = document.createRange();
            range.selectNodeContents(name.lastChild);
            const [side, row] = [range, name].map((one) => one.getBoundingClientRect());
            return side.width === 0 || side.right > row.right + 1;
          })
          .map((name) => name.textContent)"""
    )
    assert [name for name in unread if name.endswith(("L", "R"))] == []
    main = screen.get_by_test_id("view-main").bounding_box()
    assert main is not None
    assert main["width"] > 300
    assert main["height"] > 200
    expect(screen.get_by_text("Research use only. Not a medical device.").first).to_be_visible()

"""Reading a case with wheel, keys and mouse, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from han5k_review.imaging.mask import StructureMask
from han5k_review.ui.viewer import LabelLine, Resume
from tests.viewer.cases import block_case, lps_grid, payload
from tests.viewer.desk import Desk, DeskCase

SHAPE = (64, 60, 40)
SPACING = (1.0, 1.0, 2.5)
BLOCKS = {
    "ParotidL": (slice(40, 50), slice(20, 34), slice(10, 18)),
    "ParotidR": (slice(12, 22), slice(20, 34), slice(22, 31)),
    "Nothing": (slice(0, 0), slice(0, 0), slice(0, 0)),
}
Open = Callable[..., Desk]


def ramp() -> np.ndarray:
    """HU = 100 i + k: every voxel says where it is."""
    i, _, k = np.indices(SHAPE)
    return (100 * i + k - 3000).astype(np.int16)


def case(**options: object) -> DeskCase:
    return block_case(ramp(), lps_grid(SHAPE, SPACING), BLOCKS, **options)


def compared_case() -> DeskCase:
    """A second label set: ParotidL one voxel wider on slice 12, three wider on slice 15; ParotidR
    six wider on slice 25."""
    built = case()
    sets = (("a", "Pseudo-label", LabelLine.SOLID), ("b", "Reference", LabelLine.DASHED))
    dense = built.masks["a"]["ParotidL"].dense().copy()
    dense[50, 20:34, 12] = True
    dense[50:53, 20:34, 15] = True
    wider = StructureMask.from_dense(dense, built.ct.grid)
    dense = built.masks["a"]["ParotidR"].dense().copy()
    dense[22:28, 20:34, 25] = True
    right = StructureMask.from_dense(dense, built.ct.grid)
    return DeskCase(
        payload=payload(1, built.payload.structures, sets=sets),
        ct=built.ct,
        masks={
            "a": built.masks["a"],
            "b": {**built.masks["a"], "ParotidL": wider, "ParotidR": right},
        },
    )


def slice_of(screen: Page, view: str = "view-main") -> int:
    return int(screen.get_attribute(f"[data-testid={view}]", "data-slice") or "-1")


def at_slice(screen: Page, index: int, view: str = "view-main") -> None:
    expect(screen.get_by_test_id(view)).to_have_attribute("data-slice", str(index))


def chosen(screen: Page, name: str) -> None:
    expect(screen.locator("[data-structure][aria-selected=true]")).to_have_attribute(
        "data-structure", name
    )


def test_the_first_structure_opens_at_its_centre(open_desk: Open, screen: Page) -> None:
    open_desk(case())
    chosen(screen, "ParotidL")
    at_slice(screen, 14)
    at_slice(screen, 44, "view-upper")
    at_slice(screen, 26, "view-lower")


def test_a_reader_resumes_where_they_stopped(open_desk: Open, screen: Page) -> None:
    desk = open_desk(case(resume=Resume(structure="ParotidR", slice=24)))
    chosen(screen, "ParotidR")
    at_slice(screen, 24)
    screen.keyboard.press("ArrowUp")
    with screen.expect_response("**/position"):
        at_slice(screen, 25)
    assert desk.positions[-1] == {"structure": "ParotidR", "slice": 25}


def test_wheel_and_keys_step_through_slices(open_desk: Open, screen: Page) -> None:
    open_desk(case())
    screen.get_by_test_id("view-main").hover(position={"x": 200, "y": 200})
    screen.mouse.wheel(0, -120)
    at_slice(screen, 15)
    screen.mouse.wheel(0, 120)
    at_slice(screen, 14)
    for key, index in (("ArrowDown", 13), ("PageUp", 18), ("Home", 17), ("End", 10)):
        screen.keyboard.press(key)
        at_slice(screen, index)
    for _ in range(6):
        screen.keyboard.press("PageDown")
    at_slice(screen, 0)


def test_a_touchpad_needs_some_way_for_a_slice(open_desk: Open, screen: Page) -> None:
    open_desk(case())
    screen.get_by_test_id("view-main").hover(position={"x": 200, "y": 200})
    for _ in range(5):
        screen.mouse.wheel(0, -12)
    at_slice(screen, 15)


def test_hu_and_place_are_said_under_the_pointer(open_desk: Open, screen: Page) -> None:
    open_desk(case())
    screen.keyboard.press("b")
    view = screen.get_by_test_id("view-main").bounding_box()
    assert view is not None
    scale = min(view["width"] / 64, view["height"] / 60)
    x = view["x"] + view["width"] / 2 + (37.5 - 32) * scale
    y = view["y"] + view["height"] / 2 + (11.5 - 30) * scale
    screen.mouse.move(x, y)
    said = screen.get_by_test_id("view-main-readout")
    # Voxel (37, 11, 14); the grid's origin is voxel (32, 30, 20).
    expect(said).to_contain_text(f"{100 * 37 + 14 - 3000} HU")
    expect(said).to_contain_text("L 5.0  A 19.0  I 15.0 mm")


def test_the_crosshair_links_the_planes(open_desk: Open, screen: Page) -> None:
    open_desk(case())
    screen.keyboard.press("b")
    view = screen.get_by_test_id("view-main").bounding_box()
    assert view is not None
    scale = min(view["width"] / 64, view["height"] / 60)
    x = view["width"] / 2 + (10.5 - 32) * scale
    y = view["height"] / 2 + (50.5 - 30) * scale
    screen.get_by_test_id("view-main").click(position={"x": x, "y": y})
    at_slice(screen, 10, "view-upper")
    at_slice(screen, 50, "view-lower")


def test_a_window_is_dragged_chosen_and_follows_the_structure(
    open_desk: Open, screen: Page
) -> None:
    open_desk(case())
    select = screen.get_by_test_id("window-select")
    expect(select).to_have_value("H&N soft")
    screen.keyboard.press("w")
    expect(select).to_have_value("brain")
    view = screen.get_by_test_id("view-main")
    view.hover(position={"x": 200, "y": 200})
    screen.mouse.down(button="right")
    screen.mouse.move(600, 300)
    screen.mouse.up(button="right")
    expect(select).to_have_value("by hand")
    screen.keyboard.press("n")
    expect(select).to_have_value("H&N soft")


def test_the_list_is_searched_and_walked_by_keys(open_desk: Open, screen: Page) -> None:
    open_desk(case())
    screen.keyboard.press("n")
    chosen(screen, "ParotidR")
    screen.keyboard.press("p")
    chosen(screen, "ParotidL")
    screen.keyboard.press("/")
    screen.keyboard.type("noth")
    expect(screen.get_by_test_id("structure")).to_have_count(1)
    screen.keyboard.press("Enter")
    chosen(screen, "Nothing")
    expect(screen.get_by_test_id("structure")).to_have_count(3)
    expect(screen.get_by_test_id("structure-facts")).to_contain_text("empty mask")


def test_layouts_and_planes_change(open_desk: Open, screen: Page) -> None:
    open_desk(case())
    screen.keyboard.press("v")
    expect(screen.get_by_test_id("view-upper")).to_be_hidden()
    screen.keyboard.press("x")
    expect(screen.get_by_test_id("view-main")).to_have_attribute("data-plane", "sagittal")
    at_slice(screen, 44)
    screen.keyboard.press("v")
    expect(screen.get_by_test_id("view-upper")).to_have_attribute("data-plane", "axial")


COLOURED = """() => {
  const root = document.querySelector('#host').shadowRoot;
  const canvas = root.querySelector('[data-testid=view-main-canvas]');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let n = 0; n < data.length; n += 4) {
    const rgb = [data[n], data[n + 1], data[n + 2]];
    if (Math.max(...rgb) - Math.min(...rgb) > 40) count++;
  }
  return count;
}"""


def coloured(screen: Page) -> int:
    """Pixels of the large view that are not grey, once the present frame is drawn."""
    screen.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    return int(screen.evaluate(COLOURED))


def drawn(screen: Page) -> str:
    """The large view as it is on the screen, to be compared with itself later."""
    coloured(screen)
    canvas = screen.get_by_test_id("view-main-canvas")
    return str(canvas.evaluate("(canvas) => canvas.toDataURL()"))


def test_outlines_hide_fill_and_stand_alone(open_desk: Open, screen: Page) -> None:
    open_desk(case())
    outline = coloured(screen)
    assert outline > 200
    screen.keyboard.press("o")
    assert coloured(screen) > 3 * outline
    screen.keyboard.press("h")
    assert coloured(screen) == 0


def test_a_compared_set_is_shaded_where_it_differs(open_desk: Open, screen: Page) -> None:
    open_desk(compared_case())
    screen.keyboard.press("j")
    at_slice(screen, 15)
    expect(screen.locator("[data-set=b]")).to_have_attribute("aria-pressed", "true")
    difference = screen.get_by_test_id("difference-text")
    expect(difference).to_have_text("56 voxels differ on 2 slices")
    shaded = coloured(screen)
    screen.keyboard.press("d")
    assert coloured(screen) < shaded


def test_a_compared_set_is_drawn_on_every_shown_structure(open_desk: Open, screen: Page) -> None:
    open_desk(compared_case())
    for _ in range(11):
        screen.keyboard.press("ArrowUp")
    at_slice(screen, 25)
    alone = drawn(screen)
    screen.keyboard.press("l")
    chosen(screen, "ParotidL")
    both = drawn(screen)
    assert both != alone
    screen.keyboard.press("s")
    neither = drawn(screen)
    assert neither not in (alone, both)
    screen.keyboard.press("l")
    assert drawn(screen) == neither
    screen.keyboard.press("s")
    assert drawn(screen) == alone


def test_the_largest_surface_error_is_found_and_shown(open_desk: Open, screen: Page) -> None:
    open_desk(compared_case())
    screen.keyboard.press("Shift+J")
    at_slice(screen, 15)
    at_slice(screen, 52, "view-upper")
    expect(screen.get_by_test_id("difference-text")).to_contain_text("surface error 3.0 mm")


def test_two_label_sets_stand_side_by_side(open_desk: Open, screen: Page) -> None:
    open_desk(compared_case())
    screen.keyboard.press("k")
    expect(screen.get_by_test_id("view-upper-title")).to_contain_text("Reference")
    expect(screen.get_by_test_id("view-main-title")).to_contain_text("Pseudo-label")
    screen.keyboard.press("ArrowUp")
    at_slice(screen, 15)
    at_slice(screen, 15, "view-upper")


def test_a_case_can_open_with_two_sets_side_by_side(open_desk: Open, screen: Page) -> None:
    built = compared_case()
    mounted = replace(built.payload, compare="b", side_by_side=True)
    open_desk(DeskCase(payload=mounted, ct=built.ct, masks=built.masks))
    expect(screen.get_by_test_id("view-upper-title")).to_contain_text("Reference")
    expect(screen.get_by_test_id("view-main-title")).to_contain_text("Pseudo-label")


def test_every_action_has_a_button_with_its_key(open_desk: Open, screen: Page) -> None:
    open_desk(DeskCase(payload=compared_case().payload, ct=case().ct, masks=compared_case().masks))
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
    missing = [name for name, title in titles if title is None and name != "next-case"]
    assert missing == []
    screen.keyboard.press("Escape")
    expect(screen.get_by_test_id("help")).to_be_hidden()


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
    for testid in ("search", "order", "structures"):
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
    assert desk.posted == []
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
    main = screen.get_by_test_id("view-main").bounding_box()
    assert main is not None
    assert main["width"] > 300
    assert main["height"] > 200
    expect(screen.get_by_text("Research use only. Not a medical device.").first).to_be_visible()

"""Reading a case with wheel, keys and mouse, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from rigs.viewer_desk import Desk
from tests.viewer.blocks import (
    at_slice,
    case,
    chosen,
    compared_case,
)

Open = Callable[..., Desk]


def test_the_first_structure_opens_at_its_centre(open_desk: Open, screen: Page) -> None:
    open_desk(case())
    chosen(screen, "ParotidL")
    at_slice(screen, 14)
    at_slice(screen, 44, "view-upper")
    at_slice(screen, 26, "view-lower")


def test_a_reader_resumes_where_they_stopped(open_desk: Open, screen: Page) -> None:
    desk = open_desk(case(resume=("ParotidR", 24)))
    chosen(screen, "ParotidR")
    at_slice(screen, 24)
    screen.keyboard.press("ArrowUp")
    with screen.expect_response("**/position"):
        at_slice(screen, 25)
    assert desk.position(1) == ("ParotidR", 25)


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
    screen.keyboard.press("F4")
    expect(select).to_have_value("bone")
    screen.keyboard.press("Shift+K")
    screen.keyboard.press("p")
    expect(select).to_have_value("bone")
    screen.keyboard.press("Shift+W")
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
    open_desk(compared_case(compare="b", side_by_side=True))
    expect(screen.get_by_test_id("view-upper-title")).to_contain_text("Reference")
    expect(screen.get_by_test_id("view-main-title")).to_contain_text("Pseudo-label")


def test_the_structure_is_turned_in_three_dimensions(open_desk: Open, screen: Page) -> None:
    open_desk(case())
    screen.keyboard.press("F10")
    words = screen.get_by_test_id("solid-words")
    expect(words).to_have_text("ParotidL, seen from the front")
    canvas = screen.get_by_test_id("solid-canvas")
    count = """(canvas) => canvas.getContext("2d").getImageData(0, 0, 320, 320).data
      .reduce((sum, part, n) => sum + (n % 4 === 0 && part > 60 ? 1 : 0), 0)"""
    assert canvas.evaluate(count) > 2000
    box = canvas.bounding_box()
    assert box is not None
    screen.mouse.move(box["x"] + 60, box["y"] + 100)
    screen.mouse.down()
    screen.mouse.move(box["x"] + 60 + 140, box["y"] + 100)
    screen.mouse.up()
    expect(words).to_have_text("ParotidL, seen from the right")
    screen.keyboard.press("n")
    expect(words).to_contain_text("ParotidR")
    screen.keyboard.press("F10")
    expect(screen.get_by_test_id("solid-pane")).to_be_hidden()

"""An asymmetric phantom in all 48 axis orientations: the marked voxel is where it belongs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import permutations, product

import numpy as np
from playwright.sync_api import Page

from han5k_review.imaging.grid import Grid
from han5k_review.imaging.volume import CtVolume
from rigs.viewer_cases import block_case, lps_grid
from rigs.viewer_desk import Desk

SHAPE = (20, 26, 12)
SPACING = (0.8, 1.3, 3.0)
MARKED = (4, 19, 8)
# column axis, row axis, superior is up
PLANES = {"axial": (0, 1, False), "sagittal": (1, 2, True), "coronal": (0, 2, True)}
LETTERS = {
    "axial": {"left": "R", "right": "L", "top": "A", "bottom": "P"},
    "sagittal": {"left": "A", "right": "P", "top": "S", "bottom": "I"},
    "coronal": {"left": "R", "right": "L", "top": "S", "bottom": "I"},
}
VIEWS = {"axial": "view-main", "sagittal": "view-upper", "coronal": "view-lower"}
# Grey values of the view's canvas at the middle of each voxel of the shown slice.
SAMPLE = """([view, columns, rows, aspect]) => {
  const root = document.querySelector('#host').shadowRoot;
  const canvas = root.querySelector(`[data-testid=${view}-canvas]`);
  const { width, height } = canvas;
  const scale = Math.min(width / aspect[0], height / aspect[1]);
  const pixels = canvas.getContext('2d').getImageData(0, 0, width, height).data;
  const grey = [];
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) {
    const x = Math.floor(width / 2 + ((c + 0.5) * aspect[0] / columns - aspect[0] / 2) * scale);
    const y = Math.floor(height / 2 + ((r + 0.5) * aspect[1] / rows - aspect[1] / 2) * scale);
    grey.push(pixels[4 * (y * width + x)]);
  }
  return grey;
}"""


def phantom() -> np.ndarray:
    """Air everywhere but for one voxel of bone."""
    hu = np.full(SHAPE, -1000, dtype=np.int16)
    hu[MARKED] = 1000
    return hu


def orientations() -> Iterator[CtVolume]:
    """The phantom as 48 scanners would store it."""
    lps = lps_grid(SHAPE, SPACING)
    for order in permutations(range(3)):
        for flips in product((False, True), repeat=3):
            stored = np.transpose(phantom(), order)
            stored = stored[tuple(slice(None, None, -1 if f else 1) for f in flips)]
            place = np.zeros((4, 4))
            place[3, 3] = 1
            for axis, (lps_axis, flip) in enumerate(zip(order, flips, strict=True)):
                place[lps_axis, axis] = -1 if flip else 1
                place[lps_axis, 3] = SHAPE[lps_axis] - 1 if flip else 0
            grid = Grid.from_affine(stored.shape, lps.affine @ place)
            yield CtVolume(grid=grid, hu=np.ascontiguousarray(stored))


def test_the_marked_voxel_is_in_its_place_in_all_48_orientations(
    open_desk: Callable[..., Desk], screen: Page
) -> None:
    box = tuple(slice(n, n + 1) for n in MARKED)
    turned = [stored.to_lps_axes() for stored in orientations()]
    assert len(turned) == 48
    for ct in turned:  # what is stored is the same for all, so one is looked at
        np.testing.assert_array_equal(ct.hu, phantom())
        np.testing.assert_array_equal(ct.grid.affine_ras, turned[0].grid.affine_ras)
    open_desk(block_case(turned[0].hu, turned[0].grid, {"Mark": box}))
    screen.keyboard.press("a")
    screen.wait_for_selector("[data-testid=workspace][data-loaded='2/2']")
    screen.wait_for_selector(f"[data-testid=view-main][data-slice='{MARKED[2]}']")
    screen.keyboard.press("h")  # the outline would colour the sampled pixel
    screen.wait_for_selector("[data-testid=structure].off")
    for plane, (column, row, up) in PLANES.items():
        columns, rows = SHAPE[column], SHAPE[row]
        aspect = [columns * SPACING[column], rows * SPACING[row]]
        grey = screen.evaluate(SAMPLE, [VIEWS[plane], columns, rows, aspect])
        brightest = int(np.argmax(grey))
        expected = (MARKED[column], rows - 1 - MARKED[row] if up else MARKED[row])
        assert (brightest % columns, brightest // columns) == expected, plane
        for side, letter in LETTERS[plane].items():
            shown = screen.text_content(f"[data-testid={VIEWS[plane]}-{side}]")
            assert shown == letter, (plane, side)


def test_a_plane_is_shown_in_true_millimetres(open_desk: Callable[..., Desk], screen: Page) -> None:
    """The ruler over the whole height of a coronal view says the height of the body in it."""
    grid = lps_grid(SHAPE, SPACING)
    open_desk(block_case(phantom(), grid, {"Mark": tuple(slice(n, n + 1) for n in MARKED)}))
    screen.click("[data-testid=plane-coronal]")
    screen.wait_for_selector("[data-testid=view-main][data-plane=coronal][data-slice]")
    box = screen.locator("[data-testid=view-main]").bounding_box()
    assert box is not None
    width_mm, height_mm = SHAPE[0] * SPACING[0], SHAPE[2] * SPACING[2]
    scale = min(box["width"] / width_mm, box["height"] / height_mm)
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    screen.keyboard.press("m")
    screen.mouse.move(middle[0], middle[1] - height_mm / 2 * scale + 1)
    screen.mouse.down()
    screen.mouse.move(middle[0], middle[1] + height_mm / 2 * scale - 1)
    screen.mouse.up()
    said = screen.text_content("[data-testid=view-main-ruler]") or ""
    assert abs(float(said.removesuffix(" mm")) - height_mm) < 0.5

"""Two block-shaped structures and an empty one in a CT that says where each voxel is."""

from __future__ import annotations

from typing import Any

import numpy as np
from playwright.sync_api import Page, expect

from han5k_review.imaging.mask import StructureMask
from rigs.viewer_cases import DeskCase, block_case, lps_grid

SHAPE = (64, 60, 40)
SPACING = (1.0, 1.0, 2.5)
BLOCKS = {
    "ParotidL": (slice(40, 50), slice(20, 34), slice(10, 18)),
    "ParotidR": (slice(12, 22), slice(20, 34), slice(22, 31)),
    "Nothing": (slice(0, 0), slice(0, 0), slice(0, 0)),
}


def ramp() -> np.ndarray:
    """HU = 100 i + k: every voxel says where it is."""
    i, _, k = np.indices(SHAPE)
    return (100 * i + k - 3000).astype(np.int16)


def case(**options: Any) -> DeskCase:
    return block_case(ramp(), lps_grid(SHAPE, SPACING), BLOCKS, **options)


def compared_case(**options: Any) -> DeskCase:
    """References beside: ParotidL one voxel wider on slice 12, three wider on slice 15; ParotidR
    six wider on slice 25."""
    built = case()
    dense = built.masks["ParotidL"].dense().copy()
    dense[50, 20:34, 12] = True
    dense[50:53, 20:34, 15] = True
    wider = StructureMask.from_dense(dense, built.ct.grid)
    dense = built.masks["ParotidR"].dense().copy()
    dense[22:28, 20:34, 25] = True
    right = StructureMask.from_dense(dense, built.ct.grid)
    return case(
        references={**built.masks, "ParotidL": wider, "ParotidR": right},
        **options,
    )


def slice_of(screen: Page, view: str = "view-main") -> int:
    return int(screen.get_attribute(f"[data-testid={view}]", "data-slice") or "-1")


def at_slice(screen: Page, index: int, view: str = "view-main") -> None:
    expect(screen.get_by_test_id(view)).to_have_attribute("data-slice", str(index))


def chosen(screen: Page, name: str) -> None:
    expect(screen.locator("[data-structure][aria-selected=true]")).to_have_attribute(
        "data-structure", name
    )

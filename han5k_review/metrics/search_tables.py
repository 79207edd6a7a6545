"""What the row search needs to know of a spacing: computed once, kept."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from surface_distance import lookup_tables

from han5k_review.metrics.inputs import Spacing
from han5k_review.metrics.row_search import Floats, Integers

_NEAR_ROWS = 128
_BLOCK_MM = 4.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SearchTables:
    """Tables for one spacing; rows lie along axes 0 and 2 of the array, bits along axis 1.

    `mm` (3) is the spacing along the row axes x (0) and y (2) and the bit axis z (1). `near_rows`
    (n, 2) lists row offsets, nearest first, `near_d2` (n) their squared distances in mm^2. `block`
    (2) is the number of rows in a block along x and y. `code_areas` (256) is the area in mm^2 of
    the surface element of each neighbourhood code, from surface-distance's own table.
    """

    mm: Floats
    near_rows: Integers
    near_d2: Floats
    block: Integers
    code_areas: Floats


@lru_cache(maxsize=256)
def get_search_tables(spacing_mm: Spacing) -> SearchTables:
    """Return the tables for a spacing along the array's axes."""
    mm_x, mm_z, mm_y = spacing_mm
    radius = math.sqrt(_NEAR_ROWS * mm_x * mm_y / math.pi)
    reach_x, reach_y = int(radius / mm_x), int(radius / mm_y)
    x, y = np.mgrid[-reach_x : reach_x + 1, -reach_y : reach_y + 1]
    d2 = (x * mm_x) ** 2 + (y * mm_y) ** 2
    inside = d2 <= radius**2
    order = np.argsort(d2[inside], kind="stable")
    areas = lookup_tables.create_table_neighbour_code_to_surface_area(spacing_mm)
    return SearchTables(
        mm=np.array([mm_x, mm_y, mm_z]),
        near_rows=np.ascontiguousarray(
            np.stack([x[inside], y[inside]], axis=1)[order], dtype=np.int64
        ),
        near_d2=d2[inside][order],
        block=np.array([max(1, round(_BLOCK_MM / mm)) for mm in (mm_x, mm_y)], dtype=np.int64),
        code_areas=np.asarray(areas, dtype=np.float64),
    )

"""Compiled surface distances on the bit-packed rows of `bit_rows`.

Nearest sites are found row by row, nearest rows first: in a row the nearest bit is one or two
instructions away, and a row farther than the best site ends the search. Where the list of near rows
ends, blocks of rows joined by OR are searched instead. Both are exact.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from han5k_review.metrics.compiled import compiled, inlined, zeros_above, zeros_below

Words = NDArray[np.uint64]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Step = int | np.int64

_NOTHING = 1 << 40


@compiled
def join_blocks(sites: Words, block: Integers, blocks: Words) -> None:
    """OR of block[0] x block[1] rows (a, b, words) of bits: none in the block, none in a row."""
    for x in range(sites.shape[0]):
        for y in range(sites.shape[1]):
            for w in range(sites.shape[2]):
                blocks[x // block[0], y // block[1], w] |= sites[x, y, w]


@inlined
def _steps_in_row(sites: Words, u: int, v: int, z: int, limit: Step) -> Step:
    """Steps from bit z to the nearest bit set in row (u, v), if these are fewer than `limit`.

    `limit` itself or more means that there is none so near.
    """
    w, s = z >> 6, z & 63
    word = sites[u, v, w]
    best: int | np.int64 = min(
        zeros_above(word << np.uint64(63 - s)), zeros_below(word >> np.uint64(s))
    )
    if best == 64:
        best = limit
    left, gap = w - 1, s + 1
    while gap < best and left >= 0:
        word = sites[u, v, left]
        if word != 0:
            best = min(best, gap + zeros_above(word))
        left -= 1
        gap += 64
    right, gap = w + 1, 64 - s
    while gap < best and right < sites.shape[2]:
        word = sites[u, v, right]
        if word != 0:
            best = min(best, gap + zeros_below(word))
        right += 1
        gap += 64
    return best


@inlined
def _limit(room: float, mm_z: float) -> int:
    """A number of steps along z that no site within the squared distance `room` reaches."""
    return int(math.sqrt(room) / mm_z) + 2 if room < np.inf else _NOTHING


@compiled
def _try_row(
    sites: Words,
    u: int,
    v: int,
    from_x: int,
    from_y: int,
    z: int,
    mm: Floats,
    best: float,
    steps: Integers,
) -> float:
    """Look whether row (u, v) holds a site nearer than `best`; if so, note the steps to it."""
    du, dv = u - from_x, v - from_y
    da, db = du * mm[0], dv * mm[1]
    flat = da * da + db * db
    if flat >= best:
        return best
    limit = _limit(best - flat, mm[2])
    steps_z = _steps_in_row(sites, u, v, z, limit)
    dc = steps_z * mm[2]
    if steps_z >= limit or flat + dc * dc >= best:
        return best
    steps[0], steps[1], steps[2] = du, dv, steps_z
    return float(flat + dc * dc)


@compiled
def _search_blocks(
    sites: Words,
    blocks: Words,
    block: Integers,
    x: int,
    y: int,
    z: int,
    mm: Floats,
    best: float,
    steps: Integers,
) -> float:
    """Squared distance to the nearest site anywhere; `best` and `steps` hold what is known."""
    for p in range(blocks.shape[0]):
        first_u, last_u = p * block[0], p * block[0] + block[0] - 1
        da = _gap(x, first_u, last_u) * mm[0]
        if da * da >= best:
            continue
        for q in range(blocks.shape[1]):
            first_v, last_v = q * block[1], q * block[1] + block[1] - 1
            db = _gap(y, first_v, last_v) * mm[1]
            flat = da * da + db * db
            if flat >= best:
                continue
            limit = _limit(best - flat, mm[2])
            if _steps_in_row(blocks, p, q, z, limit) >= limit:
                continue
            for u in range(first_u, last_u + 1):
                for v in range(first_v, last_v + 1):
                    if u < sites.shape[0] and v < sites.shape[1]:
                        best = _try_row(sites, u, v, x, y, z, mm, best, steps)
    return best


@inlined
def _gap(place: int, first: int, last: int) -> int:
    """Steps from a place to the nearest of `first` to `last`."""
    if place < first:
        return first - place
    return place - last if place > last else 0


@inlined
def _search_near(
    sites: Words,
    near_rows: Integers,
    near_d2: Floats,
    x: int,
    y: int,
    z: int,
    mm: Floats,
    steps: Integers,
) -> tuple[float, bool]:
    """Squared distance to the nearest site in the listed rows; True when no other row is nearer."""
    best = np.inf
    limit: Step = np.int64(_NOTHING)  # as a plain constant it would be compiled twice
    for t in range(near_d2.size):
        flat = near_d2[t]
        if flat >= best:
            return best, True
        du, dv = near_rows[t, 0], near_rows[t, 1]
        u, v = x + du, y + dv
        if u >= 0 and v >= 0 and u < sites.shape[0] and v < sites.shape[1]:
            steps_z = _steps_in_row(sites, u, v, z, limit)
            dc = steps_z * mm[2]
            if steps_z < limit and flat + dc * dc < best:
                best = flat + dc * dc
                limit = _limit(best, mm[2])
                steps[0], steps[1], steps[2] = du, dv, steps_z
    return best, False


@inlined
def _corner_code(rows: Words, x: int, y: int, z: int) -> int:
    """Which of the 8 voxels around a corner are inside: bit 7 - (4 di + 2 dj + dk)."""
    w, s = z >> 6, np.uint64(z & 63)
    code = 0
    for di in range(2):
        for dk in range(2):
            word = rows[x + di, y + dk, w] >> s
            if z & 63 == 63 and w + 1 < rows.shape[2]:
                word |= rows[x + di, y + dk, w + 1] << np.uint64(1)
            below, above = int(word & np.uint64(1)), int((word >> np.uint64(1)) & np.uint64(1))
            code |= (below << (7 - 4 * di - dk)) | (above << (5 - 4 * di - dk))
    return code


@compiled
def measure_distances(
    rows: Words,
    own: Words,
    other: Words,
    blocks: Words,
    code_areas: Floats,
    mm: Floats,
    near_rows: Integers,
    near_d2: Floats,
    block: Integers,
    keep_all: bool,
    steps: Integers,
    site: Integers,
    distances: Floats,
    areas: Floats,
) -> float:
    """Set distance of own sites to the nearest other site and area each stands for; area at 0.

    Sites that both surfaces share are at distance 0: only their area is added up, unless `keep_all`
    asks for them among the others. `code_areas` is empty where every site counts 1. `mm` is the
    spacing along x, y, z. The squares are summed in the order of the array's axes (x, z, y), so
    that rounding is that of SciPy's distance transform. `distances` are zeros, `areas` ones, one
    for each site that is kept; `blocks` are those of `other`; `steps` (3) and `site` (2, at first
    -1) hold what was found last.
    """
    reach = math.sqrt(near_d2[-1])
    done, shared_area, area = 0, 0.0, 1.0
    last, last_x, last_y, last_z = 0.0, 0, 0, 0
    for x in range(own.shape[0]):
        for y in range(own.shape[1]):
            for w in range(own.shape[2]):
                word, shared = own[x, y, w], other[x, y, w]
                while word != 0:
                    bit = zeros_below(word)
                    word &= word - np.uint64(1)
                    z = w * 64 + bit
                    if code_areas.size:
                        area = code_areas[_corner_code(rows, x, y, z)]
                    if (shared >> np.uint64(bit)) & np.uint64(1):
                        shared_area += area
                        if keep_all:
                            areas[done] = area
                            done += 1
                        continue
                    moved = abs(x - last_x) * mm[0] + abs(y - last_y) * mm[1]
                    moved += abs(z - last_z) * mm[2]
                    best, known = np.inf, False
                    if last - moved < reach:
                        best, known = _search_near(other, near_rows, near_d2, x, y, z, mm, steps)
                    if not known:
                        if site[0] >= 0:
                            best = _try_row(other, site[0], site[1], x, y, z, mm, best, steps)
                        best = _search_blocks(other, blocks, block, x, y, z, mm, best, steps)
                    site[0], site[1] = x + steps[0], y + steps[1]
                    last_x, last_y, last_z = x, y, z
                    di, dj, dk = steps[0] * mm[0], steps[2] * mm[2], steps[1] * mm[1]
                    last = math.sqrt(di * di + dj * dj + dk * dk)
                    distances[done], areas[done] = last, area
                    done += 1
    return shared_area

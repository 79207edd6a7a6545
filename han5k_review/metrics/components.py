"""Compiled counts on bit-packed rows: connected components and the centre of mass.

Works on `bit_rows`: runs of voxels along a row are joined with the touching runs of the
four rows before it (26-neighbourhood: faces, edges and corners) by union-find.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from han5k_review.metrics.compiled import compiled, count_ones, zeros_below

Words = NDArray[np.uint64]
Integers = NDArray[np.int64]


@compiled
def _next_bit(rows: Words, a: int, b: int, start: int | np.int64, flip: np.uint64) -> int:
    """First bit at or after `start` that is 1, or 0 with `flip` all ones; else the row's length."""
    width: int = rows.shape[2]
    w = start >> 6
    if w >= width:
        return width * 64
    word = (rows[a, b, w] ^ flip) & (~np.uint64(0) << np.uint64(start & 63))
    while word == 0:
        w += 1
        if w == width:
            return width * 64
        word = rows[a, b, w] ^ flip
    place: int = w * 64 + zeros_below(word)
    return place


@compiled
def _root(links: Integers, run: int) -> int:
    """The run that stands for the component of `run`; shortens the way to it."""
    while links[run] != run:
        links[run] = links[links[run]]
        run = int(links[run])
    return run


@compiled
def count_runs(rows: Words) -> int:
    """Number of runs of voxels along all rows (a, b, words) of bits."""
    runs = 0
    for a in range(1, rows.shape[0] - 1):
        for b in range(1, rows.shape[1] - 1):
            carry = np.uint64(0)
            for w in range(rows.shape[2]):
                word = rows[a, b, w]
                runs += count_ones(word & ~((word << np.uint64(1)) | carry))
                carry = word >> np.uint64(63)
    return runs


@compiled
def count_components(
    rows: Words, links: Integers, starts: Integers, stops: Integers, first: Integers
) -> tuple[int, int, float, float, float]:
    """Components (26-neighbourhood), voxels, and the sums of their indices i, k, j.

    `rows` (a, b, words) of bits. `links` counts from 0 to the number of runs; `starts`, `stops` (as
    many) and `first` (rows, rows + 1) are room to work in.
    """
    ones, none = ~np.uint64(0), np.uint64(0)
    voxels, sum_a, sum_b, sum_c = 0, 0.0, 0.0, 0.0
    run, components = 0, 0
    for a in range(1, rows.shape[0] - 1):
        for b in range(1, rows.shape[1] - 1):
            first[a, b] = run
            begin = _next_bit(rows, a, b, np.int64(0), none)
            while begin < rows.shape[2] * 64:
                end = _next_bit(rows, a, b, begin, ones)
                starts[run], stops[run] = begin, end
                length = end - begin
                voxels += length
                sum_a += length * (a - 1)
                sum_b += length * (b - 1)
                sum_c += length * ((begin + end - 1) / 2.0 - 1.0)
                run += 1
                components += 1
                begin = _next_bit(rows, a, b, end, none)
            first[a, b + 1] = run
            if first[a, b] == run:
                continue
            for before in range(4):
                past_a, past_b = (a - 1, b - 1 + before) if before < 3 else (a, b - 1)
                if past_a == 0 or past_b == 0 or past_b == rows.shape[1] - 1:
                    continue
                mine, past = first[a, b], first[past_a, past_b]
                while mine < run and past < first[past_a, past_b + 1]:
                    if starts[mine] <= stops[past] and starts[past] <= stops[mine]:
                        one, other = _root(links, mine), _root(links, past)
                        if one != other:
                            links[max(one, other)] = min(one, other)
                            components -= 1
                    if stops[mine] < stops[past]:
                        mine += 1
                    else:
                        past += 1
    return components, voxels, sum_a, sum_b, sum_c

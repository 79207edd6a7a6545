"""Compiled bit-packed masks: packing, surface sites, edges, counts.

Layout: bits run along the array's middle axis. A mask (I, J, K) becomes uint64 words
rows[I + 2, K + 2, W]; voxel (i, j, k) is bit j + 1 of rows[i + 1, k + 1], so that every voxel has
neighbours. A surface is a set of sites, sites[x, y, W]: bit z of row (x, y), where x runs along i,
y along k and z along j.

What is filled is made by the caller: creating arrays in compiled code costs seconds of compiling.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from han5k_review.metrics.compiled import compiled, count_ones

Words = NDArray[np.uint64]


@compiled
def fill_rows(
    voxels: NDArray[np.uint8], start: NDArray[np.int64], rows: Words, line: Words
) -> None:
    """Set `voxels` (i, j, k), 0 or 1, which begin at `start` of the box, in its `rows`.

    Gathers up to 64 voxels along j for one whole line along k, which lies together in memory;
    `line` is room for that: one word for each k.
    """
    for i in range(voxels.shape[0]):
        done = 0
        while done < voxels.shape[1]:
            shift = (start[1] + 1 + done) & 63
            word = (start[1] + 1 + done) >> 6
            stop = min(voxels.shape[1], done + 64 - shift)
            for k in range(line.size):
                line[k] = np.uint64(0)
            for j in range(done, stop):
                bit = np.uint64(shift + j - done)
                for k in range(line.size):
                    line[k] |= np.uint64(voxels[i, j, k]) << bit
            for k in range(line.size):
                rows[i + start[0] + 1, k + start[2] + 1, word] |= line[k]
            done = stop


@compiled
def find_corner_sites(rows: Words, sites: Words) -> None:
    """Set `sites`: corners of the lattice that touch mask and background, (I + 1, K + 1, W)."""
    for x in range(sites.shape[0]):
        for y in range(sites.shape[1]):
            any_after, all_after = np.uint64(0), np.uint64(0)
            for w in range(rows.shape[2] - 1, -1, -1):
                p, q = rows[x, y, w], rows[x, y + 1, w]
                r, s = rows[x + 1, y, w], rows[x + 1, y + 1, w]
                any_here, all_here = p | q | r | s, p & q & r & s
                any_next = (any_here >> np.uint64(1)) | (any_after << np.uint64(63))
                all_next = (all_here >> np.uint64(1)) | (all_after << np.uint64(63))
                sites[x, y, w] = (any_here | any_next) & ~(all_here & all_next)
                any_after, all_after = any_here, all_here


@compiled
def find_edges(rows: Words, skip: Words, edges: Words) -> None:
    """Set `edges`: voxels with a background neighbour, (I, K, W), voxel j at bit j + 1.

    `skip` (3) holds all ones for an axis i, j, k along which neighbours do not count, else 0.
    """
    one, top = np.uint64(1), np.uint64(63)
    for i in range(edges.shape[0]):
        for k in range(edges.shape[1]):
            before = np.uint64(0)
            for w in range(edges.shape[2]):
                here = rows[i + 1, k + 1, w]
                after = np.uint64(0)
                if w + 1 < edges.shape[2]:
                    after = rows[i + 1, k + 1, w + 1]
                inner_i = (rows[i, k + 1, w] & rows[i + 2, k + 1, w]) | skip[0]
                inner_j = (((here << one) | (before >> top)) & ((here >> one) | (after << top))) | (
                    skip[1]
                )
                inner_k = (rows[i + 1, k, w] & rows[i + 1, k + 2, w]) | skip[2]
                edges[i, k, w] = here & ~(inner_i & inner_j & inner_k)
                before = here


@compiled
def count_bits(words: Words, other: Words) -> tuple[int, int]:
    """Number of bits set in `words` (n,), and of those not set in `other` (n,)."""
    total, alone = 0, 0
    for n in range(words.size):
        total += count_ones(words[n])
        alone += count_ones(words[n] & ~other[n])
    return total, alone

"""Compiled bit-packed masks: packing, surface sites, edges, counts.

Layout: bits run along the array's middle axis. A mask (I, J, K) becomes uint64 words
rows[I + 2, K + 2, W]; voxel (i, j, k) is bit j + 1 of rows[i + 1, k + 1], so that every voxel has
neighbours. A surface is a set of sites, sites[x, y, W]: bit z of row (x, y), where x runs along i,
y along k and z along j.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from han5k_review.metrics.compiled import compiled, count_ones

Words = NDArray[np.uint64]


@compiled
def fill_rows(voxels: NDArray[np.uint8], start: NDArray[np.int64], rows: Words) -> None:
    """Set `voxels` (i, j, k; 0 or 1), which begin at `start` of the box, in its `rows`.

    Gathers up to 64 voxels along j for one whole line along k, which lies together in memory.
    """
    line = np.empty(voxels.shape[2], np.uint64)
    for i in range(voxels.shape[0]):
        done = 0
        while done < voxels.shape[1]:
            shift = (start[1] + 1 + done) & 63
            word = (start[1] + 1 + done) >> 6
            stop = min(voxels.shape[1], done + 64 - shift)
            line[:] = np.uint64(0)
            for j in range(done, stop):
                bit = np.uint64(shift + j - done)
                for k in range(line.size):
                    line[k] |= np.uint64(voxels[i, j, k]) << bit
            for k in range(line.size):
                rows[i + start[0] + 1, k + start[2] + 1, word] |= line[k]
            done = stop


@compiled
def find_corner_sites(rows: Words) -> Words:
    """Corners of the voxel lattice that touch both mask and background: (I + 1, K + 1, W)."""
    width = rows.shape[2]
    sites = np.zeros((rows.shape[0] - 1, rows.shape[1] - 1, width), np.uint64)
    for x in range(sites.shape[0]):
        for y in range(sites.shape[1]):
            any_after, all_after = np.uint64(0), np.uint64(0)
            for w in range(width - 1, -1, -1):
                p, q = rows[x, y, w], rows[x, y + 1, w]
                r, s = rows[x + 1, y, w], rows[x + 1, y + 1, w]
                any_here, all_here = p | q | r | s, p & q & r & s
                any_next = (any_here >> np.uint64(1)) | (any_after << np.uint64(63))
                all_next = (all_here >> np.uint64(1)) | (all_after << np.uint64(63))
                sites[x, y, w] = (any_here | any_next) & ~(all_here & all_next)
                any_after, all_after = any_here, all_here
    return sites


@compiled
def find_edges(rows: Words, along_i: bool, along_j: bool, along_k: bool) -> Words:
    """Voxels with a background neighbour along the chosen axes: (I, K, W), voxel j at bit j + 1."""
    width = rows.shape[2]
    one, top = np.uint64(1), np.uint64(63)
    edges = np.zeros((rows.shape[0] - 2, rows.shape[1] - 2, width), np.uint64)
    for i in range(edges.shape[0]):
        for k in range(edges.shape[1]):
            for w in range(width):
                here = rows[i + 1, k + 1, w]
                inner = here
                if along_i:
                    inner &= rows[i, k + 1, w] & rows[i + 2, k + 1, w]
                if along_k:
                    inner &= rows[i + 1, k, w] & rows[i + 1, k + 2, w]
                if along_j:
                    below = here << one
                    above = here >> one
                    if w > 0:
                        below |= rows[i + 1, k + 1, w - 1] >> top
                    if w + 1 < width:
                        above |= rows[i + 1, k + 1, w + 1] << top
                    inner &= below & above
                edges[i, k, w] = here & ~inner
    return edges


@compiled
def count_bits(words: Words, other: Words) -> tuple[int, int]:
    """Number of bits set in `words`, and of those not set in `other`."""
    total, alone = 0, 0
    flat, masks = words.reshape(words.size), other.reshape(other.size)
    for n in range(flat.size):
        total += count_ones(flat[n])
        alone += count_ones(flat[n] & ~masks[n])
    return total, alone

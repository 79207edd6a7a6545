"""Replay: which cases and contours of before teach again, so that the model forgets nothing. Pure.

A sample of cases does, spread over sites and structures and drawn anew for each run; a structure
leaves it gradually, as people correct it. Everything is decided by the run's seed, so that the same
study and seed give the same manifest.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from han5k_review.store.identity import CaseStructure

_PRIOR = 2
"""A structure stays in replay as if two more of its contours had been accepted unchanged."""
_ODD = 3.5
"""Robust z of the logarithm of a volume from which on a contour is odd (Iglewicz, Hoaglin 1993)."""
_FEWEST = 8
_SITE = re.compile(r"[A-Za-z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A case that can be replayed, with its contours that may teach; `accepted` by a person."""

    case: str
    structures: frozenset[str]
    accepted: bool = False

    @property
    def site(self) -> str:
        """The letters that a pseudonym begins with tell where a case comes from."""
        found = _SITE.match(self.case)
        return found.group().upper() if found else ""


def choose_cases(candidates: Sequence[Candidate], count: int, seed: int) -> frozenset[str]:
    """The names of `count` cases (0: all): half of them accepted ones, as far as there are any.

    Sites have the share that they have among the candidates, and at least one case each; within a
    site the case comes next whose structures are rarest among those chosen.
    """
    if not count or len(candidates) <= count:
        return frozenset(c.case for c in candidates)
    rng = np.random.default_rng(seed)
    accepted = [c for c in candidates if c.accepted]
    others = [c for c in candidates if not c.accepted]
    from_accepted = min(len(accepted), max(count // 2, count - len(others)))
    return _spread(accepted, from_accepted, rng) | _spread(others, count - from_accepted, rng)


def _spread(
    candidates: Sequence[Candidate], count: int, rng: np.random.Generator
) -> frozenset[str]:
    sites: dict[str, list[Candidate]] = {}
    for place in rng.permutation(len(candidates)):
        sites.setdefault(candidates[place].site, []).append(candidates[place])
    shares = share_out(count, {site: len(own) for site, own in sites.items()})
    names = sorted({name for c in candidates for name in c.structures})
    taken = np.zeros(len(names))
    chosen: set[str] = set()
    for site in sorted(sites):
        own = sites[site]
        table = np.array([[n in c.structures for n in names] for c in own], dtype=float)
        left = np.ones(len(own), dtype=bool)
        for _ in range(shares[site]):
            worth = np.where(left, table @ (1 / (1 + taken)), -1.0)
            best = int(worth.argmax())
            left[best] = False
            taken += table[best]
            chosen.add(own[best].case)
    return frozenset(chosen)


def share_out(count: int, sizes: Mapping[str, int]) -> dict[str, int]:
    """`count` over sites by their sizes, the largest remainders up, at least one where possible."""
    total = sum(sizes.values())
    if not total or count <= 0:
        return dict.fromkeys(sizes, 0)
    exact = {site: count * size / total for site, size in sizes.items()}
    shares = {site: min(max(int(value), 1), sizes[site]) for site, value in exact.items()}
    order = sorted(sizes, key=lambda site: (shares[site] - exact[site], site))
    while sum(shares.values()) < count:
        site = next(s for s in order if shares[s] < sizes[s])
        shares[site] += 1
        order = sorted(sizes, key=lambda s: (shares[s] - exact[s], s))
    while sum(shares.values()) > count:
        site = max(sizes, key=lambda s: (shares[s] - exact[s], shares[s], s))
        shares[site] -= 1
    return shares


def measure_replay_share(unchanged: int, revised: int) -> float:
    """The part of its contours of before that a structure still replays.

    All of them until the first accepted revision; then what readers accept: (unchanged + 2) /
    (unchanged + revised + 2). One revision beside 39 accepted unchanged leaves 98 %, beside none
    67 %; eight beside none leave 20 %.
    """
    return (unchanged + _PRIOR) / (unchanged + revised + _PRIOR) if revised else 1.0


def is_kept(seed: int, key: CaseStructure, share: float) -> bool:
    """Whether this contour is among the `share` that is replayed: by hash, whatever the others."""
    digest = hashlib.sha256(f"{seed}:{key[0]}:{key[1]}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


def find_odd(volumes_cc: Mapping[int, float]) -> frozenset[int]:
    """Contours of one structure that are empty, or far larger or smaller than the others."""
    empty = {key for key, volume in volumes_cc.items() if volume <= 0}
    filled = [key for key in volumes_cc if key not in empty]
    if len(filled) < _FEWEST:
        return frozenset(empty)
    logs: NDArray[np.float64] = np.log([volumes_cc[key] for key in filled])
    far = np.abs(logs - np.median(logs))
    spread = max(1.4826 * float(np.median(far)), 0.05)  # organs vary by some percent at least
    return frozenset({*empty, *(k for k, f in zip(filled, far, strict=True) if f > _ODD * spread)})


def balance_weight(least: int, revised: int, others: int) -> int:
    """How often a revised case is taken for each time of another: half of all, at least `least`."""
    return max(least, round(others / revised)) if revised else least


def choose_seed(given: int, earlier_runs: Collection[int]) -> int:
    """The seed of a run's sample: the given one, or one that no earlier run had."""
    return given or max(earlier_runs, default=0) + 1

"""Which structures and cases go into nnU-Net's label maps: a block without gaps.

nnU-Net reads what is not marked as background. A structure that was not released in a case would
be taught as absent there. So every structure of the maps is released in every case of the maps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from han5k_review.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The structures (in the order of their values) and the cases (ids) of the label maps."""

    structures: tuple[str, ...]
    cases: tuple[int, ...]


def choose_block(
    released: Mapping[int, frozenset[str]], order: Sequence[str], wanted: Sequence[str] = ()
) -> Block:
    """The largest block: `released` is case -> its structures, `order` that of the catalogue.

    Structures are taken from the most released to the least, and it stops where structures x cases
    was largest. `wanted` names the structures instead; DataError when no case has all of them.
    """
    if wanted:
        cases = _having(released, wanted)
        if not cases:
            raise DataError(
                f"Cases in which all of {', '.join(wanted)} are released were expected for the "
                "label maps of nnU-Net, found none; name fewer structures."
            )
        return Block(structures=tuple(n for n in order if n in wanted), cases=cases)
    counts = {name: sum(name in found for found in released.values()) for name in order}
    falling = sorted((n for n in order if counts[n]), key=lambda name: -counts[name])
    best: tuple[int, int] = (0, 0)
    left = dict(released)
    for number, name in enumerate(falling, start=1):
        left = {case: found for case, found in left.items() if name in found}
        best = max(best, (number * len(left), number))
    structures = falling[: best[1]]
    return Block(
        structures=tuple(n for n in order if n in structures), cases=_having(released, structures)
    )


def _having(released: Mapping[int, frozenset[str]], names: Sequence[str]) -> tuple[int, ...]:
    return tuple(case for case, found in released.items() if found.issuperset(names) and names)

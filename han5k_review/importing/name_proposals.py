"""Name proposals: the structures of a study whose names are nearest to a name nobody knows.

Only proposals: a person confirms. A name of one side is never proposed for the other.
"""

from __future__ import annotations

import re

from rapidfuzz import fuzz, process

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.anatomy.structure import StructureName
from han5k_review.texts.names import fold_name

MOST_PROPOSALS = 3
_LEAST_SCORE = 60.0
_WORD = re.compile(r"[^\W\d_]+|\d+")
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SIDES = {
    **dict.fromkeys(("l", "lt", "left", "li", "links", "gauche", "izq", "izquierda", "sx"), "L"),
    **dict.fromkeys(("r", "rt", "right", "re", "rechts", "droit", "droite", "der", "dx"), "R"),
    "左": "L",
    "右": "R",
}


def propose_structures(written: str, catalogue: Catalogue) -> tuple[StructureName, ...]:
    """Up to three structures, the nearest first; none where nothing is near."""
    words, side = _split(written)
    if not words:
        return ()
    nearest: dict[StructureName, float] = {}
    for structure in catalogue:
        if side and structure.side and structure.side != side:
            continue
        names = (structure.name, structure.tg263 or "", *structure.aliases)
        choices = [" ".join(_split(name)[0]) for name in names if name]
        found = process.extractOne(
            " ".join(words), choices, scorer=_score, score_cutoff=_LEAST_SCORE
        )
        if found is not None:
            # Of equal names the one of the same side, or of none where none is said.
            agrees = (structure.side or "") == side
            nearest[structure.name] = found[1] + (1.0 if agrees else 0.0)
    ordered = sorted(nearest, key=lambda name: -nearest[name])
    return tuple(ordered[:MOST_PROPOSALS])


def _score(one: str, other: str, *, score_cutoff: float | None = None) -> float:
    """Whole words in any order, or letters in their order; from 0 to 100."""
    words = fuzz.token_sort_ratio(one, other, score_cutoff=score_cutoff)
    letters = fuzz.ratio(one.replace(" ", ""), other.replace(" ", ""), score_cutoff=score_cutoff)
    return max(words, letters)


def _split(written: str) -> tuple[list[str], str]:
    """The words of a name without its side, and the side (L, R or empty)."""
    spaced = _CAPITAL.sub(" ", written)
    words = _WORD.findall(fold_name(spaced))
    sides = [_SIDES[word] for word in words if word in _SIDES]
    side = sides[0] if len(set(sides)) == 1 else ""
    return [word for word in words if word not in _SIDES], side

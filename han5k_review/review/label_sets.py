"""Label sets: the contours of a case that are shown together, under keys that name nobody.

The viewer's payload and the mask routes read the same table, so a key means the same to both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session

from han5k_review.review.labels import UNDER_REVIEW, list_newest
from han5k_review.store.tables import LabelVersion
from han5k_review.store.vocabulary import LabelSource


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSet:
    """Structure -> label version, with the words and the line style it is drawn in."""

    key: str
    name: str
    line: str
    versions: Mapping[str, LabelVersion]


# key, name, line, sources; the first is the one under review and the only one a blinded read has.
_SETS = (
    ("a", "Pseudo-label", "solid", UNDER_REVIEW),
    ("b", "Reference", "dashed", (LabelSource.REFERENCE,)),
    ("c", "Revision", "dotted", (LabelSource.REVISION,)),
)


def list_label_sets(session: Session, case_id: int, *, blinded: bool) -> list[LabelSet]:
    """The sets of a case that hold anything; the one under review always comes first."""
    sets: list[LabelSet] = []
    for key, name, line, sources in _SETS[:1] if blinded else _SETS:
        versions = list_newest(session, case_id, sources)
        if versions or not sets:
            sets.append(LabelSet(key=key, name=name, line=line, versions=versions))
    return sets


def find_label_set(session: Session, case_id: int, key: str, *, blinded: bool) -> LabelSet | None:
    """The set with this key, or None when the case, or a blinded read, has none."""
    sets = list_label_sets(session, case_id, blinded=blinded)
    return next((found for found in sets if found.key == key), None)

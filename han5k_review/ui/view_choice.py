"""What an address of the review page asks for beside the case: where to look, what to compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from han5k_review.texts.numbers import find_whole_number


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewChoice:
    """`first` and `compare` are keys of label sets, beside each other;
    `base` a label version.
    """

    case: str | None = None
    structure: str | None = None
    slice_k: int | None = None
    first: str | None = None
    compare: str | None = None
    base: int | None = None

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> ViewChoice:
        """Read the parameters of an address; what is no number where one belongs is left out."""
        return cls(
            case=query.get("case"),
            structure=query.get("structure"),
            slice_k=find_whole_number(query.get("slice")),
            first=query.get("first"),
            compare=query.get("compare"),
            base=find_whole_number(query.get("base")),
        )

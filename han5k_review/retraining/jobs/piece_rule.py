"""Which structures a model predicts as one piece: the rule as jobs and models pass it on."""

from __future__ import annotations

from dataclasses import dataclass, field

from han5k_review.imaging.pieces import NEIGHBOURS


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceCount:
    """How many contours were looked at, and how many were one piece; `inherited` from a parent."""

    contours: int
    one_piece: int
    inherited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Postprocessing:
    """The structures that keep only their largest piece, and what was counted of each."""

    keep_largest: tuple[str, ...] = ()
    counts: dict[str, PieceCount] = field(default_factory=dict)
    neighbours: int = NEIGHBOURS


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredPostprocessing(Postprocessing):
    """The rule in a model's folder, with the SHA-256 of its file."""

    sha256: str

"""The CT of a case: what a file of contours must lie on."""

from __future__ import annotations

from dataclasses import dataclass

from han5k_review.imaging.grid import Grid


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCt:
    """Its grid (LPS axes), its hash, and the hash of its frame of reference (None: not known)."""

    grid: Grid
    image_sha256: str
    frame_sha256: str | None

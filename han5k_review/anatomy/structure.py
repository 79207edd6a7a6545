"""Structure: one row of the structure table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NewType

StructureName = NewType("StructureName", str)
_ABBREVIATIONS = ("HaN",)
_WORD_START = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """One organ a study knows. The columns of `structures.csv`, with empty cells as None.

    `group` is the nnU-Net label group the structure is trained in; `inside` names a structure that
    contains it; `tolerance_mm` is the surface-Dice tolerance (SegRap2023's), `tolerance_nikolov_mm`
    that of Nikolov et al. where they have the organ; `color_rgb` three bytes. `reference_dsc` and
    `reference_hd95_mm` are published values, to be confirmed; their `_range` (low, high) is None
    where the table has no columns for it.
    """

    order: int
    name: StructureName
    tg263: str | None
    side: str | None
    pair: StructureName | None
    group: str
    tier: str | None
    window: str
    tolerance_mm: float
    segrap_channel: int | None
    aliases: tuple[str, ...]
    inside: StructureName | None
    reference_dsc: float | None
    reference_hd95_mm: float | None
    color_rgb: tuple[int, int, int]
    hint: str | None
    hint_source: str | None
    tolerance_nikolov_mm: float | None = None
    reference_dsc_range: tuple[float, float] | None = None
    reference_hd95_mm_range: tuple[float, float] | None = None

    @property
    def color_hex(self) -> str:
        """The colour as `#rrggbb`."""
        red, green, blue = self.color_rgb
        return f"#{red:02x}{green:02x}{blue:02x}"

    @property
    def title(self) -> str:
        """The name as a person reads it, e.g. `Parotid left`, `Optic nerve right`, `Lens left`."""
        side = {"L": " left", "R": " right"}.get(self.side or "", "")
        stem, standard = str(self.name), self.tg263 or ""
        if side:
            stem = stem.removesuffix(self.side or "").removesuffix("_")
            standard = standard.removesuffix(self.side or "").removesuffix("_")
        if standard.startswith(stem):  # `Len` is the lens
            stem = standard
        first, *words = [word for part in stem.split("_") for word in _split_words(part)]
        return " ".join([first, *words]) + side


def _split_words(part: str) -> list[str]:
    """`OpticNerve` as `Optic`, `nerve`; abbreviations such as `HaN` and `TMJ` stay."""
    if part in _ABBREVIATIONS:
        return [part]
    first, *rest = _WORD_START.split(part)
    return [first, *(word.lower() for word in rest)]

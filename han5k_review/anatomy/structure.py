"""Structure: one row of the structure table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

StructureName = NewType("StructureName", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """One organ a study knows. The columns of `structures.csv`, with empty cells as None.

    `group` is the nnU-Net label group the structure is trained in; `inside` names a structure that
    contains it; `tolerance_mm` is the surface-Dice tolerance (SegRap2023's), `tolerance_nikolov_mm`
    that of Nikolov et al. where they have the organ; `color_rgb` three bytes. `reference_dsc` and
    `reference_hd95_mm` are published values, to be confirmed; their `_range` (low, high) is None
    where the table has no columns for it. `color_safe_rgb` is for people who see two kinds of
    cones; `touches` names structures within 3 mm, of which a study need not have all; `words` is
    what people call it, without the side.
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
    color_safe_rgb: tuple[int, int, int] | None = None
    touches: tuple[str, ...] = ()
    words: str | None = None

    @property
    def color_hex(self) -> str:
        """The colour as `#rrggbb`."""
        return _hex(self.color_rgb)

    @property
    def color_safe_hex(self) -> str | None:
        """The colour-blind safe colour as `#rrggbb`; None where the table has none."""
        return None if self.color_safe_rgb is None else _hex(self.color_safe_rgb)

    @property
    def title(self) -> str:
        """The name as a person reads it, e.g. `Parotid left`."""
        side = {"L": " left", "R": " right"}.get(self.side or "", "")
        if self.words:
            return self.words + side
        stem = self.name
        if side:
            stem = StructureName(stem.removesuffix(self.side or "").removesuffix("_"))
        return stem.replace("_", " ") + side


def _hex(rgb: tuple[int, int, int]) -> str:
    red, green, blue = rgb
    return f"#{red:02x}{green:02x}{blue:02x}"

"""Colours of structures: how far apart two look, and a set in which neighbours can be told apart.

Colours are sRGB bytes. The difference is CIEDE2000 (Sharma, Wu and Dalal, Color Res Appl 30:21,
2005) between CIE L*a*b* values for D65. How people without red or green cones see a colour is
simulated by Machado, Oliveira and Fernandes, IEEE TVCG 15:1291, 2009, severity 1.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import Enum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rgb = tuple[int, int, int]

LEAST_DIFFERENCE = 20.0
# Below this relative luminance a line is lost on a dark image (assets/pure/colours.js, `legible`).
LEAST_LUMINANCE = 0.28
_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_WHITE = _TO_XYZ.sum(axis=1)
_LEVELS = (0, 51, 102, 128, 153, 179, 204, 230, 255)


class Sight(Enum):
    """Who looks; the value turns linear RGB into what they see."""

    FULL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    NO_RED_CONES = (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    )
    NO_GREEN_CONES = (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    )


def to_linear(rgb: object) -> Floats:
    """Bytes (..., 3) of R, G, B -> linear RGB (..., 3), no unit, 0 to 1 (IEC 61966-2-1)."""
    share = np.asarray(rgb, dtype=float) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def to_lab(rgb: object, sight: Sight = Sight.FULL) -> Floats:
    """Bytes (..., 3) of R, G, B -> L*a*b* (..., 3), no unit, as somebody sees it."""
    seen = np.clip(to_linear(rgb) @ np.array(sight.value).T, 0, 1)
    share = seen @ _TO_XYZ.T / _WHITE
    root = np.where(share > 216 / 24389, np.cbrt(share), (24389 / 27 * share + 16) / 116)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def measure_difference(one: Floats, other: Floats) -> Floats:
    """CIEDE2000 (...), no unit, of two arrays (..., 3) of L*a*b*, broadcast to each other."""
    light_1, a_1, b_1 = np.moveaxis(one, -1, 0)
    light_2, a_2, b_2 = np.moveaxis(other, -1, 0)
    mean = ((np.hypot(a_1, b_1) + np.hypot(a_2, b_2)) / 2) ** 7
    stretch = 1.5 - 0.5 * np.sqrt(mean / (mean + 25.0**7))
    chroma_1, chroma_2 = np.hypot(stretch * a_1, b_1), np.hypot(stretch * a_2, b_2)
    hue_1 = np.degrees(np.arctan2(b_1, stretch * a_1)) % 360
    hue_2 = np.degrees(np.arctan2(b_2, stretch * a_2)) % 360
    is_grey = chroma_1 * chroma_2 == 0
    turn = np.where(is_grey, 0, (hue_2 - hue_1 + 180) % 360 - 180)
    middle = np.where(is_grey, hue_1 + hue_2, (hue_1 + turn / 2) % 360)
    light, chroma = (light_1 + light_2) / 2, (chroma_1 + chroma_2) / 2
    weight = (
        1
        - 0.17 * np.cos(np.radians(middle - 30))
        + 0.24 * np.cos(np.radians(2 * middle))
        + 0.32 * np.cos(np.radians(3 * middle + 6))
        - 0.20 * np.cos(np.radians(4 * middle - 63))
    )
    by_light = (light_2 - light_1) / (
        1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    )
    by_chroma = (chroma_2 - chroma_1) / (1 + 0.045 * chroma)
    by_hue = 2 * np.sqrt(chroma_1 * chroma_2) * np.sin(np.radians(turn / 2))
    by_hue = by_hue / (1 + 0.015 * chroma * weight)
    rotation = -2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    rotation = rotation * np.sin(np.radians(60 * np.exp(-(((middle - 275) / 25) ** 2))))
    total = by_light**2 + by_chroma**2 + by_hue**2 + rotation * by_chroma * by_hue
    result: Floats = np.sqrt(np.maximum(total, 0))
    return result


def choose_colours(
    wished: Mapping[str, Rgb],
    touching: Collection[tuple[str, str]],
    sights: Sequence[Sight],
    least: float = LEAST_DIFFERENCE,
) -> dict[str, Rgb]:
    """Colours near the wished ones, each once, in which touching structures differ by `least`.

    They differ for every one of `sights`. The structure that has most to keep clear of is coloured
    first (Brelaz, CACM 22:251, 1979). One for which no colour is left takes the one that is least
    alike its neighbours; the caller measures what came out.
    """
    palette = _bright_colours()
    labs = [to_lab(palette, sight) for sight in sights]
    apart = np.min([measure_difference(lab[:, None], lab[None, :]) for lab in labs], axis=0)
    near = {name: {a if b == name else b for a, b in touching if name in (a, b)} for name in wished}
    chosen: dict[str, int] = {}
    while open_names := [name for name in wished if name not in chosen]:
        name = max(open_names, key=lambda one: (len(near[one] & chosen.keys()), len(near[one])))
        taken = [chosen[other] for other in near[name] if other in chosen]
        room = apart[:, taken].min(axis=1) if taken else np.full(len(palette), np.inf)
        room[list(chosen.values())] = 0  # each colour once
        away = measure_difference(to_lab(palette), to_lab(wished[name]))
        cost = np.where(room >= least, away, 1000 - room)
        chosen[name] = int(np.argmin(cost))
    return {name: _rgb(palette[chosen[name]]) for name in wished}


def _bright_colours() -> NDArray[np.int64]:
    """Colours (n, 3) of a coarse grid that stand out on a dark image."""
    grid = np.stack(np.meshgrid(_LEVELS, _LEVELS, _LEVELS), axis=-1).reshape(-1, 3)
    luminance = to_linear(grid) @ _TO_XYZ[1]
    bright: NDArray[np.int64] = grid[luminance >= LEAST_LUMINANCE]
    return bright


def _rgb(colour: NDArray[np.int64]) -> Rgb:
    red, green, blue = (int(part) for part in colour)
    return red, green, blue

"""Smooth implicit solids: what the synthetic anatomy is built of.

Coordinates are those of the standard patient ("atlas"), in mm: x grows to the patient's left, y to
posterior, z to superior; the origin lies midway between the external ear canals. A solid is a
function of points that is negative inside and, near the surface, about the distance in mm.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from han5k_review.demo.curve import Profile, build_curve

Float = NDArray[np.float32]
Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """A box of voxel centres in atlas mm: `x`, `y`, `z` float32 of one shape (ni, nj, nk).

    `folds` and `grain` are smooth random fields of that shape (mean 0, deviation 1): coarse, about
    8 mm, and fine, about 2 mm. Shades make texture of them.
    """

    x: Float
    y: Float
    z: Float
    folds: Float
    grain: Float


@dataclass(frozen=True, slots=True, kw_only=True)
class Solid:
    """`distance_mm(points)` < 0 inside; nothing of the solid lies outside `low` .. `high` (mm)."""

    low: Triple
    high: Triple
    distance_mm: Callable[[Points], Float] = field(repr=False)

    def union(self, other: Solid, *, blend_mm: float = 0.0) -> Solid:
        """Both; where they meet, a fillet of about `blend_mm`."""
        low = tuple(min(a, b) - blend_mm / 4 for a, b in zip(self.low, other.low, strict=True))
        high = tuple(max(a, b) + blend_mm / 4 for a, b in zip(self.high, other.high, strict=True))
        return Solid(
            low=_triple(low),
            high=_triple(high),
            distance_mm=lambda p: _smooth_min(self.distance_mm(p), other.distance_mm(p), blend_mm),
        )

    def minus(self, other: Solid, *, gap_mm: float = 0.0) -> Solid:
        """This without `other` grown by `gap_mm`."""
        return Solid(
            low=self.low,
            high=self.high,
            distance_mm=lambda p: np.maximum(self.distance_mm(p), gap_mm - other.distance_mm(p)),
        )

    def within(self, other: Solid, *, margin_mm: float = 0.0) -> Solid:
        """What of this lies inside `other`, at least `margin_mm` under its surface."""
        low = tuple(max(a, b) for a, b in zip(self.low, other.low, strict=True))
        high = tuple(min(a, b) for a, b in zip(self.high, other.high, strict=True))
        return Solid(
            low=_triple(low),
            high=_triple(high),
            distance_mm=lambda p: np.maximum(
                self.distance_mm(p), other.distance_mm(p) + np.float32(margin_mm)
            ),
        )

    def grown(self, by_mm: float) -> Solid:
        """The surface moved outwards by `by_mm` (inwards when negative)."""
        return Solid(
            low=_triple([v - by_mm for v in self.low]),
            high=_triple([v + by_mm for v in self.high]),
            distance_mm=lambda p: self.distance_mm(p) - np.float32(by_mm),
        )

    def between(self, bottom_mm: float, top_mm: float) -> Solid:
        """The part with bottom <= z <= top."""
        return Solid(
            low=(self.low[0], self.low[1], max(self.low[2], bottom_mm)),
            high=(self.high[0], self.high[1], min(self.high[2], top_mm)),
            distance_mm=lambda p: np.maximum(
                self.distance_mm(p),
                np.maximum(np.float32(bottom_mm) - p.z, p.z - np.float32(top_mm)),
            ),
        )

    def half(self, sign: int) -> Solid:
        """The part on the patient's left (`sign` 1) or right (-1)."""
        low, high = list(self.low), list(self.high)
        if sign > 0:
            low[0] = max(low[0], 0.0)
        else:
            high[0] = min(high[0], 0.0)
        return Solid(
            low=_triple(low),
            high=_triple(high),
            distance_mm=lambda p: np.maximum(self.distance_mm(p), np.float32(-sign) * p.x),
        )

    def both(self) -> Solid:
        """This solid, drawn for the left up to x = 0, and its mirror image."""
        return Solid(
            low=(-self.high[0], self.low[1], self.low[2]),
            high=self.high,
            distance_mm=lambda p: self.distance_mm(replace(p, x=np.abs(p.x))),
        )

    def on(self, sign: int) -> Solid:
        """This solid, drawn for the left, as it is (`sign` 1) or mirrored to the right (-1)."""
        if sign > 0:
            return self
        return Solid(
            low=(-self.high[0], self.low[1], self.low[2]),
            high=(-self.low[0], self.high[1], self.high[2]),
            distance_mm=lambda p: self.distance_mm(replace(p, x=-p.x)),
        )


def ellipsoid(centre: Sequence[float], radii: Sequence[float], *, power: float = 2.0) -> Solid:
    """A superellipsoid: |x/a|^n + |y/b|^n + |z/c|^n = 1; n = 2 is the ellipsoid."""
    c = np.asarray(centre, dtype=np.float32)
    r = np.asarray(radii, dtype=np.float32)

    def distance(p: Points) -> Float:
        x, y, z = p.x - c[0], p.y - c[1], p.z - c[2]
        length = np.sqrt(x * x + y * y + z * z)
        norm = _power_sum((x / r[0], y / r[1], z / r[2]), power)
        return _radial(length, norm, float(r.min()))

    return Solid(low=_triple(c - r), high=_triple(c + r), distance_mm=distance)


def tube(
    path: Sequence[Sequence[float]],
    radius: float | Sequence[float],
    *,
    pieces: int = 3,
    flatten: Triple = (1.0, 1.0, 1.0),
) -> Solid:
    """A tube of round cross-section along a smooth curve through `path` (rows x, y, z in mm).

    `radius` is one number or one per row; `pieces` straight pieces replace each span. `flatten`
    multiplies the axes before distance is measured: (1, 1, 0.5) makes it twice as high as wide.
    """
    knots = np.asarray(path, dtype=float)
    radii = np.broadcast_to(np.asarray(radius, dtype=float), (len(knots),))
    at = np.linspace(0, len(knots) - 1, (len(knots) - 1) * pieces + 1)
    scale = np.asarray(flatten, dtype=float)
    line = np.stack([build_curve(at, knots[:, n]) for n in range(3)], axis=1)
    thickness = np.interp(at, np.arange(len(knots)), radii)
    scaled = (line * scale).astype(np.float32)

    def distance(p: Points) -> Float:
        place = tuple(v * np.float32(s) for v, s in zip((p.x, p.y, p.z), scale, strict=True))
        best: Float | None = None
        for n in range(len(scaled) - 1):
            piece = _segment(place, scaled[n], scaled[n + 1], thickness[n], thickness[n + 1])
            best = piece if best is None else np.minimum(best, piece, out=best)
        if best is None:
            raise ValueError("A tube through at least two points was expected, found one.")
        return best

    reach = thickness[:, None] / scale
    low, high = (line - reach).min(axis=0), (line + reach).max(axis=0)
    return Solid(low=_triple(low), high=_triple(high), distance_mm=distance)


def column(
    rows: Sequence[tuple[float, float, float, float, float]],
    *,
    power: float = 2.0,
    round_mm: float = 0.0,
) -> Solid:
    """A stack of (super)ellipses along z: rows of z, centre x, centre y, radius x, radius y (mm).

    Between the rows centre and radii follow a smooth curve. The ends are flat, or rounded over
    `round_mm`.
    """
    table = np.asarray(sorted(rows), dtype=float)
    profiles = [Profile.through(table[:, 0], table[:, n]) for n in range(1, 5)]
    bottom, top = np.float32(table[0, 0]), np.float32(table[-1, 0])

    def distance(p: Points) -> Float:
        place = profiles[0].index(p.z)
        cx, cy, rx, ry = (profile.values.take(place) for profile in profiles)
        x, y = p.x - cx, p.y - cy
        norm = _power_sum((x / rx, y / ry), power)
        across = _radial(np.sqrt(x * x + y * y), norm, 1.0)
        along = np.maximum(bottom - p.z, p.z - top)
        return _smooth_max(across, along, round_mm)

    spread = table[:, 3:5].max(axis=0) * 1.05
    centres = table[:, 1:3]
    low, high = centres.min(axis=0) - spread, centres.max(axis=0) + spread
    return Solid(
        low=(float(low[0]), float(low[1]), float(bottom)),
        high=(float(high[0]), float(high[1]), float(top)),
        distance_mm=distance,
    )


def _segment(
    place: tuple[Float, ...], a: Float, b: Float, radius_a: float, radius_b: float
) -> Float:
    along = b - a
    length = float(along @ along)
    relative = [v - a[n] for n, v in enumerate(place)]
    share = relative[0] * along[0] + relative[1] * along[1] + relative[2] * along[2]
    share *= np.float32(1.0 / max(length, 1e-6))
    np.clip(share, 0, 1, out=share)
    square = np.zeros_like(share)
    for n in range(3):
        relative[n] -= share * along[n]
        square += relative[n] * relative[n]
    np.sqrt(square, out=square)
    square -= np.float32(radius_a) + share * np.float32(radius_b - radius_a)
    return np.asarray(square, dtype=np.float32)


def _power_sum(parts: Sequence[Float], power: float) -> Float:
    if power == 2.0:
        total = sum((v * v for v in parts[1:]), parts[0] * parts[0])
        return np.asarray(np.sqrt(total), dtype=np.float32)
    exponent = np.float32(power)
    total = sum((np.abs(v) ** exponent for v in parts[1:]), np.abs(parts[0]) ** exponent)
    return np.asarray(total ** np.float32(1.0 / power), dtype=np.float32)


def _radial(length: Float, norm: Float, centre_depth: float) -> Float:
    """Distance to the surface along the ray from the centre, where `norm` is 1 on the surface."""
    safe = np.maximum(norm, np.float32(1e-3))
    depth = np.where(norm > 1e-3, length - length / safe, np.float32(-centre_depth))
    return np.asarray(depth, dtype=np.float32)


def _smooth_min(a: Float, b: Float, blend_mm: float) -> Float:
    least = np.minimum(a, b)
    if blend_mm <= 0:
        return least
    near = np.maximum(np.float32(blend_mm) - np.abs(a - b), 0)
    return np.asarray(least - near * near * np.float32(0.25 / blend_mm), dtype=np.float32)


def _smooth_max(a: Float, b: Float, blend_mm: float) -> Float:
    return -_smooth_min(-a, -b, blend_mm)


def _triple(values: Sequence[float] | NDArray[np.floating]) -> Triple:
    x, y, z = (float(v) for v in values)
    return (x, y, z)

"""What set-up and scanner add: couch, head rest, thermoplastic mask, metal streaks, noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from han5k_review.demo.canvas import Canvas
from han5k_review.demo.jaw import Tooth
from han5k_review.demo.part import flat
from han5k_review.demo.patient import Patient
from han5k_review.demo.solid import Float, Points
from han5k_review.demo.space import Box

_NOISE_SLICES = 16
_STREAK_BINS = 360


def paint_setup(
    canvas: Canvas, box: Box, points: Points, distance: Float, *, wears_mask: bool
) -> None:
    """Head rest and mask in one box; `distance` is that to the body's surface (mm)."""
    rest = np.maximum(np.abs(points.x) - 105, np.maximum(-118 - points.z, 12 - points.y))
    shell = np.maximum(rest, np.abs(distance - np.float32(4.5)) - np.float32(1.4))
    canvas.blend(box, points, shell, flat(-40.0, grain_hu=15))
    if wears_mask:
        canvas.blend(box, points, _mask_mm(points, distance), flat(-60.0, grain_hu=25))


def paint_couch(canvas: Canvas, top: int) -> None:
    """A flat couch from side to side, 40 mm: carbon-fibre skin around foam, from row `top`."""
    hu, grid = canvas.hu, canvas.space.grid
    thick = round(40 / grid.spacing_mm[1])
    profile = np.full(thick, -940.0, dtype=np.float32)
    profile[:2] = profile[-2:] = (-80.0, -350.0)
    first = min(top, hu.shape[1] - thick)
    place = slice(first, first + thick)
    np.maximum(hu[:, place, :], profile[None, :, None], out=hu[:, place, :])


def add_streaks(
    canvas: Canvas, teeth: list[Tooth], patient: Patient, rng: np.random.Generator
) -> None:
    """Bright and dark rays from metal fillings, strongest in their slices."""
    grid = canvas.space.grid
    metal = [t for t in teeth if t.number in patient.metal_teeth and not t.upper]
    places = [canvas.space.voxel_of(t.place_mm) for t in metal]
    if not places:
        return
    i, j = (
        np.arange(n, dtype=np.float32) * np.float32(s)
        for n, s in zip(grid.shape[:2], grid.spacing_mm[:2], strict=True)
    )
    window = (slice(110, 402), slice(90, 400))
    x, y = i[window[0], None], j[None, window[1]]
    for ci, cj, ck in places:
        dx, dy = x - np.float32(ci * grid.spacing_mm[0]), y - np.float32(cj * grid.spacing_mm[1])
        angle = np.arctan2(dy, dx) * np.float32(_STREAK_BINS / (2 * np.pi))
        reach = np.exp(-np.hypot(dx, dy) / np.float32(34.0))
        for k in range(round(ck) - 2, round(ck) + 3):
            if not 0 <= k < grid.shape[2]:
                continue
            rays = ndimage.gaussian_filter1d(rng.normal(0, 1, _STREAK_BINS), 1.3, mode="wrap")
            ray = rays.astype(np.float32).take(angle.astype(np.intp), mode="wrap")
            strength = np.float32(480.0 * np.exp(-(((k - ck) / 1.6) ** 2)))
            plane = canvas.hu[window[0], window[1], k]
            tissue = np.clip((plane + 900) / 600, 0.25, 1)
            plane += strength * ray * reach * tissue
    _darken_between(canvas.hu, places, grid.spacing_mm)


def finish(canvas: Canvas, patient: Patient, rng: np.random.Generator) -> NDArray[np.int16]:
    """Add noise (more at the shoulders, there in rays from side to side) and round to int16 HU."""
    ni, nj, nk = canvas.space.grid.shape
    white = rng.standard_normal((_NOISE_SLICES, nj, ni), dtype=np.float32)
    noise = ndimage.gaussian_filter(white, (0, 0.75, 0.75), mode="wrap")
    noise *= np.float32(patient.noise_hu) / noise.std()
    rays = ndimage.gaussian_filter(white[:4], (0, 0.8, 9.0), mode="wrap")
    rays /= rays.std()
    x, y = np.arange(ni) - (ni - 1) / 2, np.arange(nj)[:, None] - (nj - 1) / 2
    outside = x * x + y * y > (ni / 2) ** 2
    result = np.empty((nk, nj, ni), dtype=np.int16)
    for k in range(nk):
        level = canvas.space.to_atlas[2] @ (ni / 2, nj / 2, k, 1)
        shoulder = 1 / (1 + np.exp((level + 156) / 7))
        neck = 1 / (1 + np.exp((level + 25) / 12))
        plane = canvas.hu[:, :, k].T
        grain = np.roll(noise[k * 7 % _NOISE_SLICES], (37 * k % nj, 91 * k % ni), axis=(0, 1))
        share = np.clip((plane + 1000) / 900, 0.45, 1)
        total = grain * np.float32(1 + 1.3 * shoulder + 0.4 * neck)
        if shoulder > 0.05:
            total += np.float32(16 * shoulder) * np.roll(rays[k % 4], 53 * k % nj, axis=0)
        total *= share
        total += plane
        np.clip(total, -1024, 3071, out=total)
        total[outside] = -1024
        result[k] = np.rint(total)
    return result.T


def _mask_mm(points: Points, distance: Float) -> Float:
    """A perforated sheet 1.5 mm over face and shoulders."""
    holes = np.sin(points.x * np.float32(0.75)) * np.sin(points.z * np.float32(0.75))
    sheet = np.abs(distance - np.float32(2.2)) - np.float32(0.9)
    sheet = np.maximum(sheet, (holes - np.float32(0.35)) * 2)
    covered = np.maximum(points.y - 22, -176 - points.z)
    return np.asarray(np.maximum(sheet, covered), dtype=np.float32)


def _darken_between(
    hu: Float, places: list[tuple[float, float, float]], spacing_mm: tuple[float, float, float]
) -> None:
    """The dark band that joins two metals of one slice."""
    for n, (ai, aj, ak) in enumerate(places):
        for bi, bj, bk in places[n + 1 :]:
            k = round((ak + bk) / 2)
            if abs(ak - bk) * spacing_mm[2] > 6 or not 0 <= k < hu.shape[2]:
                continue
            steps = int(max(abs(ai - bi), abs(aj - bj))) * 2 + 2
            i = np.rint(np.linspace(ai, bi, steps)).astype(int)
            j = np.rint(np.linspace(aj, bj, steps)).astype(int)
            band = np.zeros(hu.shape[:2], dtype=np.float32)
            band[i, j] = 1
            band = ndimage.gaussian_filter(band, 2.5)
            hu[:, :, k] -= np.float32(260.0) * band / band.max()

"""A synthetic patient: what differs from the standard one, and how it lies in the scanner."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from han5k_review.imaging.grid import Grid

MATRIX = 512
PIXEL_MM = 0.977
SLICE_MM = 2.5
LOWEST_MM = -201.0
HIGHEST_MM = 124.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """Sizes relative to the standard patient (`scale`, x y z), tilt in degrees, and habits.

    `fat_mm` is added under the skin; `gland_scale` is (left, right); `bend` are the amplitudes (mm)
    and phases of the smooth bending of the body; `centre_mm` is where the atlas origin lies off the
    image's centre (x, y); `metal_teeth` are tooth numbers (0 = midline) with sign for the side;
    `table_mm` is the table's position, the LPS z of the lowest slice.
    """

    scale: tuple[float, float, float]
    roll_deg: float
    yaw_deg: float
    pitch_deg: float
    bend: tuple[tuple[float, float, float], ...]
    centre_mm: tuple[float, float]
    table_mm: float
    fat_mm: float
    gland_scale: tuple[float, float]
    ventricle_scale: float
    vessel_hu: float
    thyroid_hu: float
    noise_hu: float
    metal_teeth: tuple[int, ...]
    wears_mask: bool

    @property
    def slices(self) -> int:
        """Number of axial slices from the aortic arch to the vertex."""
        return round((HIGHEST_MM - LOWEST_MM) * self.scale[2] / SLICE_MM)

    @property
    def rotation(self) -> NDArray[np.float64]:
        """Atlas -> scanner rotation (3, 3), no unit: roll about y, yaw about z, pitch about x."""
        roll, yaw, pitch = np.deg2rad([self.roll_deg, self.yaw_deg, self.pitch_deg])
        about_x = _turn(1, 2, pitch)
        about_y = _turn(2, 0, roll)
        about_z = _turn(0, 1, yaw)
        return np.asarray(about_z @ about_y @ about_x)

    def build_grid(self) -> Grid:
        """The CT's grid: 512 x 512 x about 120, LPS axes, image centre near the isocentre."""
        corner = -(MATRIX - 1) / 2 * PIXEL_MM
        return Grid.from_lps(
            (MATRIX, MATRIX, self.slices),
            (PIXEL_MM, PIXEL_MM, SLICE_MM),
            (corner, corner, self.table_mm),
            np.eye(3).ravel().tolist(),
        )


def draw_patient(rng: np.random.Generator) -> Patient:
    """A random patient, most of them near the standard one."""
    size = rng.normal(1.0, 0.022)
    scale = np.clip(size * rng.normal(1.0, 0.015, 3), 0.91, 1.06)
    teeth = np.array([-7, -6, -5, 4, 5, 6, 7])
    metal = rng.choice(teeth, size=max(0, int(rng.integers(-2, 4))), replace=False)
    bend = tuple(
        (float(rng.normal(0, 1.1)), float(rng.uniform(120, 220)), float(rng.uniform(0, 6.28)))
        for _ in range(6)
    )
    return Patient(
        scale=(float(scale[0]), float(scale[1]), float(min(scale[2], 1.0))),
        roll_deg=float(np.clip(rng.normal(0, 1.3), -3, 3)),
        yaw_deg=float(np.clip(rng.normal(0, 1.6), -4, 4)),
        pitch_deg=float(np.clip(rng.normal(0, 2.0), -4, 4)),
        bend=bend,
        centre_mm=(float(rng.normal(0, 4)), float(rng.normal(-8, 5))),
        table_mm=float(np.round(rng.uniform(-900, 100), 1)),
        fat_mm=float(rng.uniform(-1.5, 6.5)),
        gland_scale=(float(rng.normal(1, 0.05)), float(rng.normal(1, 0.05))),
        ventricle_scale=float(rng.uniform(0.75, 1.35)),
        vessel_hu=float(rng.uniform(140, 230)),
        thyroid_hu=float(rng.uniform(140, 210)),
        noise_hu=float(rng.uniform(4.5, 7.0)),
        metal_teeth=tuple(int(n) for n in sorted(metal)),
        wears_mask=bool(rng.uniform() < 0.8),
    )


def _turn(a: int, b: int, angle: float) -> NDArray[np.float64]:
    matrix = np.eye(3)
    matrix[a, a] = matrix[b, b] = np.cos(angle)
    matrix[a, b], matrix[b, a] = -np.sin(angle), np.sin(angle)
    return matrix

"""Cases for the metrics benchmark: 45 pairs of masks at 512 x 512 x 190, real ones first.

17 to 19 organs are two raters' real contours (deepmind-hn of the shared data); the others are drawn
in the size of SegRap's other organs: an ellipsoid with a bumpy surface, and a second rater who is a
little off.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK
from scipy import ndimage

SHAPE = (512, 512, 190)
REAL_CASES = ("0522c0331", "TCGA-CV-A6JO")
N_STRUCTURES = 45

# Semi-axes in mm.
DRAWN_MM = {
    "OralCavity": (25, 35, 22),
    "TemporalLobe_L": (25, 45, 20),
    "TemporalLobe_R": (25, 45, 20),
    "Larynx": (20, 20, 25),
    "PharynxConst": (20, 8, 45),
    "Trachea": (9, 9, 40),
    "Esophagus": (8, 8, 35),
    "Thyroid": (25, 10, 20),
    "Mastoid_L": (15, 18, 20),
    "Mastoid_R": (15, 18, 20),
    "MiddleEar_L": (15, 12, 12),
    "MiddleEar_R": (15, 12, 12),
    "Larynx_Supraglot": (15, 18, 15),
    "Larynx_Glottic": (12, 15, 8),
    "Hippocampus_L": (8, 20, 6),
    "Hippocampus_R": (8, 20, 6),
    "ETbone_L": (5, 12, 5),
    "ETbone_R": (5, 12, 5),
    "TMjoint_L": (8, 6, 6),
    "TMjoint_R": (8, 6, 6),
    "Chiasm": (7, 5, 4),
    "Pituitary": (6, 6, 5),
    "TympanicCavity_L": (5, 6, 6),
    "TympanicCavity_R": (5, 6, 6),
    "IAC_L": (5, 4, 3),
    "IAC_R": (5, 4, 3),
    "VestibulSemi_L": (6, 6, 5),
    "VestibulSemi_R": (6, 6, 5),
}


@dataclass(frozen=True)
class Cropped:
    """One mask's tight box in the grid."""

    start_ijk: tuple[int, int, int]
    voxels: np.ndarray


@dataclass(frozen=True)
class Case:
    spacing_mm: tuple[float, float, float]
    references: dict[str, Cropped]
    predictions: dict[str, Cropped]


def crop(mask: np.ndarray, offset: tuple[int, int, int] = (0, 0, 0)) -> Cropped:
    box = ndimage.find_objects(mask.astype(np.uint8))[0]
    start = tuple(int(part.start + o) for part, o in zip(box, offset, strict=True))
    return Cropped(start, np.ascontiguousarray(mask[box]))


def make_case(number: int, shared: Path) -> Case:
    """Case `number`: real pairs of one of the two real patients, then drawn ones up to 45."""
    folder = shared / "deepmind-hn" / REAL_CASES[number % len(REAL_CASES)]
    generator = np.random.default_rng(number)
    references, predictions = {}, {}
    spacing_mm = (0.98, 0.98, 2.5)
    for path in sorted((folder / "oncologist").glob("*.nii.gz")):
        image = SimpleITK.ReadImage(str(path))
        pair = [image, SimpleITK.ReadImage(str(folder / "radiographer" / path.name))]
        masks = [SimpleITK.GetArrayFromImage(i).transpose(2, 1, 0) > 0 for i in pair]
        if path.name.startswith("Lung") or not all(mask.any() for mask in masks):
            continue
        spacing_mm = image.GetSpacing()
        name = path.name.removesuffix(".nii.gz")
        references[name], predictions[name] = (crop(mask, (160, 130, 8)) for mask in masks)
    for name, semi_axes_mm in DRAWN_MM.items():
        if len(references) == N_STRUCTURES:
            break
        references[name], predictions[name] = draw_pair(semi_axes_mm, spacing_mm, generator)
    return Case(spacing_mm, references, predictions)


def draw_pair(
    semi_axes_mm: tuple[float, ...],
    spacing_mm: tuple[float, ...],
    generator: np.random.Generator,
) -> tuple[Cropped, Cropped]:
    size = [int(1.5 * r / mm) + 6 for r, mm in zip(semi_axes_mm, spacing_mm, strict=True)]
    place = np.ogrid[tuple(slice(-n, n + 1) for n in size)]
    place_mm = [axis * mm for axis, mm in zip(place, spacing_mm, strict=True)]
    offset = tuple(int(generator.integers(0, n - 2 * s)) for n, s in zip(SHAPE, size, strict=True))
    bumps = [
        ndimage.gaussian_filter(
            generator.standard_normal([2 * n + 1 for n in size]), [4 / mm for mm in spacing_mm]
        )
        for _ in range(2)
    ]
    bumps = [bump / bump.std() for bump in bumps]
    masks = []
    for rater in range(2):
        shift_mm = generator.normal(0, 1.0, 3) * rater
        scale = 1 + generator.normal(0, 0.05, 3) * rater
        level = sum(
            ((axis - shift) / (r * factor)) ** 2
            for axis, shift, r, factor in zip(place_mm, shift_mm, semi_axes_mm, scale, strict=True)
        )
        surface = np.sqrt(level) + 0.08 * (bumps[0] + 0.4 * rater * bumps[1])
        masks.append(crop(surface <= 1, offset))
    return masks[0], masks[1]

"""Cases for the import benchmark: a synthetic patient in full size, a CT and 49 masks as NIfTI.

The demo's patient is stretched to 181 slices, with grain of its own on every slice, so that the
files are as hard to pack as a scanner's. Each case lies elsewhere in its image: no file is there
twice. Masks and CT are written as dcm2niix and TotalSegmentator write them (LAS axes, gzip).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy import ndimage

from han5k_review.anatomy.catalogue import read_catalogue
from han5k_review.demo.case import DemoCase, build_case

ROOT = Path(__file__).resolve().parents[2]
VERSION = 1  # counts up when the same names get other files
SEED = 5
GRAIN_HU, GRAIN_SLICES = 12.0, 16
AIR_HU, HIGHEST_HU = -1024, 3071


@dataclass(frozen=True)
class Size:
    """How large the cases are: every `step`-th row and column of 512, `slices`, and masks."""

    name: str
    step: int
    slices: int
    masks: int
    cases: int


FULL = Size(name="full", step=1, slices=181, masks=49, cases=4)
QUICK = Size(name="quick", step=4, slices=40, masks=6, cases=2)


@dataclass(frozen=True)
class CaseFiles:
    """One case on disk."""

    name: str
    ct: Path
    masks: Path

    def list_files(self) -> list[Path]:
        """All its files."""
        return [self.ct, *sorted(self.masks.iterdir())]


def make_cases(folder: Path, size: Size) -> list[CaseFiles]:
    """The cases of this size in `folder`; those of an earlier run are used again."""
    place = folder / f"han5k-import-cases-{size.name}-{VERSION}"
    whole = place / "whole"
    cases = [
        CaseFiles(name=f"C{n}", ct=place / f"C{n}" / "ct.nii.gz", masks=place / f"C{n}" / "masks")
        for n in range(size.cases)
    ]
    if not whole.exists():
        shutil.rmtree(place, ignore_errors=True)
        demo = build_case(SEED, read_catalogue(ROOT / "data" / "structures.csv"))
        for number, case in enumerate(cases):
            write_case(demo, case, size, number)
        whole.touch()
    return cases


def write_case(demo: DemoCase, case: CaseFiles, size: Size, number: int) -> None:
    """Write the demo patient, moved by a few voxels and mirrored front to back on disk."""
    case.masks.mkdir(parents=True)
    depth = demo.ct.hu.shape[2]
    chosen = np.rint(np.linspace(0, depth - 1, size.slices)).astype(int)
    affine = demo.ct.grid.affine
    affine[:3, 0] *= size.step
    affine[:3, 1] *= -size.step  # j grows to the front on disk
    affine[:3, 2] *= depth / size.slices

    def arrange(volume: np.ndarray) -> np.ndarray:
        moved = np.roll(volume[:, :, chosen], (number, -number), axis=(0, 1))
        return np.asfortranarray(moved[:: size.step, :: -size.step])

    hu = arrange(demo.ct.hu)
    add_grain(hu, np.random.default_rng(number))
    nib.save(nib.Nifti1Image(hu, affine), case.ct)
    for name in list(demo.references)[: size.masks]:
        mask = arrange(demo.references[name].dense().view(np.uint8))
        nib.save(nib.Nifti1Image(mask, affine), case.masks / f"{name}.nii.gz")


def add_grain(hu: np.ndarray, generator: np.random.Generator) -> None:
    """Add smooth noise to every voxel within the round field of view, in place."""
    ni, nj, nk = hu.shape
    white = generator.standard_normal((GRAIN_SLICES, nj, ni), dtype=np.float32)
    grain = ndimage.gaussian_filter(white, (0, 0.75, 0.75), mode="wrap")
    grain *= GRAIN_HU / grain.std()
    for k in range(nk):
        plane = hu[:, :, k]
        moved = np.roll(grain[k % GRAIN_SLICES], (37 * k % nj, 91 * k % ni), axis=(0, 1)).T
        noisy = np.clip(np.rint(plane + moved), AIR_HU, HIGHEST_HU).astype(np.int16)
        hu[:, :, k] = np.where(plane > AIR_HU, noisy, plane)

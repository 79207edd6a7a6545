"""The case of the exchange benchmark: a synthetic patient in full size as DICOM, and its masks.

Up to 50 structures of the demo's patient, stretched to the slices of the size, as a CT series and
an RTSTRUCT of the first 25, which the import reads; for two workers the same some HU brighter, as
further cases. `masks.npz` holds the boxes of all, so that
programs that are not ours can be compared with them.
"""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from han5k_review.anatomy.catalogue import Catalogue, read_catalogue
from han5k_review.demo.case import build_case
from han5k_review.imaging.dicom.ct_images import build_ct_images, build_image_reference
from han5k_review.imaging.dicom.named_masks import NamedMask
from han5k_review.imaging.dicom.structure_sets import build_structure_set
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume

ROOT = Path(__file__).resolve().parents[2]
VERSION = 2  # counts up when the same names get other files
TREE_VERSION = 3  # the same for the tree of many patients
SEED = 5
ROIS = 49


@dataclass(frozen=True)
class Size:
    """How large the case is: every `step`-th row and column of 512; how many of everything."""

    name: str
    step: int
    slices: int
    masks: int
    imported: int
    cohort: int
    crew: int  # cases for two workers; none are measured in the quick run


FULL = Size(name="full", step=1, slices=181, masks=50, imported=25, cohort=3346, crew=6)
QUICK = Size(name="quick", step=4, slices=24, masks=8, imported=4, cohort=20, crew=0)


@dataclass(frozen=True)
class ExchangeCase:
    """The case on disk."""

    folder: Path

    @property
    def ct(self) -> Path:
        """The folder of the series."""
        return self.folder / "ct"

    @property
    def imported(self) -> Path:
        """The structure set that is imported."""
        return self.folder / "imported.dcm"


def make_case(folder: Path, size: Size) -> ExchangeCase:
    """The case of this size in `folder`; that of an earlier run is used again."""
    case = ExchangeCase(folder=folder / f"han5k-exchange-{size.name}-{VERSION}")
    whole = case.folder / "whole"
    if whole.exists():
        return case
    shutil.rmtree(case.folder, ignore_errors=True)
    case.ct.mkdir(parents=True)
    catalogue = read_catalogue(ROOT / "data" / "structures.csv")
    volume, named = build_content(catalogue, size)
    write_case(case.ct, case.imported, volume, named[: size.imported], "BENCH")
    write_masks(case.folder / "masks.npz", named)
    for number in range(1, size.crew + 1):
        own = case.folder / "crew" / f"C{number}"
        brighter = CtVolume(grid=volume.grid, hu=np.asfortranarray(volume.hu + np.int16(number)))
        write_case(own / "ct", own / "rs.dcm", brighter, named[: size.imported], f"C{number}")
    whole.touch()
    return case


def write_case(
    ct: Path, structures: Path, volume: CtVolume, named: list[NamedMask], patient: str
) -> None:
    """A CT series and its structure set."""
    ct.mkdir(parents=True, exist_ok=True)
    for k, content in enumerate(build_ct_images(volume, patient=patient), start=1):
        (ct / f"{k:04d}.dcm").write_bytes(content)
    reference = build_image_reference(volume)
    structures.write_bytes(build_structure_set(named, reference, patient=patient))


def build_content(catalogue: Catalogue, size: Size) -> tuple[CtVolume, list[NamedMask]]:
    """The demo's patient on the grid of this size; of each structure what the size keeps."""
    demo = build_case(SEED, catalogue)
    depth = demo.ct.hu.shape[2]
    chosen = np.rint(np.linspace(0, depth - 1, size.slices)).astype(int)

    def arrange(volume: np.ndarray) -> np.ndarray:
        return np.asfortranarray(volume[:: size.step, :: size.step, chosen])

    affine = demo.ct.grid.affine
    affine[:3, :2] *= size.step
    affine[:3, 2] *= depth / size.slices
    hu = arrange(demo.ct.hu)
    grid = Grid.from_affine(hu.shape, affine)
    named = []
    for name, mask in {**demo.references}.items():
        dense = arrange(mask.dense())
        if dense.any() and len(named) < size.masks:
            colour = catalogue.get_structure(name).color_rgb
            built = StructureMask.from_dense(dense, grid)
            outside = catalogue.get_outside_name(name)
            named.append(NamedMask(name=outside, mask=built, colour_rgb=colour))
    while len(named) < size.masks:  # the demo has fewer than 50: the last ones once more
        one = named[len(named) % 7]
        named.append(NamedMask(name=f"Copy_{len(named)}", mask=one.mask, colour_rgb=one.colour_rgb))
    return CtVolume(grid=grid, hu=hu), named


def write_masks(path: Path, named: list[NamedMask]) -> None:
    """Names, starts and boxes of masks, in the axes of the case's grid (i, j, k in LPS)."""
    grid = named[0].mask.grid
    np.savez_compressed(
        path,
        names=np.array([one.name for one in named]),
        starts=np.array([one.mask.start_ijk for one in named]),
        shape=np.array(grid.shape),
        affine_ras=grid.affine,
        colours=np.array([one.colour_rgb for one in named]),
        **{f"box{n}": one.mask.voxels for n, one in enumerate(named)},
    )


def read_masks(path: Path) -> list[NamedMask]:
    """What `write_masks` wrote."""
    with np.load(path) as file:
        grid = Grid.from_affine(tuple(int(n) for n in file["shape"]), file["affine_ras"])
        return [
            NamedMask(
                name=str(name),
                mask=StructureMask.from_box(
                    file[f"box{n}"], tuple(int(v) for v in file["starts"][n]), grid
                ),
                colour_rgb=tuple(int(v) for v in file["colours"][n]),
            )
            for n, name in enumerate(file["names"])
        ]


def make_cohort(folder: Path, cases: int) -> Path:
    """A tree of so many small DICOM patients (32 x 32 x 8, 49 ROIs); one of before is used again.

    The ROIs are called as the study calls its structures, but for one name that nobody knows.
    """
    place = folder / f"han5k-exchange-tree-{cases}-{TREE_VERSION}"
    if (place / ".whole").exists():
        return place
    shutil.rmtree(place, ignore_errors=True)
    grid = Grid.from_lps((32, 32, 8), (4, 4, 4), (-64, -64, -16), np.eye(3).ravel().tolist())
    catalogue = read_catalogue(ROOT / "data" / "structures.csv")
    names = [*[str(one.name) for one in catalogue][: ROIS - 1], "PTV 70"]
    named = []
    for number, name in enumerate(names):
        dense = np.zeros(grid.shape, dtype=bool)
        low = 2 + number % 20
        dense[low : low + 8, 8 : 14 + number % 7, 2:6] = True
        mask = StructureMask.from_dense(dense, grid)
        named.append(NamedMask(name=name, mask=mask, colour_rgb=(255, 0, 0)))
    write = partial(write_small_patient, place, named)
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as executor:
        list(executor.map(write, range(cases), chunksize=20))
    (place / ".whole").touch()
    return place


def write_small_patient(place: Path, named: list[NamedMask], number: int) -> None:
    """Patient `number` of a cohort: noise of their own, and the same contours as all."""
    grid = named[0].mask.grid
    hu = np.random.default_rng([SEED, number]).integers(-1000, 1500, grid.shape, dtype=np.int16)
    volume = CtVolume(grid=grid, hu=np.asfortranarray(hu))
    own = place / f"P{number:04d}"
    write_case(own / "scan", own / "rs.dcm", volume, named, f"P{number:04d}")

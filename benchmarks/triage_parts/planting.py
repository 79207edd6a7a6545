"""Real contours with planted errors: OpenKBP patients, half of their contours spoiled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np

from han5k_review.anatomy.catalogue import Catalogue, read_catalogue
from han5k_review.demo.pseudo import plan_errors
from han5k_review.imaging.flaws import FLAWS, PseudoError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume
from han5k_review.triage.measuring import ContourMeasures, measure_case

ORGANS = ("BrainStem", "Cord_HaN", "ParotidR", "ParotidL", "Esophagus_HaN", "Larynx", "Mandible")
"""In the order of the values 1 to 7 of the OpenKBP files."""
SHARE = 0.5
_TRIES = 20
_TABLE = """order,name,side,pair,group,window,color_rgb
1,BrainStem,,,kbp,brain,"90,180,160"
2,Cord_HaN,,,kbp,H&N soft,"200,180,60"
3,ParotidR,R,ParotidL,kbp,H&N soft,"90,120,200"
4,ParotidL,L,ParotidR,kbp,H&N soft,"120,90,200"
5,Esophagus_HaN,,,kbp,H&N soft,"200,90,90"
6,Larynx,,,kbp,H&N soft,"90,200,90"
7,Mandible,,,kbp,bone,"60,160,200"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedContour:
    """A contour, what was done to it, and what triage measured."""

    patient: str
    error: PseudoError
    measures: ContourMeasures

    @property
    def is_wrong(self) -> bool:
        """True when an error was planted in it."""
        return self.error is not PseudoError.NONE


def read_kbp_catalogue(table: Path) -> Catalogue:
    """The seven organs as structures; `table` is the file that is written for it."""
    table.write_text(_TABLE)
    return read_catalogue(table)


def read_planted(folder: Path, table: Path, seed: int, most: int | None) -> list[PlantedContour]:
    """The contours of the first `most` patients of a folder, half of them spoiled."""
    catalogue = read_kbp_catalogue(table)
    found = []
    files = sorted(folder.glob("pt_*_oars.nii.gz"), key=lambda p: int(p.name.split("_")[1]))
    for path in files[:most]:
        found += list(plant(path, catalogue, seed))
    return found


def plant(path: Path, catalogue: Catalogue, seed: int) -> Iterator[PlantedContour]:
    """One patient; the same seed spoils the same contours in the same way."""
    number = path.name.split("_")[1]
    rng = np.random.default_rng([seed, int(number)])
    ct = read_ct(path.with_name(f"pt_{number}_ct.nii.gz"))
    references = read_organs(path)
    errors = plan_errors(references, catalogue, rng, error_share=SHARE)
    masks = {}
    for name, error in errors.items():
        pair = catalogue.get_structure(name).pair
        if error is PseudoError.SWAPPED_SIDE and pair is not None:
            masks[name] = references[pair]
        else:
            masks[name] = spoil(references[name], error, rng)
    for name, measures in measure_case(masks, ct, catalogue).items():
        yield PlantedContour(patient=number, error=errors[name], measures=measures)


def spoil(mask: StructureMask, error: PseudoError, rng: np.random.Generator) -> StructureMask:
    """The mask with the error, drawn again where its voxels (4 to 5 mm) hid the change."""
    flaw = FLAWS.get(error)
    if flaw is None:
        return mask
    for _ in range(_TRIES):
        spoiled = flaw(mask, rng)
        if not spoiled.is_empty and spoiled.sha256 != mask.sha256:
            return spoiled
    raise SystemExit(f"{error}: a contour of {mask.voxel_count} voxels stayed as it was.")


def read_ct(path: Path) -> CtVolume:
    """In LPS axes."""
    image = nib.load(path)
    hu = np.asarray(image.dataobj).astype(np.int16)
    return CtVolume(grid=Grid.from_affine(hu.shape, image.affine), hu=hu).to_lps_axes()


def read_organs(path: Path) -> dict[str, StructureMask]:
    """Organs that the patient has, in LPS axes."""
    image = nib.load(path)
    values = np.asarray(image.dataobj)
    grid = Grid.from_affine(values.shape, image.affine)
    change = grid.reorientation_to_lps()
    turned, grid = change.apply(values), grid.reoriented(change)
    masks = {
        name: StructureMask.from_dense(turned == value, grid)
        for value, name in enumerate(ORGANS, start=1)
    }
    return {name: mask for name, mask in masks.items() if not mask.is_empty}

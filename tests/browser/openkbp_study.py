"""Real CTs with clinical contours as a study's input: perturbed copies play the pseudo-labels."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

# value in the files, name in the study
ORGANS = {
    1: "BrainStem",
    2: "Cord_HaN",
    3: "ParotidR",
    4: "ParotidL",
    5: "Esophagus_HaN",
    6: "Larynx",
    7: "Mandible",
}
TRAIN = ("100", "109")
HELD_OUT = ("119", "122")
MANDIBLE = (
    "order,name,group,window,color_rgb,hint,hint_source\n"
    '51,Mandible,1,bone,"90,180,160",One structure here; two in HaN5K,to be confirmed\n'
)


def perturb(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Truncate the left parotid, shift the brainstem by a voxel, thicken the larynx."""
    out = labels.copy()
    parotid = np.argwhere(labels == 4)
    lower = np.quantile(parotid[:, 2], 0.3)
    part = labels == 4
    part[:, :, int(lower) :] = False
    out[part] = 0
    out[labels == 1] = 0
    out[np.roll(labels == 1, 1, axis=0)] = 1
    thick = ndimage.binary_dilation(labels == 6)
    out[thick & (out == 0)] = 6
    return out


def write_input(shared_data: Path, folder: Path) -> Path:
    """Write perturbed label maps and a manifest for four patients; returns the manifest."""
    source = shared_data / "openkbp"
    folder.mkdir()
    (folder / "mandible.csv").write_text(MANDIBLE)
    manifest = folder / "manifest.csv"
    with manifest.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["case", "patient", "split", "ct", "labels", "reference", "label_map"])
        for number in (*TRAIN, *HELD_OUT):
            clinical = nib.load(source / f"pt_{number}_oars.nii.gz")
            spoiled = perturb(np.asarray(clinical.dataobj).astype(np.uint8))
            name = f"{number}_pseudo.nii.gz"
            nib.save(nib.Nifti1Image(spoiled, clinical.affine), folder / name)
            writer.writerow(
                [
                    f"KBP-{number}",
                    f"P{number}",
                    "train" if number in TRAIN else "held_out",
                    source / f"pt_{number}_ct.nii.gz",
                    name,
                    source / f"pt_{number}_oars.nii.gz",
                    "openkbp",
                ]
            )
    return manifest


def dice_of(shared_data: Path, folder: Path, number: str, value: int) -> float:
    """Dice of a perturbed organ against the clinical one, straight from the two files."""
    clinical = _read_values(shared_data / "openkbp" / f"pt_{number}_oars.nii.gz") == value
    spoiled = _read_values(folder / f"{number}_pseudo.nii.gz") == value
    both = np.count_nonzero(clinical & spoiled)
    return 2 * both / (np.count_nonzero(clinical) + np.count_nonzero(spoiled))


@lru_cache(maxsize=2)
def _read_values(path: Path) -> NDArray[np.generic]:
    return np.asarray(nib.load(path).dataobj)

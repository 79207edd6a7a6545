"""The loop's real input: OpenKBP patients, their split, and labels spoiled the way labels are.

Contours come from `../shared/data/openkbp` (Babier et al., Medical Physics 48:5549, 2021; MIT).
Nothing of it is kept: studies live in a temporary folder.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from han5k_review.importing.imports import run_import
from han5k_review.importing.reports import CaseOutcome
from han5k_review.importing.sources import read_manifest
from han5k_review.importing.study import create_study
from han5k_review.store.columns import utc_now
from han5k_review.store.study import Study
from han5k_review.study import read_study_catalogue

Labels = NDArray[np.uint8]
GROUP = "kbp"
ORGANS = {
    "BrainStem": 1,
    "Cord_HaN": 2,
    "ParotidR": 3,
    "ParotidL": 4,
    "Esophagus_HaN": 5,
    "Larynx": 6,
    "Mandible": 7,
}
"""Structure -> value in the OpenKBP files."""
SPOILED = {
    "Mandible": "truncated: its upper third is missing",
    "ParotidL": "leaking: 12 mm towards the midline and 9 mm down",
}
_TRUNCATED_SHARE = 1 / 3
_LEAK_MEDIAL_MM, _LEAK_CAUDAL_MM = 12.0, 9.0
_TABLE = """order,name,side,pair,group,window,color_rgb,hint,hint_source
1,BrainStem,,,kbp,brain,"90,180,160",,to be confirmed
2,Cord_HaN,,,kbp,H&N soft,"200,180,60",,to be confirmed
3,ParotidR,R,ParotidL,kbp,H&N soft,"90,120,200",,to be confirmed
4,ParotidL,L,ParotidR,kbp,H&N soft,"120,90,200",,to be confirmed
5,Esophagus_HaN,,,kbp,H&N soft,"200,90,90",,to be confirmed
6,Larynx,,,kbp,H&N soft,"90,200,90",,to be confirmed
7,Mandible,,,kbp,bone,"60,160,200",One structure here; two in HaN5K,to be confirmed
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Patients by what they are for."""

    parent: tuple[str, ...]
    pseudo: tuple[str, ...]
    test: tuple[str, ...]

    def for_tuning(self) -> Split:
        """The same parent, tested on the last six pseudo-labelled patients instead."""
        return Split(parent=self.parent, pseudo=self.pseudo[:-6], test=self.pseudo[-6:])


def split_patients(folder: Path, seed: int, parent: int, pseudo: int, test: int) -> Split:
    """The same split for the same seed and files; SystemExit when there are too few patients."""
    numbers = sorted(p.name.split("_")[1] for p in folder.glob("pt_*_oars.nii.gz"))
    needed = parent + pseudo + test
    if len(numbers) < needed:
        raise SystemExit(f"{needed} OpenKBP patients were expected in {folder}: {len(numbers)}.")
    drawn = [str(n) for n in np.random.default_rng(seed).permutation(numbers)]
    return Split(
        parent=tuple(drawn[:parent]),
        pseudo=tuple(drawn[parent : parent + pseudo]),
        test=tuple(drawn[parent + pseudo : needed]),
    )


def read_clinical(folder: Path, number: str) -> nib.Nifti1Image:
    """The clinical label map of one patient."""
    return nib.load(folder / f"pt_{number}_oars.nii.gz")


def spoil(labels: Labels, spacing_mm: tuple[float, float, float]) -> Labels:
    """A systematic error of the people (or the rule) behind the parent's labels.

    Axes are L, P, S: i grows to the patient's left, k to the head. The mandible ends a third too
    early; the left parotid leaks towards the midline and down, never into another organ.
    """
    out = labels.copy()
    slices = np.flatnonzero((labels == ORGANS["Mandible"]).any((0, 1)))
    if slices.size:
        first = slices[0] + round((1 - _TRUNCATED_SHARE) * slices.size)
        upper = out[:, :, first:]
        upper[upper == ORGANS["Mandible"]] = 0
    value = ORGANS["ParotidL"]
    leak = labels == value
    for axis, reach_mm in ((0, _LEAK_MEDIAL_MM), (2, _LEAK_CAUDAL_MM)):
        for _ in range(round(reach_mm / spacing_mm[axis])):
            step = np.zeros_like(leak)
            to, source = [slice(None)] * 3, [slice(None)] * 3
            to[axis], source[axis] = slice(None, -1), slice(1, None)
            step[tuple(to)] = leak[tuple(source)]
            leak |= step
    out[leak & (out == 0)] = value
    return out


def build_study(root: Path, source: Path, split: Split) -> Study:
    """A study through the project's own import.

    The parent's patients come with spoiled reference contours, the test patients with clinical
    ones, the others with their CT alone: their contours are known to the simulated readers only.
    """
    root.mkdir(parents=True)
    (root / "structures.csv").write_text(_TABLE)
    study = create_study(
        root / "study", "OpenKBP loop", now_utc=utc_now(), structures=[root / "structures.csv"]
    )
    manifest = root / "manifest.csv"
    with manifest.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["case", "patient", "split", "ct", "reference", "reference_label_map"])
        for number in (*split.parent, *split.pseudo, *split.test):
            reference: Path | str = ""
            if number in split.parent:
                reference = root / f"{number}_spoiled.nii.gz"
                _write_spoiled(source, number, reference)
            elif number in split.test:
                reference = source / f"pt_{number}_oars.nii.gz"
            writer.writerow(
                [
                    case_name(number),
                    f"P{number}",
                    "held_out" if number in split.test else "train",
                    source / f"pt_{number}_ct.nii.gz",
                    reference,
                    "openkbp" if reference else "",
                ]
            )
    report = run_import(
        study,
        read_study_catalogue(study),
        read_manifest(manifest, study),
        actor="loop benchmark",
        now=utc_now,
    )
    refused = [case.sentence for case in report.cases if case.outcome is not CaseOutcome.NEW]
    if refused:
        raise SystemExit(f"Every case was expected to be imported, found: {' '.join(refused)}")
    return study


def case_name(number: str) -> str:
    return f"KBP-{number}"


def _write_spoiled(source: Path, number: str, path: Path) -> None:
    clinical = read_clinical(source, number)
    spacing = tuple(float(v) for v in nib.affines.voxel_sizes(clinical.affine))
    spoiled = spoil(
        np.asarray(clinical.dataobj).astype(np.uint8), (spacing[0], spacing[1], spacing[2])
    )
    nib.save(nib.Nifti1Image(spoiled, clinical.affine), path)

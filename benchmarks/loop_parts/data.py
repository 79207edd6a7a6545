"""The loop's real input: OpenKBP patients, their split, and labels spoiled the way labels are.

Contours come from `../shared/data/openkbp*` (Babier et al., Medical Physics 48:5549, 2021; MIT).
Nothing of it is kept in the project: studies live in a folder of their own.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from sqlmodel import select

from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.importing.imports import run_import
from han5k_review.importing.reports import CaseOutcome
from han5k_review.importing.sources import read_manifest
from han5k_review.importing.study import create_study
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.store.tables import Case
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
class Sizes:
    """How many patients each part has: of `openkbp` the first three, of its pool the others."""

    parent: int
    review: int
    graded: int
    test: int
    monitor: int
    gaps: int
    pool_test: int
    split_seed: int = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Patients:
    """Patients by what they are for; no patient is in two parts. `folders`: number -> its folder.

    `gaps` lack organs and teach the second experiment; `monitor` choose alpha; `test` are those of
    development: the sealed ones are not among them.
    """

    parent: tuple[str, ...]
    review: tuple[str, ...]
    monitor: tuple[str, ...]
    gaps: tuple[str, ...]
    test: tuple[str, ...]
    folders: Mapping[str, Path]

    def add(self, folder: Path, numbers: Sequence[str]) -> Patients:
        """The same, tested on `numbers` of another folder."""
        known = {n: folder for n in numbers}
        return replace(self, test=tuple(numbers), folders={**self.folders, **known})


def split_patients(development: Path, pool: Path, sizes: Sizes) -> Patients:
    """The same split for the same seed and files; SystemExit when there are too few patients."""
    first = _draw(development, sizes.split_seed, sizes.parent + sizes.review + sizes.test)
    later = _draw(pool, sizes.split_seed, sizes.monitor + sizes.gaps + sizes.pool_test)
    reviewed, gaps_end = sizes.parent + sizes.review, sizes.monitor + sizes.gaps
    return Patients(
        parent=tuple(first[: sizes.parent]),
        review=tuple(first[sizes.parent : reviewed]),
        monitor=tuple(later[: sizes.monitor]),
        gaps=tuple(later[sizes.monitor : gaps_end]),
        test=(*first[reviewed:], *later[gaps_end:]),
        folders={**dict.fromkeys(first, development), **dict.fromkeys(later, pool)},
    )


def list_patients(folder: Path) -> list[str]:
    """The numbers of the patients in a folder."""
    return sorted(p.name.split("_")[1] for p in folder.glob("pt_*_oars.nii.gz"))


def _draw(folder: Path, seed: int, needed: int) -> list[str]:
    numbers = list_patients(folder)
    if len(numbers) < needed:
        raise SystemExit(f"{needed} OpenKBP patients were expected in {folder}: {len(numbers)}.")
    return [str(n) for n in np.random.default_rng(seed).permutation(numbers)][:needed]


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


def build_study(root: Path, patients: Patients) -> Study:
    """A study through the project's own import.

    The parent's patients come with spoiled reference contours, the monitor patients (its held-out
    ones) with clinical ones, those under review with their CT alone: their contours are known to
    the simulated readers only.
    """
    root.mkdir(parents=True)
    (root / "structures.csv").write_text(_TABLE)
    study = create_study(
        root / "study", "OpenKBP loop", now_utc=utc_now(), structures=[root / "structures.csv"]
    )
    rows = []
    for number in (*patients.parent, *patients.review, *patients.gaps, *patients.monitor):
        folder = patients.folders[number]
        reference: Path | str = ""
        if number in patients.parent:
            reference = root / f"{number}_spoiled.nii.gz"
            _write_spoiled(folder, number, reference)
        elif number in patients.monitor:
            reference = folder / f"pt_{number}_oars.nii.gz"
        split = "held_out" if number in patients.monitor else "train"
        table = "openkbp" if reference else ""
        ct = folder / f"pt_{number}_ct.nii.gz"
        rows.append([case_name(number), f"P{number}", split, ct, reference, table])
    _import(study, root / "manifest.csv", rows)
    return study


def add_patients(study: Study, manifest: Path, folders: Mapping[str, Path]) -> None:
    """Import the CTs alone of further patients, who then can be predicted and reviewed.

    `manifest`: the file that is written for it; `folders`: number -> where the patient lies. Those
    whom the study has are passed over.
    """
    with reading(study.engine) as session:
        known = set(session.exec(select(Case.name)))
    rows = [
        [case_name(n), f"P{n}", "train", folder / f"pt_{n}_ct.nii.gz", "", ""]
        for n, folder in folders.items()
        if case_name(n) not in known
    ]
    if rows:
        _import(study, manifest, rows)


def _import(study: Study, manifest: Path, rows: Sequence[Sequence[object]]) -> None:
    with manifest.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["case", "patient", "split", "ct", "reference", "reference_label_map"])
        writer.writerows(rows)
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


def find_image(study: Study, number: str) -> str:
    """The hash of a patient's CT in the study."""
    with reading(study.engine) as session:
        case = session.exec(select(Case).where(Case.name == case_name(number))).one()
        return case.image_sha256


def read_masks(folder: Path, number: str, grid: Grid) -> dict[str, StructureMask]:
    """The clinical contours of a patient on the grid of the case; an empty one is absent."""
    image = read_clinical(folder, number)
    values = np.asarray(image.dataobj)
    if values.shape != grid.shape or not np.allclose(image.affine, grid.affine, atol=1e-3):
        raise SystemExit(f"pt_{number}: contours on the grid of their CT were expected.")
    drawn = {n: values == value for n, value in ORGANS.items()}
    return {n: StructureMask.from_dense(own, grid) for n, own in drawn.items() if own.any()}


def case_name(number: str) -> str:
    return f"KBP-{number}"


def _write_spoiled(source: Path, number: str, path: Path) -> None:
    clinical = read_clinical(source, number)
    spacing = tuple(float(v) for v in nib.affines.voxel_sizes(clinical.affine))
    spoiled = spoil(
        np.asarray(clinical.dataobj).astype(np.uint8), (spacing[0], spacing[1], spacing[2])
    )
    nib.save(nib.Nifti1Image(spoiled, clinical.affine), path)

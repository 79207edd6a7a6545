"""Two clinicians' contours of real patients, measured from stored masks, against a library."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import surface_distance
from nibabel.nifti1 import Nifti1Image
from numpy.typing import NDArray

from han5k_review.evaluation import (
    PairMetrics,
    list_metrics,
    open_executor,
    plan_evaluation,
    run_evaluation,
)
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import LabelSource
from rigs.databases import open_new_study
from rigs.studies import add_case, add_label
from tests.evaluation.phantom_study import CATALOGUE

PATIENTS = ("0522c0331", "TCGA-CV-A6JO")
RATERS = (("oncologist", LabelSource.REFERENCE), ("radiographer", LabelSource.PSEUDO))


def read_rater_mask(path: Path) -> tuple[NDArray[np.bool_], Grid]:
    image = nib.load(path)
    assert isinstance(image, Nifti1Image)
    affine = image.affine
    assert affine is not None
    return np.asarray(image.dataobj) > 0, Grid.from_affine(image.shape, affine)


@pytest.fixture
def raters(shared_data: Path, tmp_path: Path) -> Iterator[Study]:
    study = open_new_study(tmp_path / "study")
    with transaction(study.engine) as session:
        for patient in PATIENTS:
            folder = shared_data / "deepmind-hn" / patient
            _, grid = read_rater_mask(folder / "oncologist" / "Brain.nii.gz")
            case = add_case(session, patient, grid)
            for rater, source in RATERS:
                for path in sorted((folder / rater).glob("*.nii.gz")):
                    name = CATALOGUE.find_name(path.name.removesuffix(".nii.gz"))
                    if name is not None:
                        voxels, _ = read_rater_mask(path)
                        mask = StructureMask.from_dense(voxels, grid)
                        add_label(session, study, case, name, mask, source)
    yield study
    study.engine.dispose()


def alias_of(structure: str, folder: Path) -> Path:
    (path,) = [
        path
        for path in folder.glob("*.nii.gz")
        if CATALOGUE.find_name(path.name.removesuffix(".nii.gz")) == structure
    ]
    return path


def test_stored_numbers_of_real_contours_are_those_of_surface_distance(
    raters: Study, shared_data: Path
) -> None:
    with reading(raters.engine) as session:
        plan = plan_evaluation(session, CATALOGUE)
    with open_executor(2) as executor:
        report = run_evaluation(raters, plan, executor=executor)
    assert report.failed == ()
    assert report.measured == report.planned >= 26
    with reading(raters.engine) as session:
        rows = list_metrics(session, plan)
    checked = 0
    for row in rows:
        if row.structure in ("BrainStem", "ParotidL", "LenR", "OpticNerveL"):
            check_against_surface_distance(row, shared_data / "deepmind-hn" / row.case)
            checked += 1
    assert checked == 8


def check_against_surface_distance(row: PairMetrics, folder: Path) -> None:
    reference, grid = read_rater_mask(alias_of(row.structure, folder / "oncologist"))
    prediction, _ = read_rater_mask(alias_of(row.structure, folder / "radiographer"))
    assert row.panel is not None, row.reason
    if not reference.any() or not prediction.any():
        assert not math.isfinite(row.panel.hd95_mm)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        found = surface_distance.compute_surface_distances(reference, prediction, grid.spacing_mm)
    hd95 = surface_distance.compute_robust_hausdorff(found, 95)
    dice = surface_distance.compute_dice_coefficient(reference, prediction)
    within = surface_distance.compute_surface_dice_at_tolerance(found, row.panel.tolerance_mm)
    assert row.panel.dice == pytest.approx(float(dice), rel=1e-9)
    assert row.panel.hd95_mm == pytest.approx(float(hd95), rel=1e-6)
    assert row.panel.surface_dice == pytest.approx(float(within), rel=1e-6)

"""Real contours: the fast engine equals surface-distance on two raters and on clinical organs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from han5k_review.metrics import Definition, Engine, Panel, measure
from tests.metrics.comparing import assert_same
from tests.metrics.phantoms import BoolArray

RATER_CASES = ("0522c0331", "TCGA-CV-A6JO")
SMALL = 250_000  # voxels: the oracle's sorting takes seconds on a brain

Spacing = tuple[float, float, float]


def read(path: Path) -> tuple[np.ndarray, Spacing]:
    image = SimpleITK.ReadImage(str(path))
    return SimpleITK.GetArrayFromImage(image).transpose(2, 1, 0), image.GetSpacing()


def compare(
    reference: BoolArray, prediction: BoolArray, spacing: Spacing, definition: Definition
) -> Panel:
    found, expected = (
        measure(reference, prediction, spacing, definition=definition, engine=engine)
        for engine in (Engine.FAST, Engine.ORACLE)
    )
    assert_same(found, expected)
    return found


@pytest.mark.parametrize("case", RATER_CASES)
def test_two_raters_measure_the_same_under_both_engines(shared_data: Path, case: str) -> None:
    folder = shared_data / "deepmind-hn" / case
    organs = sorted(path.name for path in (folder / "oncologist").glob("*.nii.gz"))
    assert len(organs) == 21
    for organ in organs:
        reference, spacing = read(folder / "oncologist" / organ)
        prediction, _ = read(folder / "radiographer" / organ)
        if np.count_nonzero(reference) > SMALL:
            continue
        compare(reference > 0, prediction > 0, spacing, Definition.SURFEL)


@pytest.mark.parametrize("definition", [Definition.VOXEL_MAX, Definition.VOXEL_POOLED])
def test_voxel_definitions_agree_on_real_organs(shared_data: Path, definition: Definition) -> None:
    folder = shared_data / "deepmind-hn" / RATER_CASES[0]
    for organ in ("Brainstem", "Parotid-Lt", "Lens-Lt", "Optic-Nerve-Rt", "Submandibular-Lt"):
        reference, spacing = read(folder / "oncologist" / f"{organ}.nii.gz")
        prediction, _ = read(folder / "radiographer" / f"{organ}.nii.gz")
        compare(reference > 0, prediction > 0, spacing, definition)


def test_clinical_organs_against_shifted_copies(shared_data: Path) -> None:
    paths = sorted((shared_data / "openkbp").glob("pt_*_oars.nii.gz"))[:3]
    assert paths
    measured = 0
    for path in paths:
        labels, spacing = read(path)
        for value in range(1, 8):
            reference = labels == value
            prediction = np.roll(reference, (1, -2, 1), axis=(0, 1, 2))
            prediction[: reference.shape[0] // 2] &= reference[: reference.shape[0] // 2]
            panel = compare(reference, prediction, spacing, Definition.SURFEL)
            measured += panel.volume_reference_cc > 0
    assert measured >= 15


def test_two_raters_of_a_parotid_agree_as_published_raters_do(shared_data: Path) -> None:
    folder = shared_data / "deepmind-hn" / RATER_CASES[0]
    reference, spacing = read(folder / "oncologist" / "Parotid-Rt.nii.gz")
    prediction, _ = read(folder / "radiographer" / "Parotid-Rt.nii.gz")
    panel = measure(reference > 0, prediction > 0, spacing, tolerance_mm=2.85)
    assert 0.7 < panel.dice < 0.95
    assert 0.7 < panel.surface_dice < 1.0
    assert panel.volume_reference_cc == pytest.approx(
        np.count_nonzero(reference) * np.prod(spacing) / 1000
    )

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.anatomy.structure import StructureName
from han5k_review.demo.canvas import build_canvas
from han5k_review.demo.case import DemoCase
from han5k_review.demo.jaw import build_teeth
from han5k_review.demo.patient import draw_patient
from han5k_review.demo.scanner import add_streaks
from han5k_review.demo.space import build_space
from han5k_review.demo.study import DemoEntry
from han5k_review.imaging.mask import StructureMask

# Plausible volumes in cc for an adult, wide: what a reader would not stop at.
VOLUMES_CC = {
    "Brain": (1000, 1800),
    "BrainStem": (14, 35),
    "TemporalLobe_L": (35, 95),
    "Hippocampus_R": (1.2, 5),
    "EyeL": (5.5, 10),
    "LenR": (0.1, 0.4),
    "OpticNerveL": (0.4, 1.8),
    "OpticChiasm": (0.2, 1.5),
    "Pituitary": (0.3, 1.5),
    "Cochlea_L": (0.05, 0.4),
    "ParotidL": (15, 50),
    "ParotidR": (15, 50),
    "Submandibular_L": (4, 14),
    "MandibleL": (22, 50),
    "OralCavity": (60, 160),
    "Larynx": (15, 45),
    "Thyroid": (8, 35),
    "Cord_HaN": (8, 30),
    "Esophagus_HaN": (5, 25),
    "Trachea_HaN": (8, 40),
}


def hu_inside(case: DemoCase, name: str) -> np.ndarray:
    mask = case.references[StructureName(name)]
    return case.ct.hu[mask.slices][mask.voxels]


def share_inside(inner: StructureMask, outer: StructureMask) -> float:
    return float((inner.dense() & outer.dense()).sum() / inner.voxel_count)


def test_a_case_has_the_matrix_and_spacing_of_a_planning_ct(case: DemoCase) -> None:
    ni, nj, nk = case.ct.hu.shape
    assert (ni, nj) == (512, 512)
    assert 110 <= nk <= 135
    assert case.ct.hu.dtype == np.int16
    assert case.ct.grid.orientation == "LPS"
    assert case.ct.grid.spacing_mm == pytest.approx((0.977, 0.977, 2.5))


def test_every_structure_of_the_default_table_is_there(
    case: DemoCase, catalogue: Catalogue
) -> None:
    assert list(case.references) == [structure.name for structure in catalogue]
    assert not any(mask.is_empty for mask in case.references.values())
    assert all(mask.grid == case.ct.grid for mask in case.references.values())


def test_left_structures_lie_on_the_patients_left(case: DemoCase, catalogue: Catalogue) -> None:
    pairs = [(s.name, s.pair) for s in catalogue if s.side == "L" and s.pair]
    assert len(pairs) > 15
    for left, right in pairs:
        left_i = case.references[left].centre_ijk()
        right_i = case.references[right].centre_ijk()
        assert left_i is not None
        assert right_i is not None
        assert left_i[0] > right_i[0], left


def test_structures_lie_wholly_inside_those_the_table_says(
    case: DemoCase, other_case: DemoCase, catalogue: Catalogue
) -> None:
    for one in (case, other_case):
        for structure in catalogue:
            if structure.inside:
                inner, outer = one.references[structure.name], one.references[structure.inside]
                assert share_inside(inner, outer) == 1.0, structure.name


def test_lenses_lie_at_the_front_of_their_eyes_without_the_union(case: DemoCase) -> None:
    for side in ("L", "R"):
        lens = case.references[StructureName(f"Len{side}")]
        eye = case.references[StructureName(f"Eye{side}")]
        lens_at, eye_at = lens.centre_ijk(), eye.centre_ijk()
        assert lens_at is not None
        assert eye_at is not None
        assert lens_at[1] < eye_at[1]
        assert lens.volume_cc < 0.1 * eye.volume_cc


@pytest.mark.parametrize("name", sorted(VOLUMES_CC))
def test_volumes_are_plausible(case: DemoCase, other_case: DemoCase, name: str) -> None:
    low, high = VOLUMES_CC[name]
    for one in (case, other_case):
        assert low <= one.references[StructureName(name)].volume_cc <= high


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("Brain", 20, 50),
        ("EyeL", 0, 60),
        ("LenL", 40, 120),
        ("ParotidR", -30, 60),
        ("Submandibular_L", 30, 90),
        ("Thyroid", 110, 230),
        ("Aorta", 120, 250),
        ("Cord_HaN", 10, 60),
        ("MandibleR", 400, 1500),
        ("Trachea_HaN", -1010, -500),
        ("TympanicCavity_L", -1000, -300),
        ("PharynxConst_S", 20, 90),
    ],
)
def test_tissue_has_its_hounsfield_units(
    case: DemoCase, name: str, low: float, high: float
) -> None:
    assert low <= float(np.median(hu_inside(case, name))) <= high


def test_outside_the_patient_is_air(case: DemoCase) -> None:
    corner = case.ct.hu[180:330, :60, -20:]
    assert -1015 < float(corner.mean()) < -985
    assert 1 < float(corner.std()) < 20
    assert case.ct.hu[0, 0, 0] == -1024


def test_metal_fillings_throw_streaks_in_their_slices_only() -> None:
    rng = np.random.default_rng(3)
    patient = replace(draw_patient(rng), metal_teeth=(-5, 6))
    canvas = build_canvas(build_space(patient, rng))
    canvas.hu[:] = 50.0
    teeth = build_teeth()
    add_streaks(canvas, teeth, patient, rng)
    place = next(t.place_mm for t in teeth if t.number == 6 and not t.upper)
    i, j, k = (round(v) for v in canvas.space.voxel_of(place))
    near = canvas.hu[i - 25 : i - 5, j - 10 : j + 10, k]
    assert float(near.std()) > 40
    assert (canvas.hu[:, :, k + 8] == 50.0).all()


def test_the_same_seed_gives_the_same_case(case: DemoCase, entries: list[DemoEntry]) -> None:
    again = entries[0]
    assert again.ct.sha256 == case.ct.sha256
    for name, mask in case.references.items():
        assert again.reference[name].sha256 == mask.sha256


def test_patients_differ(case: DemoCase, other_case: DemoCase) -> None:
    assert case.ct.sha256 != other_case.ct.sha256
    assert case.patient.scale != other_case.patient.scale
    left = {StructureName("ParotidL"), StructureName("EyeL")}
    for name in left:
        assert case.references[name].sha256 != other_case.references[name].sha256


def test_the_table_names_what_touches_in_a_patient(case: DemoCase, catalogue: Catalogue) -> None:
    known = {frozenset((str(s.name), other)) for s in catalogue for other in s.touches}
    shape = case.ct.hu.shape
    found = set()
    for name, mask in case.references.items():
        low = [max(0, part.start - 1) for part in mask.slices]
        room = [(part.start - first, 1) for part, first in zip(mask.slices, low, strict=True)]
        grown = ndimage.binary_dilation(np.pad(mask.voxels, room))
        for other, theirs in case.references.items():
            if other <= name:
                continue
            ends = [first + n for first, n in zip(low, grown.shape, strict=True)]
            both = [
                slice(max(first, part.start), min(end, part.stop, size))
                for first, end, part, size in zip(low, ends, theirs.slices, shape, strict=True)
            ]
            if any(part.stop <= part.start for part in both):
                continue
            one = grown[
                tuple(slice(p.start - a, p.stop - a) for p, a in zip(both, low, strict=True))
            ]
            at = zip(both, theirs.slices, strict=True)
            two = theirs.voxels[tuple(slice(p.start - t.start, p.stop - t.start) for p, t in at)]
            if (one & two).any():
                found.add(frozenset((name, other)))
    assert len(found) > 60
    assert found <= known

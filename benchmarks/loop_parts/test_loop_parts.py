"""The parts of benchmarks/loop.py: spoiled labels, simulated readers, the arms' jobs, the verdict.

The proof itself takes most of an hour; `python benchmarks/loop.py --quick` walks through it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.metrics import measure
from han5k_review.retraining.jobs.tasks import TrainJob
from han5k_review.retraining.runs.run_folders import train_folder
from han5k_review.retraining.runs.run_record import get_run
from han5k_review.retraining.runs.stages import prepare
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import GradeLevel
from loop_parts.arms import (
    ARMS,
    IGNORED_MARGIN_MM,
    GapCase,
    Material,
    Prepared,
    ignore_untrusted,
    teach_background,
    teach_gaps,
    teach_gaps_as_nnunet,
    trust_all,
    widen,
)
from loop_parts.data import ORGANS, Sizes, split_patients, spoil
from loop_parts.readers import Finding, choose_revised, judge_contour
from loop_parts.spread import find_height, redraw, redraw_all
from rigs.phantom_study import CATALOGUE, build_study, queue_run

SHAPE = (30, 20, 24)


def draw_boxes() -> np.ndarray:
    """A mandible of twelve slices, a left parotid to its left, a larynx in the leak's way."""
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[8:14, 4:10, 6:18] = ORGANS["Mandible"]
    labels[20:24, 8:14, 10:16] = ORGANS["ParotidL"]
    labels[16:18, 8:14, 12:14] = ORGANS["Larynx"]
    return labels


def test_the_mandible_loses_its_upper_third_and_nothing_else() -> None:
    before = draw_boxes()
    after = spoil(before, (4.0, 4.0, 3.0)) == ORGANS["Mandible"]
    assert np.flatnonzero(after.any((0, 1))).tolist() == list(range(6, 14))
    assert np.array_equal(after[:, :, :14], (before == ORGANS["Mandible"])[:, :, :14])


def test_the_left_parotid_leaks_to_the_midline_and_down_but_not_into_others() -> None:
    before = draw_boxes()
    after = spoil(before, (4.0, 4.0, 3.0))
    leak = after == ORGANS["ParotidL"]
    where = np.argwhere(leak)
    # 12 mm are three voxels of 4 mm to smaller i, 9 mm three of 3 mm to smaller k
    assert where.min(0).tolist() == [17, 8, 7]
    assert where.max(0).tolist() == [23, 13, 15]
    for name in ("Larynx", "ParotidR", "BrainStem"):
        assert np.array_equal(after == ORGANS[name], before == ORGANS[name])
    assert leak[17, 10, 11]
    assert not leak[17, 10, 12]


def test_a_patient_is_in_one_part_alone(tmp_path: Path) -> None:
    first, later, sealed = (tmp_path / name for name in ("first", "pool", "sealed"))
    for folder, numbers in ((first, range(34)), (later, range(40, 72))):
        folder.mkdir()
        for number in numbers:
            (folder / f"pt_{number}_oars.nii.gz").touch()
    sizes = Sizes(parent=12, review=16, graded=12, test=6, monitor=8, gaps=14, pool_test=10)
    split = split_patients(first, later, sizes)
    assert split == split_patients(first, later, sizes)
    parts = (split.parent, split.review, split.monitor, split.gaps, split.test)
    everyone = [number for part in parts for number in part]
    assert len(everyone) == len(set(everyone)) == 66
    assert split.folders[split.gaps[0]] == later
    final = split.add(sealed, ["100"])
    assert (final.test, final.folders["100"], final.gaps) == (("100",), sealed, split.gaps)
    with pytest.raises(SystemExit, match="35 OpenKBP patients were expected"):
        split_patients(first, later, replace(sizes, test=7))


def find(structure: str, dice: float, level: GradeLevel, case: str = "A") -> Finding:
    return Finding(case=case, structure=structure, dice=dice, hd95_mm=9.0, level=level)


def test_readers_revise_structures_that_fail_often_before_single_failures() -> None:
    found = [
        find("BrainStem", 0.1, GradeLevel.MINOR),
        find("Larynx", 0.2, GradeLevel.MAJOR),
        find("Larynx", 0.9, GradeLevel.NO, "B"),
        find("Mandible", 0.5, GradeLevel.MAJOR),
        find("Mandible", 0.3, GradeLevel.MAJOR, "B"),
    ]
    chosen = choose_revised(found, 3)
    assert [(f.structure, f.case) for f in chosen] == [
        ("Mandible", "B"),
        ("Mandible", "A"),
        ("Larynx", "A"),
    ]


@pytest.mark.parametrize(
    ("dice", "hd95_mm", "level"),
    [
        (0.8, 5.0, GradeLevel.NO),
        (0.8, 11.0, GradeLevel.MINOR),
        (0.8, 22.0, GradeLevel.MAJOR),
        (0.6, 8.0, GradeLevel.MINOR),
        (0.4, 8.0, GradeLevel.MAJOR),
        (0.0, float("inf"), GradeLevel.MAJOR),
    ],
)
def test_readers_look_at_overlap_and_at_the_far_edge(
    dice: float, hd95_mm: float, level: GradeLevel
) -> None:
    assert judge_contour(dice, hd95_mm) is level


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    """A run that is prepared, not started: brainstem and left parotid teach, the right waits."""
    study = build_study(tmp_path_factory.mktemp("arms") / "study")
    run_id = queue_run(study)
    with reading(study.engine) as session:
        run = get_run(session, run_id)
    snapshot = prepare(study, CATALOGUE, run)
    job = train_folder(study, run_id).read_job()
    assert isinstance(job, TrainJob)
    everything = {"BrainStem": 1, "ParotidL": 2, "ParotidR": 3}
    frozen = Prepared(
        snapshot=replace(snapshot, labels=everything), job=replace(job, labels=everything)
    )
    case = job.cases[0]
    predicted = {
        m.structure: m.mask_sha256 or ""
        for c in snapshot.cases
        if c.name == case.name
        for m in c.masks
    }
    grid = study.volumes.get_index(case.image_sha256).grid
    gap = GapCase(
        name=case.name,
        image_sha256=case.image_sha256,
        drawn={"BrainStem": case.masks["BrainStem"]},
        predicted=predicted,
        empty=study.labels.put_mask(StructureMask.empty(grid)),
    )
    return Material(
        study=study,
        remembering=frozen,
        forgetful=frozen,
        alone=frozen,
        wanted={case.name: predicted},
        gaps=(gap,),
    )


def voxels(study: Study, job: TrainJob, structure: str) -> list[int]:
    counts = []
    for case in job.cases:
        grid = study.volumes.get_index(case.image_sha256).grid
        counts.append(study.labels.get_mask(case.masks[structure], grid).voxel_count)
    return counts


def test_background_is_where_nothing_is_trusted_and_ignore_spares_what_was_predicted(
    material: Material,
) -> None:
    study, frozen = material.study, material.remembering
    assert all(set(case.masks) == {"BrainStem", "ParotidL"} for case in frozen.job.cases)
    taught = teach_background(study, frozen.snapshot, frozen.job)
    assert voxels(study, taught, "ParotidR") == [0, 0, 0]
    assert voxels(study, taught, "ParotidL") == voxels(study, frozen.job, "ParotidL")
    for case in ignore_untrusted(study, frozen).cases:
        grid = study.volumes.get_index(case.image_sha256).grid
        known = next(c for c in frozen.snapshot.cases if c.name == case.name)
        sha256 = next(m.mask_sha256 for m in known.masks if m.structure == "ParotidR")
        untrusted = study.labels.get_mask(sha256 or "", grid)
        zone = study.labels.get_mask(case.ignored or "", grid)
        assert zone.dense()[untrusted.slices][untrusted.voxels].all()
        # one slice is 5 mm: two more on either side
        assert zone.voxels.shape[2] == untrusted.voxels.shape[2] + 4


def test_an_organ_that_was_not_drawn_is_open_or_background_or_the_parents(
    material: Material,
) -> None:
    (gap,) = material.gaps
    (memory,) = teach_gaps(material, memory=True).cases
    assert set(memory.masks) == {"BrainStem", "ParotidL", "ParotidR"}
    assert set(memory.predicted_by_parent) == {"ParotidL", "ParotidR"}
    assert (memory.shows_pieces, memory.revised) == (("BrainStem",), ("BrainStem",))
    (background,) = teach_gaps_as_nnunet(material, ignored=False).cases
    assert background.masks["ParotidR"] == gap.empty
    assert background.ignored is None
    (ignored,) = teach_gaps_as_nnunet(material, ignored=True).cases
    assert ignored.ignored
    (whole,) = trust_all(material).cases
    assert dict(whole.masks) == dict(material.wanted[gap.name])


def test_memory_alone_tells_the_arms_of_a_loss_apart(material: Material) -> None:
    predicted = {
        kind.name: any(c.predicted_by_parent for c in kind.build(redrawn(material)).cases)
        for kind in ARMS
        if kind.name.startswith(("ignore", "marginal"))
    }
    assert predicted == {
        "ignore": False,
        "ignore + memory": True,
        "marginal": False,
        "marginal + memory": True,
    }


def redrawn(material: Material) -> Material:
    """The same, with brainstems that the parent predicted itself."""
    frozen = material.remembering
    cases = tuple(replace(c, predicted_by_parent=("BrainStem",)) for c in frozen.job.cases)
    both = replace(frozen, job=replace(frozen.job, cases=cases))
    return replace(material, remembering=both, forgetful=both)


def test_a_margin_is_in_millimetres() -> None:
    grid = Grid.from_affine((9, 9, 9), np.diag([-5.0, -5.0, 10.0, 1.0]))
    point = np.zeros(grid.shape, dtype=bool)
    point[4, 4, 4] = True
    wide = widen(point, grid, IGNORED_MARGIN_MM)
    assert np.argwhere(wide.any((1, 2))).ravel().tolist() == [2, 3, 4, 5, 6]
    assert np.argwhere(wide.any((0, 1))).ravel().tolist() == [3, 4, 5]
    assert not widen(point & False, grid, IGNORED_MARGIN_MM).any()


def ball(radius_mm: float) -> StructureMask:
    grid = Grid.from_affine((26, 26, 26), np.diag([-2.0, -2.0, 2.0, 1.0]))
    offsets = np.indices(grid.shape) - 13
    return StructureMask.from_dense((2.0 * np.sqrt((offsets**2).sum(0))) <= radius_mm, grid)


def test_a_second_contour_is_as_far_away_as_two_people_are() -> None:
    organ = ball(14.0)
    height = find_height([organ], 1.0, 1)
    seen = [
        measure(organ.dense(), redraw(organ, height, seed).dense(), organ.grid.spacing_mm).assd_mm
        for seed in range(1, 6)
    ]
    assert 0.7 <= np.mean(seen) <= 1.3
    assert redraw(organ, height, 1).sha256 == redraw(organ, height, 1).sha256
    assert redraw(organ, 0.0, 1).sha256 == organ.sha256
    both = redraw_all({"a": organ, "b": ball(8.0)}, {"a": height, "b": height}, 3)
    assert set(both) == {"a", "b"}

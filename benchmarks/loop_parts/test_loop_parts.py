"""The parts of benchmarks/loop.py: spoiled labels, simulated readers, the arms' jobs, the verdict.

The proof itself takes most of an hour; `python benchmarks/loop.py --quick` walks through it.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from han5k_review.imaging.grid import Grid
from han5k_review.retraining.jobs.tasks import TrainJob
from han5k_review.retraining.runs.run_folders import train_folder
from han5k_review.retraining.runs.run_record import get_run
from han5k_review.retraining.runs.stages import prepare
from han5k_review.retraining.teaching.changes import GateSettings
from han5k_review.retraining.teaching.gate import judge_candidate
from han5k_review.retraining.teaching.paired_scores import PairedScore
from han5k_review.retraining.teaching.snapshot import Snapshot
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import GradeLevel, ReferenceKind
from loop_parts.arms import (
    IGNORED_MARGIN_MM,
    VaryingLauncher,
    ignore_untrusted,
    keep_pseudo_labels,
    teach_background,
    widen,
)
from loop_parts.costs import DiskWatch, LossTimes, Shares, time_losses
from loop_parts.data import ORGANS, split_patients, spoil
from loop_parts.readers import Finding, Review, choose_revised, judge_contour
from loop_parts.report import ArmResult, find_misses, find_tables, write_results
from rigs.phantom_study import CATALOGUE, ROOT, build_study, queue_run

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


def test_a_patient_is_in_one_part_and_tuning_never_sees_the_test(tmp_path: Path) -> None:
    for number in range(34):
        (tmp_path / f"pt_{number}_oars.nii.gz").touch()
    split = split_patients(tmp_path, 6, 12, 16, 6)
    assert split == split_patients(tmp_path, 6, 12, 16, 6)
    assert len({*split.parent, *split.pseudo, *split.test}) == 34
    tuning = split.for_tuning()
    assert not set(split.test) & {*tuning.parent, *tuning.pseudo, *tuning.test}
    assert (len(tuning.pseudo), len(tuning.test)) == (10, 6)
    with pytest.raises(SystemExit, match="35 OpenKBP patients were expected"):
        split_patients(tmp_path, 6, 12, 16, 7)


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
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Snapshot, TrainJob]:
    """A run that is prepared, not started: brainstem and left parotid teach, the right waits."""
    study = build_study(tmp_path_factory.mktemp("arms") / "study")
    run_id = queue_run(study)
    with reading(study.engine) as session:
        run = get_run(session, run_id)
    snapshot = prepare(study, CATALOGUE, run)
    job = train_folder(study, run_id).read_job()
    assert isinstance(job, TrainJob)
    everything = {"BrainStem": 1, "ParotidL": 2, "ParotidR": 3}
    return study, replace(snapshot, labels=everything), replace(job, labels=everything)


def voxels(study: Study, job: TrainJob, structure: str) -> list[int]:
    counts = []
    for case in job.cases:
        grid = study.volumes.get_index(case.image_sha256).grid
        counts.append(study.labels.get_mask(case.masks[structure], grid).voxel_count)
    return counts


def test_naive_background_calls_what_is_not_accepted_background(
    prepared: tuple[Study, Snapshot, TrainJob],
) -> None:
    study, _, job = prepared
    assert all(set(case.masks) == {"BrainStem", "ParotidL"} for case in job.cases)
    taught = teach_background(*prepared)
    assert voxels(study, taught, "ParotidR") == [0, 0, 0]
    assert voxels(study, taught, "ParotidL") == voxels(study, job, "ParotidL")


def test_naive_keep_takes_the_pseudo_label_where_nothing_was_accepted(
    prepared: tuple[Study, Snapshot, TrainJob],
) -> None:
    _, snapshot, job = prepared
    taught = keep_pseudo_labels(*prepared)
    pseudo = {
        c.name: m.mask_sha256 for c in snapshot.cases for m in c.masks if m.structure == "ParotidR"
    }
    assert [c.masks["ParotidR"] for c in taught.cases] == [pseudo[c.name] for c in taught.cases]
    shown = {c.name: c.shows_pieces for c in job.cases}
    for vary in (keep_pseudo_labels, teach_background, ignore_untrusted):
        cases = vary(*prepared).cases
        assert {c.name: c.shows_pieces for c in cases} == shown, "one rule for all arms"
    accepted = {c.name: c.masks["ParotidL"] for c in job.cases}
    assert {c.name: c.masks["ParotidL"] for c in taught.cases} == accepted


def test_ignore_covers_the_untrusted_contour_and_a_margin(
    prepared: tuple[Study, Snapshot, TrainJob],
) -> None:
    study, snapshot, _ = prepared
    for case in ignore_untrusted(*prepared).cases:
        grid = study.volumes.get_index(case.image_sha256).grid
        known = next(c for c in snapshot.cases if c.name == case.name)
        sha256 = next(m.mask_sha256 for m in known.masks if m.structure == "ParotidR")
        untrusted = study.labels.get_mask(sha256 or "", grid)
        zone = study.labels.get_mask(case.ignored or "", grid)
        assert zone.dense()[untrusted.slices][untrusted.voxels].all()
        # one slice is 5 mm: two more on either side
        assert zone.voxels.shape[2] == untrusted.voxels.shape[2] + 4


def test_a_margin_is_in_millimetres() -> None:
    grid = Grid.from_affine((9, 9, 9), np.diag([-5.0, -5.0, 10.0, 1.0]))
    point = np.zeros(grid.shape, dtype=bool)
    point[4, 4, 4] = True
    wide = widen(point, grid, IGNORED_MARGIN_MM)
    assert np.argwhere(wide.any((1, 2))).ravel().tolist() == [2, 3, 4, 5, 6]
    assert np.argwhere(wide.any((0, 1))).ravel().tolist() == [3, 4, 5]
    assert not widen(point & False, grid, IGNORED_MARGIN_MM).any()


def test_a_varied_job_is_written_before_its_process_starts(
    prepared: tuple[Study, Snapshot, TrainJob],
) -> None:
    study, snapshot, job = prepared
    folder = train_folder(study, 1)
    launcher = VaryingLauncher(vary=lambda _, j: keep_pseudo_labels(study, snapshot, j))
    launcher.start(folder, job)
    launcher.clear(folder)
    written = folder.read_job()
    assert isinstance(written, TrainJob)
    assert set(written.cases[0].masks) == {"BrainStem", "ParotidL", "ParotidR"}


def scores(gain: float, structure: str = "Mandible") -> list[PairedScore]:
    return [
        PairedScore(
            case=f"C{n}",
            patient=f"P{n}",
            structure=structure,
            kind=ReferenceKind.REFERENCE,
            before_dice=0.7,
            after_dice=0.7 + gain + n / 1000,
            before_hd95_mm=9.0,
            after_hd95_mm=9.0,
            before_volume_cc=5.0,
            after_volume_cc=5.0,
        )
        for n in range(6)
    ]


def arm(found: list[PairedScore], *, ours_s: float = 5.0, disk: float = 2.0) -> ArmResult:
    shares = Shares(wall=100, training=80, predicting=5, dataset=ours_s, measuring=0, gate=0)
    return ArmResult(
        name="ours",
        words="",
        verdicts=judge_candidate(found, GateSettings()),
        scores=tuple(found),
        shares=shares,
        disk_ratio=disk,
    )


def test_the_reach_is_met_only_when_every_part_is() -> None:
    review = Review(findings=(), revised=(("A", "Mandible"),))
    losses = LossTimes(nnunet_ms=10, trusted_ms=9, partial_ms=12)
    good = scores(0.1)

    def misses(result: ArmResult, losses: LossTimes = losses, minutes: float = 50) -> list[str]:
        return find_misses(review, [result], losses, minutes, quick=False)

    assert misses(arm(good)) == []
    assert "does not surely beat" in misses(arm(scores(-0.003)))[0]
    lost = misses(arm([*good, *scores(-0.05, "Larynx")]))
    assert lost[0].startswith("ours loses on Larynx: Dice fell by 0.048 (95 % interval -0.049")
    assert "10" in misses(arm(good, ours_s=11.0))[0]
    assert "disk" in misses(arm(good, disk=3.5))[0]
    assert "minutes" in misses(arm(good), minutes=61)[0]
    slow = LossTimes(nnunet_ms=10, trusted_ms=9, partial_ms=14)
    assert "1.40 x" in misses(arm(good), slow)[0]


def test_the_losses_are_timed_in_turns() -> None:
    found = time_losses(1, (4, 4, 4))
    assert min(found.nnunet_ms, found.trusted_ms, found.partial_ms) > 0


def test_disk_is_counted_from_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "ct").write_bytes(b"x" * 1000)
    with DiskWatch(tmp_path) as disk:
        (tmp_path / "work").write_bytes(b"x" * 2000)
        disk.look()
        (tmp_path / "work").unlink()
    assert disk.ratio == 3.0


def test_the_results_take_the_place_of_the_tables_and_nothing_else(tmp_path: Path) -> None:
    document = tmp_path / "loop.md"
    shutil.copy(ROOT / "docs" / "loop.md", document)
    before = find_tables(document)
    write_results(document, "| Dice |")
    write_results(document, "| HD95 |")
    assert find_tables(document) == before
    assert "| HD95 |" in document.read_text()
    assert "| Dice |" not in document.read_text()
    document.write_text("no marks")
    with pytest.raises(SystemExit, match="the marks of the tables were expected"):
        find_tables(document)

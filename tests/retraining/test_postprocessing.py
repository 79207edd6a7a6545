"""Which structures keep only their largest piece: counted, inherited, registered, said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from han5k_review.errors import DataError
from han5k_review.imaging.mask import StructureMask
from han5k_review.retraining.jobs.piece_rule import PieceCount, Postprocessing
from han5k_review.retraining.jobs.tasks import ModelFolder, TrainCase, TrainJob
from han5k_review.retraining.models.postprocessing import (
    decide_postprocessing,
    describe_counts,
    describe_postprocessing,
)
from han5k_review.retraining.models.postprocessing_files import (
    count_pieces,
    derive_postprocessing,
    read_postprocessing,
    write_postprocessing,
)
from han5k_review.retraining.network.predicting.members import measure_doubts
from han5k_review.retraining.network.predicting.open_models import (
    OpenModel,
    clear_strays,
    split_values,
)
from han5k_review.retraining.settings import resolve_settings
from han5k_review.retraining.teaching.snapshot import SnapshotMask
from han5k_review.retraining.teaching.trust import TrustReason
from han5k_review.store.label_files import LabelFiles
from han5k_review.store.volume_files import VolumeFiles
from rigs.phantom_study import GRID, build_head

NONE = Postprocessing()


def count(contours: int, one_piece: int) -> PieceCount:
    return PieceCount(contours=contours, one_piece=one_piece)


@pytest.mark.parametrize(
    ("contours", "one_piece", "kept"),
    [(5, 5, True), (4, 4, False), (19, 18, False), (20, 19, True), (20, 18, False), (0, 0, False)],
)
def test_a_structure_is_one_piece_when_95_percent_of_at_least_5_contours_are(
    contours: int, one_piece: int, kept: bool
) -> None:
    rule = decide_postprocessing(["Larynx"], {"Larynx": count(contours, one_piece)}, NONE)
    assert rule.keep_largest == (("Larynx",) if kept else ())
    assert rule.counts == {"Larynx": count(contours, one_piece)}


def test_few_contours_leave_a_structure_what_it_was_to_the_parent() -> None:
    parent = decide_postprocessing(
        ["Larynx", "Lips", "Cord"],
        {"Larynx": count(12, 12), "Lips": count(12, 3), "Cord": count(9, 9)},
        NONE,
    )
    own = {"Larynx": count(4, 1), "Lips": count(4, 4), "Cord": count(5, 4)}
    child = decide_postprocessing(["Larynx", "Lips", "Cord"], own, parent)
    assert child.keep_largest == ("Larynx",)
    assert child.counts["Larynx"] == PieceCount(contours=12, one_piece=12, inherited=True)
    assert child.counts["Lips"] == PieceCount(contours=12, one_piece=3, inherited=True)
    assert child.counts["Cord"] == count(5, 4), "five of its own decide"


def box(*places: tuple[int, int, int], size: int) -> StructureMask:
    """Cubes of `size` voxels a side on the phantom's grid."""
    dense = np.zeros(GRID.shape, dtype=bool)
    for i, j, k in places:
        dense[i : i + size, j : j + size, k : k + size] = True
    return StructureMask.from_dense(dense, GRID)


@pytest.fixture
def job(tmp_path: Path) -> TrainJob:
    """The left parotid of five cases, predicted as each is called; a slip is one voxel of 1001."""
    volumes, masks = VolumeFiles(folder=tmp_path / "v"), LabelFiles(folder=tmp_path / "m")
    image = volumes.put_volume(build_head(1).volume)
    whole = box((5, 5, 5), size=10)
    slip = whole.dense()
    slip[30, 30, 20] = True
    predicted = {
        "whole": whole,
        "slip": StructureMask.from_dense(slip, GRID),
        "halves": box((2, 2, 2), (20, 20, 12), size=6),
        "empty": StructureMask.empty(GRID),
        "unshown": box((2, 2, 2), (20, 20, 12), size=6),
    }
    return TrainJob(
        volumes=volumes.folder,
        masks=masks.folder,
        labels={"ParotidL": 1},
        inside={},
        cases=tuple(
            TrainCase(
                name=name,
                image_sha256=image,
                masks={"ParotidL": masks.put_mask(mask)},
                shows_pieces=() if name == "unshown" else ("ParotidL",),
            )
            for name, mask in predicted.items()
        ),
        settings=resolve_settings("smoke"),
        device="cpu",
    )


def test_a_slip_of_the_pen_is_no_second_piece_and_an_empty_contour_shows_nothing(
    job: TrainJob,
) -> None:
    assert count_pieces(job) == {"ParotidL": count(3, 2)}


def test_a_run_that_keeps_all_pieces_and_a_model_without_a_rule_remove_nothing(
    job: TrainJob, tmp_path: Path
) -> None:
    case = job.cases[0]
    five = replace(job, cases=tuple(replace(case, name=str(n)) for n in range(5)))
    assert derive_postprocessing(five).keep_largest == ("ParotidL",)
    off = replace(five.settings, keep_largest_piece=False)
    assert derive_postprocessing(replace(five, settings=off)) == NONE
    old = ModelFolder(folder=tmp_path, checkpoint_sha256="0" * 64)
    assert read_postprocessing(old) == NONE
    # a file that nobody registered is not believed
    write_postprocessing(old, derive_postprocessing(five))
    assert read_postprocessing(old) == NONE


def test_a_rule_is_registered_by_its_hash_and_a_changed_one_refused(tmp_path: Path) -> None:
    rule = decide_postprocessing(["Larynx"], {"Larynx": count(12, 12)}, NONE)
    model = ModelFolder(folder=tmp_path, checkpoint_sha256="0" * 64)
    kept = write_postprocessing(model, rule)
    model = replace(model, postprocessing_sha256=kept.sha256)
    assert read_postprocessing(model) == rule
    text = model.postprocessing.read_text()
    model.postprocessing.write_text(text.replace("Larynx", "Lips"))
    with pytest.raises(DataError, match="was registered with SHA-256"):
        read_postprocessing(model)
    model.postprocessing.unlink()
    with pytest.raises(DataError, match="restore the model folder"):
        read_postprocessing(model)


def test_only_what_people_accepted_and_no_model_predicted_shows_pieces() -> None:
    def shows(reason: TrustReason, *, trusted: bool = True, model: int | None = None) -> bool:
        return SnapshotMask(
            structure="Larynx",
            mask_sha256="0" * 64,
            trusted=trusted,
            reason=reason,
            model_version_id=model,
        ).shows_pieces

    assert shows(TrustReason.REVISION_ACCEPTED)
    assert shows(TrustReason.GRADED_NO_REVISION), "imported pseudo-labels that people passed"
    assert shows(TrustReason.REFERENCE)
    assert not shows(TrustReason.GRADED_NO_REVISION, model=3)
    assert not shows(TrustReason.REPLAYED)
    assert not shows(TrustReason.NEEDS_REVISION, trusted=False)


def open_with(*kept: str) -> OpenModel:
    """A model that predicts an eye (1) with its lens (2) and the lips (3); no network."""
    dataset = {
        "labels": {"background": 0, "Eye": 1, "Lens": 2, "Lips": 3, "ignore": 4},
        "han5k_review": {"nested": {"Lens": "Eye"}},
    }
    return OpenModel(name="m", plans=None, dataset=dataset, predictor=None, keep_largest=kept)


# one row of voxels: an eye with its lens, a stray eye, a stray lens, lips in two pieces
ROW = np.array([[[1, 2, 1, 0, 1, 0, 2, 0, 3, 3, 0, 3]]], dtype=np.uint8)


def test_each_structure_keeps_its_own_largest_piece_and_an_inner_one_belongs_to_its_container() -> (
    None
):
    kept = {n: np.flatnonzero(v).tolist() for n, v in split_values(open_with("Eye", "Lens"), ROW)}
    assert kept == {"Eye": [0, 1, 2], "Lens": [1], "Lips": [8, 9, 11]}
    as_before = {n: np.flatnonzero(v).tolist() for n, v in split_values(open_with(), ROW)}
    assert as_before == {"Eye": [0, 1, 2, 4, 6], "Lens": [1, 6], "Lips": [8, 9, 11]}


def test_a_childs_teacher_shows_no_stray_piece_that_people_did_not_see() -> None:
    cleared = clear_strays(open_with("Eye", "Lens"), ROW)
    assert cleared.tolist() == [[[1, 2, 1, 0, 0, 0, 0, 0, 3, 3, 0, 3]]]
    assert np.array_equal(clear_strays(open_with(), ROW), ROW)


def test_a_stray_piece_that_is_removed_raises_no_doubt() -> None:
    without = ROW.copy()
    without[..., 4] = 0
    assert measure_doubts(open_with("Eye"), [ROW, without])["Eye"].disagreement == 0
    # five and four voxels that share four
    doubt = measure_doubts(open_with(), [ROW, without])["Eye"]
    assert doubt.disagreement == pytest.approx(1 - 2 * 4 / (5 + 4))


def test_the_rule_is_one_line_on_the_page() -> None:
    parent = decide_postprocessing(["A", "B"], {"A": count(12, 12), "B": count(9, 9)}, NONE)
    rule = decide_postprocessing(["A", "B", "C"], {"B": count(8, 8), "C": count(9, 2)}, parent)
    assert describe_postprocessing(rule) == "Keeps only the largest piece of 2 structures: A, B."
    assert describe_counts(rule) == "A 12 of 12 (parent's), B 8 of 8, C 2 of 9"
    assert "no rule was registered" in describe_postprocessing(None)
    assert "no structure is known" in describe_postprocessing(NONE)

"""A child mixed with its parent: the arithmetic, the choice, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from han5k_review.errors import ConfigError
from han5k_review.retraining.jobs.tasks import TrainJob
from han5k_review.retraining.models.card_words import describe_alpha
from han5k_review.retraining.models.model_facts import TrainingFacts
from han5k_review.retraining.models.model_folders import locate_model
from han5k_review.retraining.network.checkpoints import read_weights
from han5k_review.retraining.network.training.dataset import Prepared, prepare_dataset
from han5k_review.retraining.network.training.mixing import (
    choose_alpha,
    measure_trusted_dice,
    mix_weights,
    mix_with_parent,
)
from han5k_review.retraining.runs.run_folders import train_folder
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.store.tables import ModelVersion


def quiet(*_: object) -> None: ...


def test_weights_are_mixed_and_counters_are_the_childs() -> None:
    parent = {"w": torch.tensor([1.0, 3.0]), "n": torch.tensor(4)}
    child = {"w": torch.tensor([5.0, -1.0]), "n": torch.tensor(7)}
    mixed = mix_weights(parent, child, 0.75, "first")
    assert mixed["w"].tolist() == [4.0, 0.0]
    assert int(mixed["n"]) == 7
    assert mix_weights(parent, child, 1.0, "first")["w"].tolist() == [5.0, -1.0]


def test_a_parent_of_another_architecture_is_refused_in_a_sentence() -> None:
    child = {"stem.w": torch.zeros(2, 3), "head.w": torch.zeros(4)}
    parent = {"stem.w": torch.zeros(2, 5), "head.w": torch.zeros(4)}
    told = r"same architecture .* \(alpha 0.5\), found old with 1 other tensors, stem.w among them"
    with pytest.raises(ConfigError, match=told):
        mix_weights(parent, child, 0.5, "old")


def test_the_best_share_is_chosen_and_of_equal_ones_the_larger() -> None:
    assert choose_alpha({1.0: 0.70, 0.75: 0.72, 0.5: 0.71}) == 0.75
    assert choose_alpha({1.0: 0.72, 0.75: 0.72, 0.5: 0.71}) == 1.0
    assert choose_alpha({}) == 1.0


def test_only_trusted_labels_and_counted_voxels_are_measured() -> None:
    target = np.array([1, 1, 0, 2, 9, -1, 0, 0])
    values = np.array([1, 0, 1, 3, 1, 1, 3, 3])
    # label 1: one voxel of both, two and two in all; label 2 is missed
    assert measure_trusted_dice(values, target, [1], 9) == 0.5
    assert measure_trusted_dice(values, target, [1, 2], 9) == 0.25
    assert measure_trusted_dice(values, target, [4], 9) is None


@pytest.mark.training
def test_a_child_that_is_its_parent_stays_it_whatever_the_share(
    trained: tuple[Study, int], tmp_path: Path
) -> None:
    study, run_id = trained
    job = train_folder(study, run_id).read_job()
    assert isinstance(job, TrainJob)
    with reading(study.engine) as session:
        parent = locate_model(study, session.get_one(ModelVersion, 1))
    settings = replace(job.settings, mix_with_parent=True)
    job = replace(job, settings=settings, parent=parent)
    job = replace(job, cases=tuple(replace(c, monitor=not n) for n, c in enumerate(job.cases)))
    prepared = prepare_dataset(job, tmp_path, quiet)
    assert isinstance(prepared, Prepared)
    own = read_weights(parent)["network_weights"]
    mixed = mix_with_parent(job, prepared, own, quiet)
    assert mixed is not None
    assert (mixed.alpha, mixed.cases) == (1.0, 1)
    assert len(set(mixed.dice.values())) == 1
    ruined = {key: torch.zeros_like(value) for key, value in own.items()}
    found = mix_with_parent(job, prepared, ruined, quiet)
    assert found is not None
    assert found.alpha < 1 or set(found.dice.values()) == {0.0}
    unseen = replace(job, cases=tuple(replace(c, revised=()) for c in job.cases))
    kept = mix_with_parent(unseen, prepared, ruined, quiet)
    assert kept is not None
    assert (kept.alpha, kept.cases) == (1.0, 0), "what no person drew asks for no parent"
    assert mix_with_parent(replace(job, parent=None), prepared, own, quiet) is None


def test_the_card_tells_the_share_and_who_chose_it() -> None:
    chosen = TrainingFacts(alpha=0.75, alpha_cases=6, alpha_dice={"1": 0.7, "0.75": 0.71})
    assert describe_alpha(chosen) == (
        "0.75 trained + 0.25 parent, chosen by Dice on 6 monitor cases (1: 0.7000, 0.75: 0.7100)"
    )
    assert describe_alpha(TrainingFacts(alpha=1.0)).endswith("no monitor case to choose by")
    assert describe_alpha(TrainingFacts()) == "As they were trained"

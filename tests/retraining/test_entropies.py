"""How unsure a prediction is, against probabilities by hand and scipy's entropy."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
import torch

from han5k_review.retraining.jobs.results import Entropy
from han5k_review.retraining.network.predicting.entropies import measure_entropies, split_logits
from han5k_review.retraining.network.predicting.open_models import OpenModel


def test_entropy_is_that_of_the_voxels_where_a_structure_may_lie() -> None:
    """An eye (1) that holds its lens (2), lips (3) that are seen nowhere clearly; voxels in x."""
    dataset = {
        "labels": {"background": 0, "Eye": 1, "Lens": 2, "Lips": 3},
        "han5k_review": {"nested": {"Lens": "Eye"}},
    }
    model = OpenModel(name="m", plans=None, dataset=dataset, predictor=None)
    probabilities = torch.tensor(
        [
            [0.97, 0.50, 0.10, 0.00],
            [0.02, 0.30, 0.20, 0.10],
            [0.00, 0.10, 0.70, 0.90],
            [0.01, 0.10, 0.00, 0.00],
        ]
    )[:, None, None]
    by_hand = {
        "Eye": [0.4, 0.9, 1.0],  # with its lens; 0.02 is too little
        "Lens": [0.1, 0.7, 0.9],
        "Lips": [0.1],
    }
    found = measure_entropies(model, iter([probabilities]))
    for name, shares in by_hand.items():
        bits = [scipy.stats.entropy([p, 1 - p], base=2) for p in shares]
        assert found[name].mean == pytest.approx(np.mean(bits), abs=1e-4), name
        assert found[name].highest == pytest.approx(max(shares), abs=1e-5), "no voxel of the lips"
    slabs = iter(torch.split(probabilities, 1, 3))
    assert measure_entropies(model, slabs) == found, "slab by slab as at once"
    logits = probabilities.clamp(min=1e-9).log()
    assert measure_entropies(model, split_logits(logits))["Lens"].mean == pytest.approx(
        found["Lens"].mean, abs=1e-4
    )
    sure = torch.tensor([1.0, 0.0, 0.0, 0.0]).reshape(4, 1, 1, 1)
    assert measure_entropies(model, iter([sure]))["Lips"] == Entropy(mean=0.0, highest=0.0)

"""What the parent predicted itself is taught on the network's own grid; one tile is shown twice."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from han5k_review.retraining.network.predicting.open_models import ShownTwice
from han5k_review.retraining.network.training.parent_memory import merge_prediction


def test_a_prediction_replaces_its_own_target_and_never_covers_another() -> None:
    # labels 1 and 2 were predicted by the parent, 3 was revised, 4 is ignored, -1 is outside
    seg = np.array([[[[1, 0, 2, 3, 4, -1, 0, 1]]]], dtype=np.int16)
    predicted = np.array([[[[1, 1, 0, 1, 2, 1, 3, 2]]]])
    merged = merge_prediction(seg, predicted, [1, 2])
    assert merged.tolist() == [[[[1, 1, 0, 3, 4, -1, 0, 2]]]]
    assert merged.dtype == seg.dtype


def test_a_tile_shown_twice_comes_back_once_and_the_same() -> None:
    torch.manual_seed(1)
    torch.set_num_threads(1)
    network = nn.Conv3d(1, 3, 3, padding=1)
    for batch in (1, 2):
        tiles = torch.randn(batch, 1, 5, 6, 7)
        with torch.no_grad():
            torch.testing.assert_close(ShownTwice(network)(tiles), network(tiles))

"""3D Slicer's .seg.nrrd: names, layers and label values; the header is written by hand here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from han5k_review.errors import DataError
from han5k_review.imaging.corrected_files import read_corrected
from tests.imaging.phantoms import phantom_grid, phantom_labels
from tests.imaging.segment_phantoms import field, write_segments


def test_segments_of_several_layers_overlap(tmp_path: Path) -> None:
    fields = field(0, Name="Parotid_L", LabelValue=1, Layer=0)
    fields += field(1, Name="Parotid_R", LabelValue=2, Layer=0)
    fields += field(2, Name="Everything", LabelValue=1, Layer=1)
    masks = {
        one.name: one.mask
        for one in read_corrected(write_segments(tmp_path / "s.seg.nrrd", fields), phantom_grid())
    }
    assert list(masks) == ["Parotid_L", "Parotid_R", "Everything"]
    assert np.array_equal(masks["Parotid_R"].dense(), phantom_labels() == 2)
    assert np.array_equal(masks["Everything"].dense(), phantom_labels() > 0)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ("", "found none"),
        (field(0, Name="A", LabelValue=1) + field(1, Name="A", LabelValue=2), "each name once"),
        (field(0, Name="A", LabelValue="x"), "label value"),
        (field(0, LabelValue=1), "a name"),
        (field(0, Name="A", LabelValue=1, Layer=7), "only 2 layers"),
    ],
)
def test_fields_that_name_no_segments_are_refused(tmp_path: Path, fields: str, words: str) -> None:
    with pytest.raises(DataError, match=rf"s\.seg\.nrrd: .*{words}"):
        read_corrected(write_segments(tmp_path / "s.seg.nrrd", fields), phantom_grid())

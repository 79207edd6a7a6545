"""Paths that the system refuses, names that no line can show: one sentence, never a fault."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from han5k_review.errors import DataError
from han5k_review.importing.reports import Outcome
from han5k_review.store.study import Study
from tests.imaging.phantoms import phantom_labels
from tests.imaging.segment_phantoms import field, write_segments
from tests.importing.case_files import (
    content,
    plan,
    run,
    source,
    write_case,
    write_ct,
    write_labels,
)

TOO_LONG = "x" * 300 + ".nii.gz"


@pytest.mark.parametrize("column", ["ct", "labels", "reference"])
@pytest.mark.parametrize("deep", [False, True])
def test_a_path_that_the_system_refuses_is_one_sentence_and_stops_no_other(
    study: Study, tmp_path: Path, column: str, deep: bool
) -> None:
    good = write_case(study, tmp_path / "good")
    write_case(study, tmp_path)
    bad = source(study, tmp_path, case="HN-2", **{column: TOO_LONG})
    for report in (plan(study, bad, good, deep=deep), run(study, bad, good)):
        refused, taken = report.cases
        assert refused.outcome is Outcome.REFUSED
        assert "a readable file or folder was expected at " in refused.sentence
        assert "File name too long; mend its path or its permissions" in refused.sentence
        assert taken.outcome in (Outcome.NEW, Outcome.UNCHANGED)


def test_a_label_map_whose_path_the_system_refuses_is_one_sentence(
    study: Study, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="a label map was expected at"):
        source(study, tmp_path, label_map=TOO_LONG)


def test_a_mask_whose_name_is_not_utf8_is_named_and_left_out(study: Study, tmp_path: Path) -> None:
    write_ct(tmp_path)
    one = (phantom_labels() == 1).astype(np.uint8)
    mask = write_labels(tmp_path / "masks", "ParotidL.nii.gz", one)
    latin_1 = os.fsencode(mask.parent) + b"/Dr\xfcse.nii.gz"
    try:
        Path(os.fsdecode(latin_1)).write_bytes(mask.read_bytes())
    except OSError:
        pytest.skip("this file system takes names in UTF-8 only")
    given = source(study, tmp_path, labels="masks", label_map="")
    for deep in (False, True):
        (case,) = plan(study, given, deep=deep).cases
        assert case.outcome is Outcome.NEW, case.sentence
        assert case.unmatched == ("Dr\\udcfcse",)
    (case,) = run(study, given).cases
    assert case.outcome is Outcome.NEW, case.sentence
    assert len(content(study)["versions"]) == 1


def test_a_name_of_two_lines_is_shown_in_one(study: Study, tmp_path: Path) -> None:
    write_case(study, tmp_path)
    fields = field(0, Name="ParotidL", LabelValue=1, Layer=0)
    fields += field(1, Name="Parotid\\nfinal", LabelValue=2, Layer=0)
    write_segments(tmp_path / "labels.seg.nrrd", fields)
    given = source(study, tmp_path, labels="labels.seg.nrrd", label_map="")
    for report in (plan(study, given, deep=False), plan(study, given), run(study, given)):
        (case,) = report.cases
        assert case.unmatched == ("Parotid\\nfinal",)
        assert "\n" not in case.sentence

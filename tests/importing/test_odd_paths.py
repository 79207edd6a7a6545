"""Paths that the system refuses, names that no line can show: one sentence, never a fault."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlmodel import select

from han5k_review.errors import DataError
from han5k_review.importing.reports import CaseOutcome
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.store.tables import Audit
from tests.imaging.header_writers import sound_nifti
from tests.imaging.phantoms import AFFINE_LPS_AXES, SHAPE, phantom_labels
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
        assert refused.outcome is CaseOutcome.REFUSED
        assert "a readable file or folder was expected at " in refused.sentence
        assert "File name too long; mend its path or its permissions" in refused.sentence
        assert taken.outcome in (CaseOutcome.NEW, CaseOutcome.UNCHANGED)


def test_a_label_map_whose_path_the_system_refuses_is_one_sentence(
    study: Study, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="a label map was expected at"):
        source(study, tmp_path, label_map=TOO_LONG)


def write_beside(path: Path, name: bytes) -> Path:
    """A copy of a file under a name that need not be UTF-8."""
    copy = path.parent / os.fsdecode(name)
    try:
        copy.write_bytes(path.read_bytes())
    except OSError:
        pytest.skip("this file system takes names in UTF-8 only")
    return copy


def write_mask(folder: Path) -> Path:
    return write_labels(
        folder / "masks", "ParotidL.nii.gz", (phantom_labels() == 1).astype(np.uint8)
    )


def test_a_mask_whose_name_is_not_utf8_is_named_and_left_out(study: Study, tmp_path: Path) -> None:
    write_ct(tmp_path)
    write_beside(write_mask(tmp_path), b"Dr\xfcse.nii.gz")
    given = source(study, tmp_path, labels="masks", label_map="")
    for deep in (False, True):
        (case,) = plan(study, given, deep=deep).cases
        assert case.outcome is CaseOutcome.NEW, case.sentence
        assert case.unmatched == ("Dr\\udcfcse",)
    (case,) = run(study, given).cases
    assert case.outcome is CaseOutcome.NEW, case.sentence
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


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_warning_about_a_file_whose_name_is_not_utf8_can_be_stored(
    make_import_study: Callable[..., Study],
    tmp_path: Path,
    kind: str,
    request: pytest.FixtureRequest,
) -> None:
    url = request.getfixturevalue("postgres_url") if kind == "postgresql" else None
    study = make_import_study("other", url)
    ct = sound_nifti(np.zeros(SHAPE, np.int16), AFFINE_LPS_AXES)
    bare = replace(ct, sform_code=0, qform_code=0).write(tmp_path / "ct.nii.gz")
    mask = replace(ct, array=np.ones(SHAPE, np.uint8), sform_code=0, qform_code=0)
    odd = write_beside(mask.write(tmp_path / "mask.nii.gz"), b"\xfc.nii.gz")
    (tmp_path / "map.csv").write_text("structure,values\nParotidL,1\n")
    (case,) = run(study, source(study, tmp_path, ct=bare.name, labels=str(odd))).cases
    assert case.outcome is CaseOutcome.NEW, case.sentence
    assert any(r"\udcfc.nii.gz: no orientation" in warning for warning in case.warnings)
    with reading(study.engine) as session:
        audits = session.exec(select(Audit)).all()
    assert any(r"\udcfc.nii.gz" in str(audit.detail.get("warnings")) for audit in audits)

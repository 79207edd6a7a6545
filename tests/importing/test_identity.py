"""The same CT is the same under any header, the same patient under any writing: no leak."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from sqlalchemy import text
from sqlmodel import select

from han5k_review.errors import RuleError
from han5k_review.importing.case_contents import CaseContent
from han5k_review.importing.case_rows import write_case as write_rows
from han5k_review.importing.imports import plan_import, run_import
from han5k_review.importing.reports import CaseOutcome, ImportReport
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study
from han5k_review.store.tables import Case
from han5k_review.study import read_study_catalogue
from tests.imaging.phantoms import (
    AFFINE_LPS_AXES,
    ORIENTATIONS,
    phantom_grid,
    phantom_hu,
    write_image,
    write_phantom,
)
from tests.importing.case_files import content, plan, run, source, write_case, write_ct
from tests.importing.conftest import NOON

Copy = Callable[[Path], Path]


def moved(*mm: float) -> np.ndarray:
    affine = AFFINE_LPS_AXES.copy()
    affine[:3, 3] += mm
    return affine


def by_another_writer(folder: Path) -> Path:
    return write_phantom(folder / "copy.nrrd", phantom_hu(), ORIENTATIONS[21])


def with_a_rounded_origin(folder: Path) -> Path:
    return write_image(folder / "copy.mha", phantom_hu(), moved(0.004, -0.004, 0.0049))


def as_fractions(folder: Path) -> Path:
    return write_image(folder / "copy.mhd", phantom_hu().astype(np.float32), AFFINE_LPS_AXES)


def with_a_qform_alone(folder: Path) -> Path:
    image = nib.Nifti1Image(phantom_hu(), None)
    image.set_qform(AFFINE_LPS_AXES, code=1)
    image.set_sform(None, code=0)
    nib.save(image, folder / "copy.nii.gz")
    return folder / "copy.nii.gz"


def with_its_origin_at_zero(folder: Path) -> Path:
    return write_image(folder / "copy.mha", phantom_hu(), moved(-40.25, -71.5, 310.75))


def with_other_spacing(folder: Path) -> Path:
    affine = AFFINE_LPS_AXES.copy()
    affine[:3, :3] *= 1.2
    return write_image(folder / "copy.nii.gz", phantom_hu(), affine)


def mirrored(folder: Path) -> Path:
    return write_image(folder / "copy.mha", phantom_hu()[::-1], AFFINE_LPS_AXES)


def without_orientation(folder: Path) -> Path:
    image = nib.Nifti1Image(phantom_hu().transpose(2, 0, 1).copy(), None)
    image.header.set_zooms((3.0, 1.5, 2.0))
    image.set_qform(None, code=0)
    image.set_sform(None, code=0)
    nib.save(image, folder / "copy.nii.gz")
    return folder / "copy.nii.gz"


IN_PLACE = [by_another_writer, with_a_rounded_origin, as_fractions, with_a_qform_alone]
ELSEWHERE = [with_its_origin_at_zero, with_other_spacing, mirrored, without_orientation]
NAME = pytest.mark.parametrize("copy", [*IN_PLACE, *ELSEWHERE], ids=lambda copy: copy.__name__)


@pytest.fixture(params=["serial", "threads"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor | None]:
    if request.param == "serial":
        yield None
        return
    with ThreadPoolExecutor(2) as threads:
        yield threads


def attempts(study: Study, executor: Executor | None, *sources: object) -> Iterator[ImportReport]:
    """A quick dry run, a deep one, and the import."""
    catalogue = read_study_catalogue(study)
    for deep in (False, True):
        yield plan_import(study, catalogue, sources, deep=deep, executor=executor)  # type: ignore[arg-type]
    yield run_import(
        study,
        catalogue,
        sources,  # type: ignore[arg-type]
        actor="anna",
        now=lambda: NOON,
        executor=executor,
    )


def assert_refused_with_both_names(report: ImportReport) -> None:
    last = report.cases[-1]
    assert last.outcome is CaseOutcome.REFUSED, last.sentence
    assert "of case HN-2 (patient P-2) is the CT of case HN-1 (patient P-1)" in last.refusal


@NAME
def test_the_ct_of_another_case_is_refused_whatever_its_header_says(
    study: Study, tmp_path: Path, copy: Copy, executor: Executor | None
) -> None:
    write_case(study, tmp_path)
    run(study, source(study, tmp_path, patient="P-1", split="train"))
    cells = {"case": "HN-2", "patient": "P-2", "split": "held_out", "labels": ""}
    second = source(study, tmp_path, ct=copy(tmp_path).name, **cells)
    before = content(study)
    for report in attempts(study, executor, second):
        assert_refused_with_both_names(report)
    assert content(study) == before


@NAME
def test_two_cases_of_one_import_cannot_hold_one_ct(
    study: Study, tmp_path: Path, copy: Copy, executor: Executor | None
) -> None:
    write_case(study, tmp_path)
    first = source(study, tmp_path, patient="P-1", split="train")
    cells = {"case": "HN-2", "patient": "P-2", "split": "held_out", "labels": ""}
    second = source(study, tmp_path, ct=copy(tmp_path).name, **cells)
    for report in attempts(study, executor, first, second):
        assert report.cases[0].outcome is CaseOutcome.NEW
        assert_refused_with_both_names(report)
    assert [row[:2] for row in content(study)["cases"]] == [("HN-1", "P-1")]


@pytest.mark.parametrize("copy", IN_PLACE, ids=lambda copy: copy.__name__)
def test_a_case_takes_its_ct_from_any_writer(study: Study, tmp_path: Path, copy: Copy) -> None:
    run(study, write_case(study, tmp_path))
    before = content(study)
    report = run(study, source(study, tmp_path, ct=copy(tmp_path).name))
    assert report.cases[0].outcome is CaseOutcome.UNCHANGED, report.cases[0].sentence
    assert content(study) == before


@pytest.mark.parametrize("copy", ELSEWHERE, ids=lambda copy: copy.__name__)
def test_a_case_never_takes_its_ct_from_elsewhere(study: Study, tmp_path: Path, copy: Copy) -> None:
    run(study, write_case(study, tmp_path))
    before = content(study)
    for report in attempts(study, None, source(study, tmp_path, ct=copy(tmp_path).name)):
        assert report.cases[0].outcome is CaseOutcome.REFUSED
        assert "the CT of this case was expected" in report.cases[0].refusal
    assert content(study) == before


def test_a_scan_that_looks_alike_is_another(study: Study, tmp_path: Path) -> None:
    write_case(study, tmp_path)
    hu = phantom_hu()
    hu[3, 3, 3] += 1
    write_phantom(tmp_path / "other.nii.gz", hu)
    first = source(study, tmp_path)
    second = source(study, tmp_path, case="HN-2", ct="other.nii.gz")
    for report in attempts(study, None, first, second):
        assert [case.outcome for case in report.cases] == [CaseOutcome.NEW] * 2


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_cases_of_before_are_measured_once(
    make_import_study: Callable[..., Study],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    kind: str,
) -> None:
    url = request.getfixturevalue("postgres_url") if kind == "postgresql" else None
    study = make_import_study("study", url)
    write_case(study, tmp_path)
    run(study, source(study, tmp_path, patient="P-1"))
    with transaction(study.engine) as session:
        session.connection().execute(text("UPDATE study_case SET planes_sha256 = NULL"))
    copy = with_its_origin_at_zero(tmp_path).name
    second = source(study, tmp_path, case="HN-2", patient="P-2", ct=copy, labels="")
    for report in attempts(study, None, second):
        assert_refused_with_both_names(report)
    with reading(study.engine) as session:
        stored = session.exec(select(Case.planes_sha256)).one()
    (entry,) = content(study)["cases"]
    assert stored == study.volumes.get_volume(str(entry[3])).planes_sha256  # type: ignore[index]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_two_imports_at_one_time_cannot_both_bring_a_ct(
    make_import_study: Callable[..., Study],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    kind: str,
) -> None:
    url = request.getfixturevalue("postgres_url") if kind == "postgresql" else None
    study = make_import_study("study", url)
    write_case(study, tmp_path)
    found = CaseContent(
        fingerprint={}, image_sha256="a", grid=phantom_grid(), planes_sha256="same planes"
    )
    other = CaseContent(
        fingerprint={}, image_sha256="b", grid=phantom_grid(), planes_sha256="same planes"
    )
    begun = threading.Event()

    def bring_second() -> None:
        begun.set()
        with transaction(study.engine) as session:
            late = source(study, tmp_path, case="HN-2", patient="P-2", split="held_out")
            write_rows(session, late, other, actor="ben", now_utc=NOON + timedelta(seconds=1))

    with ThreadPoolExecutor(1) as threads:
        with transaction(study.engine) as session:
            first = source(study, tmp_path, patient="P-1", split="train")
            write_rows(session, first, found, actor="anna", now_utc=NOON)
            waiting = threads.submit(bring_second)
            assert begun.wait(30)
        with pytest.raises(RuleError, match=r"is the CT of case HN-1 \(patient P-1\)"):
            waiting.result(60)


@pytest.mark.parametrize(
    ("writing", "is_other"),
    [
        ("PAT Müller 1", False),
        (unicodedata.normalize("NFD", "PAT Müller 1"), False),
        ("PAT  Müller\u00a01", False),
        ("pat müller 1", True),
        ("PATMÜLLER1", True),
    ],
)
def test_a_patient_stays_in_one_split_under_any_writing(
    study: Study, tmp_path: Path, writing: str, is_other: bool, executor: Executor | None
) -> None:
    write_case(study, tmp_path)
    write_ct(tmp_path, "second.nii.gz", shift=1)
    first = source(study, tmp_path, patient="PAT Müller 1", split="train")
    cells = {"case": "HN-2", "patient": writing, "ct": "second.nii.gz"}
    leak = source(study, tmp_path, **cells, split="held_out")
    for report in attempts(study, executor, first, leak):
        assert "patient stays in one split" in report.cases[1].refusal
    (case,) = run(study, source(study, tmp_path, **cells)).cases
    assert [row[:3] for row in content(study)["cases"]] == [
        ("HN-1", "PAT Müller 1", "train"),
        ("HN-2", "PAT Müller 1", "train"),
    ]
    assert ("is taken for patient PAT Müller 1 of the study" in case.sentence) == is_other


def test_a_case_name_in_another_unicode_form_is_the_same_case(study: Study, tmp_path: Path) -> None:
    write_case(study, tmp_path)
    decomposed = unicodedata.normalize("NFD", "Müller")
    assert run(study, source(study, tmp_path, case=decomposed)).cases[0].outcome is CaseOutcome.NEW
    assert (
        run(study, source(study, tmp_path, case="Müller")).cases[0].outcome is CaseOutcome.UNCHANGED
    )
    with transaction(study.engine) as session:  # as an older version could have stored it
        session.exec(select(Case)).one().name = decomposed
    report = plan(study, source(study, tmp_path, case="Müller", reference="labels.nii.gz"))
    assert report.cases[0].outcome is CaseOutcome.CHANGED, report.cases[0].sentence


def test_a_case_name_that_differs_in_capitals_only_is_refused(
    study: Study, tmp_path: Path, executor: Executor | None
) -> None:
    write_case(study, tmp_path)
    write_ct(tmp_path, "second.nii.gz", shift=1)
    first = source(study, tmp_path, case="A1")
    second = source(study, tmp_path, case="a1", ct="second.nii.gz")
    for report in attempts(study, executor, first, second):
        assert "found a1 beside A1; write A1, or choose another name" in report.cases[1].refusal

"""The sheets Agreement and Certificates, against numbers counted by hand and other programs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score
from sqlmodel import Session, col, select

from han5k_review.exports import Export, build_export
from han5k_review.exports.columns import Cell
from han5k_review.review.grading import GradeRequest, submit_grade
from han5k_review.review.labels import list_under_review
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, Case, Reader
from tests.exports.conftest import LATER, NOON, SCALE


def lines(export: Export, key: str) -> list[dict[str, Cell]]:
    table = export.get_table(key)
    return [dict(zip(table.names, row, strict=True)) for row in table.rows]


def export_of(study: Study) -> Export:
    return build_export(study, export_id="E-1", now=LATER)


def repeat_reads(session: Session, codes: list[str]) -> None:
    """Anna reads the first cases again, without knowing, and grades their brainstems."""
    anna = session.exec(select(Reader).where(Reader.pseudonym == "R1")).one()
    cases = session.exec(select(Case).order_by(col(Case.name))).all()
    for place, code in enumerate(codes):
        case = cases[place]
        again = Assignment(
            case_id=stored_id(case),
            reader_id=stored_id(anna),
            presentation_order=100 + place,
            read_index=2,
            is_repeat=True,
        )
        session.add(again)
        session.flush()
        label = list_under_review(session, stored_id(case))["BrainStem"]
        submit_grade(
            session,
            assignment_id=stored_id(again),
            reader=anna,
            scale=SCALE,
            request=GradeRequest(
                request_id=f"again-{place:04d}",
                structure="BrainStem",
                label_version_id=stored_id(label),
                code=code,
                tags=(),
                comment="",
                flagged_slices=(),
                opened_at_utc=NOON,
                active_seconds=5.0,
            ),
            now=NOON + timedelta(days=20),
        )


def test_all_readers_are_compared_on_the_contours_that_two_graded(any_study: Study) -> None:
    # R1 and R2 graded two brainstems both: no and minor each time.
    (everyone,) = [
        row
        for row in lines(export_of(any_study), "agreement")
        if (row["structure"], row["comparison"]) == ("all structures", "all readers")
    ]
    assert (everyone["contours"], everyone["grades"]) == (2, 6)
    assert everyone["exact"] == 0.0
    assert everyone["within_one"] == 1.0
    # The same two rows for each reader: kappa by scikit-learn.
    kappa = cohen_kappa_score([0, 0], [1, 1], weights="quadratic", labels=[0, 1, 2])
    assert everyone["kappa"] == pytest.approx(kappa)
    assert "these readers alone" in str(everyone["note"])


def test_pairs_biases_and_missing_repeats_have_their_rows(study: Study) -> None:
    rows = lines(export_of(study), "agreement")
    (pair,) = [row for row in rows if row["comparison"] == "two readers"]
    assert (pair["reader"], pair["other_reader"], pair["bias"]) == ("R1", "R2", 1.0)
    biases = {r["reader"]: r["bias"] for r in rows if r["comparison"] == "one against the others"}
    assert biases == {"R1": -1.0, "R2": 1.0}
    repeats = [row for row in rows if row["comparison"] == "own repeats"]
    assert {row["reader"] for row in repeats} == {"R1", "R2"}
    assert all(row["exact"] is None and "no repeats" in str(row["note"]) for row in repeats)


def test_repeats_are_compared_with_the_own_first_read_and_with_nothing_else(study: Study) -> None:
    before = [
        row for row in lines(export_of(study), "agreement") if row["comparison"] != "own repeats"
    ]
    with transaction(study.engine) as session:
        repeat_reads(session, ["no", "major", "major", "minor"])
    rows = lines(export_of(study), "agreement")
    assert [row for row in rows if row["comparison"] != "own repeats"] == before
    (own,) = [row for row in rows if row["comparison"] == "own repeats" and row["reader"] == "R1"]
    # First reads no, no, major, minor: three of four again, the mean rises by half a level.
    assert (own["contours"], own["exact"], own["bias"]) == (4, 0.75, 0.5)
    assert own["kappa"] == pytest.approx(
        cohen_kappa_score([0, 0, 2, 1], [0, 2, 2, 1], weights="quadratic")
    )


def test_certificates_have_every_structure_at_both_limits(study: Study) -> None:
    rows = lines(export_of(study), "certificates")
    structures = {row["structure"] for row in rows}
    assert len(rows) == 2 * len(structures)
    stem = {row["limit"]: row for row in rows if row["structure"] == "BrainStem"}
    patients, acceptable = stem[0.9]["patients"], stem[0.9]["acceptable"]
    summary = next(r for r in lines(export_of(study), "summary") if r["structure"] == "BrainStem")
    assert isinstance(patients, int)
    assert isinstance(acceptable, int)
    assert patients <= summary["cases"]  # type: ignore[operator]
    exact = binomtest(acceptable, patients, alternative="greater").proportion_ci(0.95).low
    assert stem[0.9]["lower_bound_fixed"] == pytest.approx(exact)
    assert stem[0.9]["released_alone"] is False
    assert 0 < stem[0.9]["e_value"] < 1  # type: ignore[operator]
    unread = [row for row in rows if row["patients"] == 0]
    assert unread
    assert all(row["e_value"] == 1.0 for row in unread)
    # From nothing, all acceptable: somewhat more than a fixed plan needs (29 and 59).
    left = {row["limit"]: row["patients_left"] for row in unread}
    assert left[0.9] > 29  # type: ignore[operator]
    assert left[0.95] > 59  # type: ignore[operator]


def test_two_cts_of_one_patient_count_once_in_a_certificate(study: Study) -> None:
    with transaction(study.engine) as session:
        cases = session.exec(select(Case)).all()
        for case in cases:
            case.patient = "P0"
    rows = lines(export_of(study), "certificates")
    stem = next(row for row in rows if row["structure"] == "BrainStem")
    assert (stem["patients"], stem["acceptable"]) == (1, 0)  # the worst of all is major


def test_patients_with_a_non_grade_only_are_also_counted_as_failures(study: Study) -> None:
    rows = lines(export_of(study), "certificates")
    (lens,) = [r for r in rows if r["structure"] == "LenR" and r["limit"] == 0.9]
    assert (lens["patients"], lens["not_graded"]) == (0, 1)
    assert lens["e_value_if_failures"] < lens["e_value"]  # type: ignore[operator]


def test_before_the_first_grade_both_sheets_are_empty(empty_study: Study) -> None:
    export = export_of(empty_study)
    assert export.rows["Agreement"] == export.rows["Certificates"] == 0

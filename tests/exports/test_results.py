"""What the results page counts in the database equals what the exports count from rows."""

from __future__ import annotations

import pytest

from han5k_review.exports import Export, build_export
from han5k_review.exports.columns import Cell
from han5k_review.review.results import (
    count_grades,
    count_pairs,
    count_patients,
    list_verdicts,
)
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import GradeLevel
from han5k_review.ui.results.certificates import Asked, build_certificates, list_patients
from han5k_review.ui.results.views import build_pairs
from tests.exports.conftest import LATER


def lines(export: Export, key: str) -> list[dict[str, Cell]]:
    table = export.get_table(key)
    return [dict(zip(table.names, row, strict=True)) for row in table.rows]


def test_grades_by_level_are_those_in_force(any_study: Study) -> None:
    with reading(any_study.engine) as session:
        counts = count_grades(session)
    assert counts["BrainStem"] == {GradeLevel.NO: 2, GradeLevel.MINOR: 3, GradeLevel.MAJOR: 1}
    assert counts["LenR"] == {GradeLevel.NOT_ASSESSABLE: 1}
    assert "ParotidL" not in counts  # withdrawn


def test_pairs_of_readers_are_those_of_the_sheet(any_study: Study) -> None:
    with reading(any_study.engine) as session:
        (pair,) = build_pairs(count_pairs(session))
    (row,) = [
        row
        for row in lines(build_export(any_study, export_id="E", now=LATER), "agreement")
        if row["comparison"] == "two readers"
    ]
    assert (pair.first, pair.second, pair.compared) == ("R1", "R2", row["contours"])
    assert pair.kappa.value == pytest.approx(row["kappa"])
    assert pair.bias.value == pytest.approx(row["bias"])


def test_certificates_are_those_of_the_sheet(any_study: Study) -> None:
    with reading(any_study.engine) as session:
        counts = count_patients(session)
    rows = lines(build_export(any_study, export_id="E", now=LATER), "certificates")
    wanted = {str(row["structure"]): row for row in rows if row["limit"] == 0.9}
    frame = build_certificates(list(wanted), counts, Asked(limit=0.9, error_rate=0.05)).set_index(
        "Structure"
    )
    for name, row in wanted.items():
        assert frame.loc[name, "Patients"] == row["patients"]
        assert frame.loc[name, "Acceptable"] == row["acceptable"]
        assert frame.loc[name, "E-value"] == pytest.approx(row["e_value"])
        assert frame.loc[name, "Released together"] == row["released_discovery"]
        assert frame.loc[name, "Patients left"] == row["patients_left"]


def test_a_patient_counts_once_with_the_worst_of_its_cases(any_study: Study) -> None:
    with reading(any_study.engine) as session:
        verdicts = list_verdicts(session, "BrainStem")
        counts = count_patients(session)["BrainStem"]
    assert [verdict.case for verdict in verdicts] == ["HN-003", "HN-004", "HN-001", "HN-002"]
    assert [verdict.level for verdict in verdicts] == [2, 1, 1, 1]
    patients = list_patients(verdicts)
    assert len(patients) == counts.patients == len({verdict.patient for verdict in verdicts})
    assert sum(verdict.level < 2 for verdict in patients) == counts.acceptable

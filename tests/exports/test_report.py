"""The report: its numbers are those of the CSV, and it needs nothing from outside."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score
from sqlmodel import select
from statsmodels.stats.proportion import proportion_confint

from han5k_review.errors import ConfigError
from han5k_review.exports import Selection, download_export, write_export
from han5k_review.exports.about_sheet import RESEARCH_USE
from han5k_review.exports.report import build_report
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume
from han5k_review.review.decisions.submitting import submit_revision
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study
from han5k_review.store.tables import Audit, Case, Reader
from tests.evaluation.phantom_study import GRID, ROOT, block
from tests.exports.conftest import LATER
from tests.exports.test_agreement import repeat_reads

BEGIN, END = "<!-- main table: begin -->\n```python\n", "```\n<!-- main table: end -->"
LEVELS = {"no": 0, "minor": 1, "major": 2}


def read_table(report: bytes, key: str) -> list[dict[str, str]]:
    """The lines of the table with this id, by its headings."""
    (found,) = re.findall(rf'<table id="{key}">.*?</table>', report.decode(), re.DOTALL)
    tree = ElementTree.fromstring(found)
    headings = ["".join(cell.itertext()) for cell in tree.findall("./thead/tr/th")]
    return [
        dict(zip(headings, ["".join(cell.itertext()) for cell in line.findall("td")], strict=True))
        for line in tree.findall("./tbody/tr")
    ]


def share(value: float) -> str:
    return f"{100 * value:.1f}\u00a0%"


def limits(low: float, high: float) -> str:
    return f"{100 * low:.1f} to {100 * high:.1f}\u00a0%"


@pytest.fixture
def read_study(study: Study) -> Study:
    """The graded study with repeats, two CTs of one patient, and one CT that can be drawn."""
    with transaction(study.engine) as session:
        repeat_reads(session, ["no", "major", "major"])
        cases = {case.name: case for case in session.exec(select(Case))}
        cases["HN-002"].patient = cases["HN-003"].patient
        ramp = np.arange(np.prod(GRID.shape), dtype=np.int16).reshape(GRID.shape) % 400
        volume = CtVolume(grid=GRID, hu=ramp.astype(np.int16))
        cases["HN-003"].image_sha256 = study.volumes.put_volume(volume)
    return study


def test_the_main_table_is_what_the_printed_python_makes_of_the_csv(
    read_study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_export(read_study, tmp_path / "grades.csv", actor="lead", now=LATER)
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec(text.split(BEGIN)[1].split(END)[0], names)
    printed: pd.DataFrame = names["table"]
    lines = {
        line["Structure"]: line
        for line in read_table(build_report(read_study), "share-table")
        if line["Patients"] != "0"
    }
    assert set(lines) == set(printed.index) == {"BrainStem"}
    for name, row in printed.iterrows():
        line = lines[str(name)]
        assert line["Patients"] == f"{row['patients']:.0f}"
        assert line["Acceptable"] == share(row["share"])
        assert line["Exact 95 %"] == limits(row["exact_low"], row["exact_high"])
        assert line["Wilson 95 %"] == limits(row["wilson_low"], row["wilson_high"])
    # By hand: P0 (minor), P2 (two CTs: minor, major), P3 (minor): two of three.
    assert (lines["BrainStem"]["Patients"], lines["BrainStem"]["Acceptable"]) == ("3", share(2 / 3))


def test_counts_and_agreement_equal_a_recomputation_from_the_csv(
    read_study: Study, tmp_path: Path
) -> None:
    write_export(read_study, tmp_path / "grades.csv", actor="lead", now=LATER)
    grades = pd.read_csv(tmp_path / "grades.csv")
    report = build_report(read_study)
    first = grades[grades["grade_use"] == "first read"]
    again = grades[grades["grade_use"] == "repeat"]
    for line in read_table(report, "reader-table"):
        own = first[first["reader"] == line["Reader"]]
        assert line["Grades that count"] == str(len(own))
        assert line["First reads"] == str(own["case"].nunique())
        repeats = again[again["reader"] == line["Reader"]]
        assert line["Repeats"] == str(repeats["case"].nunique())
    diagram = report.decode().split('class="flow"')[1].split("</svg>")[0]
    assert f">{first['case'].nunique()} cases, " in diagram
    assert f">{len(first)} grades that count<" in diagram

    known = first[first["grade_level"].isin(LEVELS)]
    wide = known.assign(level=known["grade_level"].map(LEVELS)).pivot(
        index=["case", "structure"], columns="reader", values="level"
    )
    both = wide.dropna()
    (pair,) = [
        line
        for line in read_table(report, "agreement-table")
        if line["Comparison"] == "two readers"
    ]
    kappa = cohen_kappa_score(both["R1"], both["R2"], weights="quadratic", labels=[0, 1, 2])
    assert pair["Contours"] == str(len(both))
    assert pair["Weighted kappa"].startswith(f"{kappa:.2f}")
    assert pair["Exact agreement"].startswith(f"{(both['R1'] == both['R2']).mean():.2f}")

    (source,) = read_table(report, "source-table")
    worst = known.assign(bad=known["grade_level"] == "major")
    by_patient = worst.groupby(["structure", "patient"])["bad"].max()
    passed, judged = int((~by_patient).sum()), len(by_patient)
    wilson = proportion_confint(passed, judged, method="wilson")
    assert (source["Acceptable"], source["Contours"]) == (str(passed), str(judged))
    assert source["Wilson 95 %"] == limits(*wilson)


def test_the_ai_is_compared_with_experts_who_drew_the_same_contour_anew(
    read_study: Study,
) -> None:
    assert "no contour was corrected by two readers or more" in build_report(read_study).decode()
    # The AI's block has six layers; Anna left one of them out, Ben another.
    with transaction(read_study.engine) as session:
        case = session.exec(select(Case).where(Case.name == "HN-003")).one()
        ben = session.exec(select(Reader).where(Reader.pseudonym == "R2")).one()
        dense = block(4).dense()
        dense[5] = False
        after = StructureMask.from_dense(dense, GRID)
        submit_revision(
            session,
            read_study.labels,
            case=case,
            structure="BrainStem",
            before=block(4),
            after=after,
            reader=ben,
            now=LATER,
        )
    (line,) = read_table(build_report(read_study), "expert-table")
    assert (line["Structure"], line["Patients"], line["Experts"]) == ("BrainStem", "1", "2")
    # 1 - 2 x 5 / (6 + 5) = 1 / 11, and 1 - 2 x 4 / (5 + 5) = 0.2.
    assert (line["AI to experts"], line["Expert to expert"]) == ("0.091", "0.200")
    assert line["Difference"] == "-0.109"
    assert line["Inside their spread"] == "cannot be told"  # one patient has no interval


def test_days_between_a_read_and_its_repeat_are_told(read_study: Study) -> None:
    by_reader = {
        line["Reader"]: line for line in read_table(build_report(read_study), "reader-table")
    }
    # Anna's last grades of HN-001, HN-002 and HN-003: minutes 7, 1 and 3 of the day; 20 days on.
    assert by_reader["R1"]["Days between, median (range)"] == "20.0 (20.0 to 20.0)"
    assert by_reader["R2"]["Days between, median (range)"] == "-"


def test_equal_states_give_equal_bytes_and_nothing_comes_from_outside(read_study: Study) -> None:
    report = build_report(read_study)
    download_export(read_study, ".html", actor="lead", now=LATER)  # leaves an audit row
    assert build_report(read_study) == report
    text = report.decode()
    assert text.count(RESEARCH_USE) == 2
    assert "<script" not in text
    assert not re.findall(r"(?:src|href)=\"(?!#|data:)[^\"]*\"|url\((?!#)|@import", text)
    assert "anna.login" not in text


def test_the_worst_contours_are_shown_with_what_readers_said(read_study: Study) -> None:
    gallery = build_report(read_study).decode().split('<section id="failures">')[1]
    gallery = gallery.split("</section>")[0]
    (figure,) = re.findall(r"<figure>.*?</figure>", gallery, re.DOTALL)
    assert "HN-003, refused by 1 reader (R1)" in figure
    assert figure.count("data:image/png;base64,") == 1
    assert figure.count("<path") == 2  # the contour, and Anna's correction


def test_a_comment_never_becomes_markup(read_study: Study) -> None:
    with reading(read_study.engine) as session:
        before = build_report(read_study)
        assert session.exec(select(Case)).first() is not None
    assert b"=HYPERLINK" not in before  # a comment on a contour that nobody refused
    with transaction(read_study.engine) as session:
        case = session.exec(select(Case).where(Case.name == "HN-003")).one()
        case.name = "<img src=x onerror=alert(1)>"
    text = build_report(read_study).decode()
    assert "<img" not in text
    assert "&lt;img src=x" in text


def test_an_empty_study_says_what_is_not_measured(empty_study: Study) -> None:
    report = build_report(empty_study)
    outcomes = {line["Outcome"]: line["Result"] for line in read_table(report, "outcome-table")}
    assert len(outcomes) == 5
    assert all(result.startswith("not measured") for result in outcomes.values())
    answered = [line for line in read_table(report, "checklist-table") if line["Answered"] == "yes"]
    assert {line["Section"] for line in answered} <= {
        "case flow",
        "methods",
        "readers",
        "missing",
        "versions",
    }


def test_the_checklist_says_where_the_report_answers_each_item(
    read_study: Study, tmp_path: Path
) -> None:
    out = tmp_path / "checklist.csv"
    write_export(read_study, out, actor="lead", now=LATER, what=Selection.CHECKLIST)
    frame = pd.read_csv(out, dtype={"item": str})
    assert frame.groupby("guideline").size().loc[["CLAIM 2024", "GRRAS"]].tolist() == [44, 15]
    report = build_report(read_study).decode()
    for section in frame["section"].dropna():
        assert f'<section id="{section}">' in report
    size = frame[(frame["guideline"] == "GRRAS") & (frame["item"] == "6")].iloc[0]
    assert not size["answered"]
    assert size["note"] == "the study has not a protocol"
    repeats = frame[frame["words"] == "variability within annotators"].iloc[0]
    assert (repeats["answered"], repeats["section"]) == (True, "agreement")


def test_the_report_is_a_page_and_leaves_an_audit_row(study: Study, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    report = write_export(
        study, out, actor="lead", now=LATER, export_id="E-9", what=Selection.REPORT
    )
    assert report.paths == (out,)
    assert out.read_bytes() == build_report(study)
    with reading(study.engine) as session:
        (audit,) = session.exec(select(Audit).where(Audit.action == "export")).all()
    assert (audit.subject, audit.detail["export_id"]) == ("report.html", "E-9")
    with pytest.raises(ConfigError, match=r"\.html was expected for the report"):
        write_export(study, tmp_path / "r.xlsx", actor="lead", now=LATER, what=Selection.REPORT)
    with pytest.raises(ConfigError, match="was expected for the export"):
        write_export(study, out, actor="lead", now=LATER)

"""A small blinded study from its protocol to its numbers: the export says what its own CSV gives.

Three readers, two reads a case, repeats, planted errors, a calibration case with feedback,
adjudication, signatures. What a person does once is done in the browser, the rest by the services.
"""

from __future__ import annotations

import io
import re
import uuid
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, expect
from scipy.stats import binomtest
from sqlmodel import Session, col, select

from han5k_review.accounts.readers import add_reader, get_reader
from han5k_review.exports.csv_files import build_csv_archive
from han5k_review.exports.frames import build_export
from han5k_review.exports.report import build_report
from han5k_review.imaging.volume import CtVolume
from han5k_review.importing.made_cases import MadeCase, store_case
from han5k_review.importing.study import create_study
from han5k_review.protocol.adjudicating import ConsensusRequest, submit_consensus
from han5k_review.protocol.due_contours import list_due
from han5k_review.protocol.presets import build_preset
from han5k_review.protocol.reads import ReadWish, assign_reads, plan_reads
from han5k_review.protocol.record import Change, read_facts, set_protocol
from han5k_review.review.grading import GradeRequest, list_current_grades, submit_grade
from han5k_review.review.labels import list_shown
from han5k_review.review.signing import sign_read
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, Reader
from han5k_review.store.vocabulary import (
    AdjudicationRule,
    CertificateKind,
    LabelSource,
    Preset,
    Role,
    Split,
)
from han5k_review.study import get_study_info, read_study_scale
from rigs.seeing import press_grade, sign_in
from rigs.server import running_server
from tests.browser.desk import PASSWORD
from tests.browser.small_study import GRID, STRUCTURES, box
from tests.exports.test_report import read_table

SLOW = 30_000
READERS = ("anna", "ben", "carla")
CODES = ("no", "minor", "major")
SEVERITY = {code: place for place, code in enumerate(CODES)}


def build(root: Path) -> Study:
    """Three cases to read and one to learn from, whose reference is two slices longer."""
    study = create_study(root, "A reader study", now_utc=utc_now())
    for number in (1, 2, 3, 4):
        hu = np.random.default_rng(number).integers(-40, 80, GRID.shape).astype(np.int16)
        case = MadeCase(
            name=f"HN-{number:03}",
            patient=f"P{number:03}",
            split=Split.TRAIN,
            volume=CtVolume(grid=GRID, hu=hu),
            pseudo={name: box(name) for name in STRUCTURES},  # type: ignore[misc]
            reference={name: box(name, 2) for name in STRUCTURES},  # type: ignore[misc]
            origin="test",
        )
        store_case(study, case, actor="test", now=utc_now())
    people = (*((name, Role.READER) for name in READERS), ("ada", Role.ADJUDICATOR))
    with transaction(study.engine) as session:
        for name, role in (*people, ("lead", Role.LEAD)):
            add_reader(
                session, name=name, password=PASSWORD, role=role, actor="lead", now=utc_now()
            )
        facts = read_facts(session, study)
        protocol = replace(
            build_preset(Preset.TWO_READS, facts),
            structures=STRUCTURES,
            calibration_cases=("HN-004",),
            planted_share=0.2,
            repeat_share=0.34,
            adjudication=AdjudicationRule.ONE_LEVEL,
            certificate=CertificateKind.SEQUENTIAL,
            limit=0.8,
            error_rate=0.1,
        )
        set_protocol(session, protocol, facts, change=Change(actor="lead", now=utc_now()))
        wish = ReadWish(reader_ids=tuple(stored_id(get_reader(session, n)) for n in READERS))
        plan = plan_reads(session, wish)
        assign_reads(session, study, wish, seen=plan, actor="lead", now=utc_now())
    return study


def read_rest(study: Study) -> None:
    """Every read that is not complete: planted errors are found by anna alone; all are signed."""
    rng = np.random.default_rng(7)
    with transaction(study.engine) as session:
        scale = read_study_scale(study, get_study_info(session))
        rows = session.exec(
            select(Assignment, Reader)
            .join(Reader, col(Reader.id) == col(Assignment.reader_id))
            .order_by(col(Assignment.id))
        ).all()
        for row, reader in rows:
            given = list_current_grades(session, stored_id(row))
            for structure, label in list_shown(session, row).items():
                drawn = CODES[int(rng.integers(0, 3))]
                if label.source is LabelSource.PLANTED:
                    drawn = "major" if reader.name == "anna" else "no"
                if structure in given:
                    continue
                request = GradeRequest(
                    request_id=uuid.uuid4().hex,
                    structure=structure,
                    label_version_id=stored_id(label),
                    code=drawn,
                )
                submit_grade(
                    session,
                    assignment_id=stored_id(row),
                    reader=reader,
                    scale=scale,
                    request=request,
                    now=utc_now(),
                )
            sign_read(session, assignment_id=stored_id(row), reader=reader, now=utc_now())


def train_and_read(page: Page, url: str) -> None:
    """Anna learns on the calibration case, then reads a case blind and signs it by key."""
    sign_in(page, url, "anna", PASSWORD)
    page.get_by_role("button", name=re.compile("Start")).click(timeout=SLOW)
    name, feedback = page.get_by_test_id("case"), page.get_by_test_id("feedback")
    expect(name).to_be_visible(timeout=SLOW)
    first = name.text_content() or ""
    for _ in STRUCTURES:
        press_grade(page, "1")
        # Boxes of 8 and 10 slices: Dice 16 / 18.
        expect(feedback).to_contain_text("differs: Dice 0.89, HD95")
    expect(page.get_by_test_id("question-words")).to_contain_text("are graded and saved")
    page.get_by_test_id("answer-next").click()
    expect(name).not_to_have_text(first, timeout=SLOW)
    for _ in STRUCTURES:
        press_grade(page, "1")
        expect(feedback).to_be_hidden()
    expect(page.get_by_test_id("question-words")).to_contain_text("are graded and saved")
    expect(feedback).to_be_hidden()
    page.get_by_test_id("answer-stay").click()
    page.keyboard.press("Control+s")
    expect(page.get_by_test_id("question-words")).to_contain_text("mine and final")
    second = name.text_content() or ""
    page.get_by_test_id("answer-sign").click()
    expect(name).not_to_have_text(second, timeout=SLOW)


def adjudicate(page: Page, url: str, pictures: Path) -> None:
    """Ada gives one consensus grade on the page."""
    sign_in(page, url, "ada", PASSWORD)
    expect(page.get_by_text("for a consensus grade").first).to_be_visible(timeout=SLOW)
    expect(page.locator(".js-plotly-plot")).to_be_visible(timeout=SLOW)
    page.screenshot(path=pictures / "adjudicate-grades.png", full_page=True)
    page.get_by_text("Minor revision", exact=True).last.click()
    page.get_by_role("button", name="Give this grade").click()
    expect(page.get_by_text(re.compile(r"HN-00\d, \w+: .*Minor revision"))).to_be_visible(
        timeout=SLOW
    )


def adjudicate_rest(session: Session, study: Study) -> None:
    scale = read_study_scale(study, get_study_info(session))
    ada = get_reader(session, "ada")
    for place, one in enumerate(list_due(session)):
        request = ConsensusRequest(
            label_version_id=one.label_version_id,
            last_grade_id=one.last_grade_id,
            code=CODES[place % 3],
        )
        submit_consensus(session, request, adjudicator=ada, scale=scale, now=utc_now())


def read_csv_files(study: Study) -> dict[str, pd.DataFrame]:
    archive = build_csv_archive(build_export(study, export_id="E", now=utc_now()))
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        return {
            name.removesuffix(".csv"): pd.read_csv(io.BytesIO(files.read(name)))
            for name in files.namelist()
        }


def recompute_and_compare(sheets: dict[str, pd.DataFrame]) -> None:
    """From the sheet Grades and the sheet Adjudication alone, by pandas."""
    grades, decided = sheets["grades"], sheets["adjudication"]
    first = grades[grades["grade_use"] == "first read"]
    spread = first.groupby(["mask_sha256", "case", "structure"])["grade_level"].nunique()
    apart = spread[spread > 1].reset_index()
    assert len(apart) == len(decided) > 0
    assert decided["stands"].all()
    key = ["case", "structure"]
    levels = decided.set_index(key)["level"]
    worst = first.assign(place=first["grade_level"].map(SEVERITY)).groupby(key)["place"].max()
    for place, level in levels.items():
        worst[place] = SEVERITY[level]
    summary = sheets["summary"].set_index("structure")
    certificates = sheets["certificates"]
    own = certificates[certificates["limit"] == 0.8].set_index("structure")
    assert set(own["protocol_certificate"]) == {"sequential"}
    assert set(certificates["error_rate"]) == {0.1}
    for structure in STRUCTURES:
        places = worst.xs(structure, level="structure")
        counts = [int((places == n).sum()) for n in range(3)]
        found = summary.loc[structure, ["no_revision", "minor_revision", "major_revision"]]
        assert found.tolist() == counts
        acceptable = counts[0] + counts[1]
        assert own.loc[structure, ["patients", "acceptable"]].tolist() == [
            sum(counts),
            acceptable,
        ]
        exact = binomtest(acceptable, sum(counts), alternative="greater")
        low = exact.proportion_ci(confidence_level=0.9, method="exact").low
        assert own.loc[structure, "lower_bound_fixed"] == pytest.approx(low)
        assert own.loc[structure, "released_protocol"] == False  # noqa: E712  (three patients)
    planted = grades[grades["is_planted"] & ~grades["is_repeat"]]
    readers = sheets["readers"].set_index("reader")
    for reader, rows in planted.groupby("reader"):
        found_count = int(rows["grade_level"].isin(["major", "absent"]).sum())
        counted = readers.loc[reader, ["planted_errors", "planted_found"]].tolist()
        assert counted == [len(rows), found_count]
    assert len(planted) >= 3
    assert (grades["grade_use"] == "repeat").any()
    assert (grades["grade_use"] == "calibration").sum() == 3 * len(STRUCTURES)


def compare_report(report: bytes, sheets: dict[str, pd.DataFrame]) -> None:
    """The report's tables and its case flow against the CSV."""
    grades, decided = sheets["grades"], sheets["adjudication"]
    first = grades[grades["grade_use"] == "first read"]
    summary = sheets["summary"].set_index("structure")
    lines = {line["Structure"]: line for line in read_table(report, "share-table")}
    assert set(lines) == set(STRUCTURES)
    for name, line in lines.items():
        found = summary.loc[name, ["no_revision", "minor_revision", "major_revision"]].tolist()
        assert [int(line[level]) for level in ("No", "Minor", "Major")] == found
        exact = binomtest(found[0] + found[1], sum(found)).proportion_ci(method="exact")
        assert line["Exact 95 %"].startswith(f"{100 * exact.low:.1f} to {100 * exact.high:.1f}")
    for line in read_table(report, "reader-table"):
        own = grades[grades["reader"] == line["Reader"]]
        counts = own["grade_use"].value_counts()
        assert line["Grades that count"] == str(counts["first read"])
        planted = own[own["is_planted"] & ~own["is_repeat"]]
        hits = planted["grade_level"].isin(["major", "absent"]).sum()
        assert line["Planted errors found"] == f"{hits} of {len(planted)}"
        assert line["Signed"] == line["First reads"]
    flow = report.decode().split('class="flow"')[1].split("</svg>")[0]
    cases, consensus = decided["case"].nunique(), len(decided)
    assert f">{cases} case{'s' * (cases > 1)} with a decision,<" in flow
    assert f"consensus ({consensus} grade{'s' * (consensus > 1)})<" in flow
    assert f">{len(first)} grades that count<" in flow


@pytest.mark.browser
def test_a_small_blinded_study_gives_the_numbers_that_its_own_csv_gives(
    chromium: Browser, tmp_path: Path, pictures: Path
) -> None:
    study = build(tmp_path / "study")
    with running_server(tmp_path / "study", tmp_path / "web.log") as server:
        with chromium.new_context() as context:
            train_and_read(context.new_page(), server.url)
        read_rest(study)
        with reading(study.engine) as session:
            due = len(list_due(session))
        with chromium.new_context(viewport={"width": 1440, "height": 900}) as context:
            adjudicate(context.new_page(), server.url, pictures)
        with transaction(study.engine) as session:
            assert len(list_due(session)) == due - 1
            adjudicate_rest(session, study)
    sheets = read_csv_files(study)
    recompute_and_compare(sheets)
    compare_report(build_report(study), sheets)
    study.engine.dispose()

"""The whole main job on real CTs: import, grade in a browser, evaluate, export, retrain."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page, Response, expect
from sqlmodel import select

from han5k_review.review.grading import list_current_grades
from han5k_review.store.engine import reading
from han5k_review.store.identity import stored_id
from han5k_review.store.run_tables import RetrainRun, RunScore
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, Case, Grade, LabelVersion, ModelVersion
from han5k_review.store.vocabulary import LabelSource, RunState
from rigs.seeing import look, sign_in
from rigs.server import running_server
from tests.browser.desk import PASSWORD, Desk
from tests.browser.openkbp_study import HELD_OUT, ORGANS, TRAIN, dice_of

MINUTES = 60_000
# Enough to see the loop; the preset has more.
ASKED = {"epochs": ("Epochs", "2"), "iterations_per_epoch": ("Training steps per epoch", "4")}
# What the reader presses for each structure: the spoiled ones are not "no revision".
KEYS = {"ParotidL": "3", "BrainStem": "2", "Larynx": "2"}
CODES = {"1": "no", "2": "minor", "3": "major"}


def is_grade(answer: Response) -> bool:
    """The answer to a grade; the page reads the grades of a case at the same address."""
    return answer.url.endswith("/grades") and answer.request.method == "POST"


def grade_every_case(page: Page, url: str, pictures: Path) -> None:
    sign_in(page, url, "anna", PASSWORD)
    page.get_by_role("button", name=re.compile("Start KBP-")).click()
    for position, number in enumerate(TRAIN):
        expect(page.get_by_test_id("case")).to_have_text(f"KBP-{number}", timeout=MINUTES)
        workspace = page.get_by_test_id("workspace")
        expect(workspace).to_have_attribute("data-loaded", re.compile("."), timeout=MINUTES)
        for graded in range(len(ORGANS)):
            chosen = page.locator("[data-testid=structure][aria-selected=true]")
            name = chosen.get_attribute("data-structure") or ""
            look(page)
            with page.expect_response(is_grade) as answer:
                page.keyboard.press(KEYS.get(name, "1"))
            assert answer.value.status == 201
            expect(page.get_by_test_id("progress")).to_contain_text(f"{graded + 1}")
            expect(page.get_by_test_id("save-state")).to_have_text(re.compile(r"^saved \d\d:"))
        page.screenshot(path=pictures / f"graded-{number}.png")
        if position + 1 < len(TRAIN):
            page.get_by_test_id("next-case").click()


def stored_codes(study: Study, number: str) -> dict[str, str | None]:
    with reading(study.engine) as session:
        case = session.exec(select(Case).where(Case.name == f"KBP-{number}")).one()
        task = session.exec(select(Assignment).where(Assignment.case_id == case.id)).one()
        grades = list_current_grades(session, stored_id(task))
        return {name: grade.raw_code for name, grade in grades.items()}


def sheet_rows(path: Path, sheet: str) -> list[dict[str, object]]:
    rows = list(openpyxl.load_workbook(path, read_only=True)[sheet].iter_rows(values_only=True))
    return [dict(zip((str(c) for c in rows[0]), row, strict=True)) for row in rows[1:]]


@pytest.mark.browser
@pytest.mark.training
@pytest.mark.timeout(900)  # it shares the machine with the other tests, its training too
def test_a_real_case_goes_from_import_to_a_retrained_model(
    desk: Desk, screen: Page, shared_data: Path, pictures: Path
) -> None:
    with running_server(desk.study, desk.root / "web.log") as server:
        grade_every_case(screen, server.url, pictures)
        study = desk.open_study()
        for number in TRAIN:
            wanted = {name: CODES[KEYS.get(name, "1")] for name in ORGANS.values()}
            assert stored_codes(study, number) == wanted
        evaluate_and_export(desk, shared_data)
        retrain(desk, screen, server.url, pictures)
        study.engine.dispose()


def evaluate_and_export(desk: Desk, shared_data: Path) -> None:
    pairs = len(ORGANS) * (len(TRAIN) + len(HELD_OUT))
    assert f"{pairs} measured" in desk.han5k("evaluate")
    assert f"{pairs} stored before" in desk.han5k("evaluate")
    out = desk.root / "grades.xlsx"
    desk.han5k("export", "--out", str(out))
    grades = sheet_rows(out, "Grades")
    assert len(grades) == len(ORGANS) * len(TRAIN)
    metrics = {(r["Case"], r["Structure"]): r for r in sheet_rows(out, "Metrics")}
    for number in (*TRAIN, *HELD_OUT):
        for value, name in ORGANS.items():
            reported = metrics[f"KBP-{number}", name]["Dice"]
            expected = dice_of(shared_data, desk.root / "input", number, value)
            assert reported == pytest.approx(expected, abs=1e-9)


@contextmanager
def worker_at_work(desk: Desk) -> Iterator[subprocess.Popen[bytes]]:
    """`han5k worker --once`; ends with the block, however that goes."""
    with (desk.root / "worker.log").open("ab") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "han5k_review.cli", "worker", "--once", "--study", desk.study],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield worker
        assert worker.wait(timeout=60) == 0, (desk.root / "worker.log").read_text()
    finally:
        worker.terminate()
        worker.wait()


def retrain(desk: Desk, page: Page, url: str, pictures: Path) -> None:
    page.context.clear_cookies()
    sign_in(page, url, "lead", PASSWORD)
    finished = page.locator("[data-testid=stApp][data-test-script-state=notRunning]")
    page.get_by_role("link", name="Retraining").click()
    page.get_by_text("Change settings", exact=True).click()
    for label, value in ASKED.values():
        field = page.get_by_role("spinbutton", name=label, exact=True)
        field.fill(value)
        field.press("Enter")
        finished.wait_for()
    page.get_by_role("button", name="Start a smoke run").click()
    expect(page.get_by_role("heading", name="queued")).to_be_visible(timeout=MINUTES)
    with worker_at_work(desk):
        waiting = page.get_by_role("heading", name="awaiting approval")
        expect(waiting).to_be_visible(timeout=10 * MINUTES)
        page.screenshot(path=pictures / "retraining.png", full_page=True)
    study = desk.open_study()
    with reading(study.engine) as session:
        run = session.exec(select(RetrainRun)).one()
        assert run.state is RunState.AWAITING_APPROVAL, run.error
        for name, (_, value) in ASKED.items():
            assert str(run.settings[name]) == value
        model = session.get(ModelVersion, run.result_model_id)
        assert model is not None
        scores = session.exec(select(RunScore)).all()
        assert {score.arm.value for score in scores} == {"parent", "candidate"}
        assert {score.structure for score in scores} <= set(ORGANS.values())
        assert len(session.exec(select(Grade)).all()) == len(ORGANS) * len(TRAIN)
    approve(page)
    predict(desk, page, list(model.labels), pictures)
    with reading(study.engine) as session:
        query = select(LabelVersion).where(LabelVersion.source == LabelSource.PREDICTION)
        assert all(row.voxels for row in session.exec(query)), "an empty one is never kept"
    study.engine.dispose()


def approve(page: Page) -> None:
    page.get_by_label("Reason").first.fill("the loop works")
    despite = page.get_by_text("Promote although the gate")
    if despite.count():  # asked only where a structure failed
        despite.click()
    page.get_by_role("button", name="Promote", exact=True).click()
    expect(page.get_by_role("heading", name="promoted")).to_be_visible(timeout=MINUTES)


def predict(desk: Desk, page: Page, structures: list[str], pictures: Path) -> None:
    """Predict one case, read what would change, and begin the round if there is one to begin.

    A model of seconds may predict nothing at all: then no contour comes under review.
    """
    case = f"KBP-{HELD_OUT[0]}"
    choose(page, "Cases to predict", [case])
    choose(page, "Structures to predict", structures)  # the gate passed none of so little training
    page.get_by_role("button", name="Predict 1 case with").click()
    expect(page.get_by_text("waits for the worker")).to_be_visible(timeout=MINUTES)
    with worker_at_work(desk):
        told = page.get_by_text(re.compile(r"\d contours? would come under review"))
        expect(told).to_be_visible(timeout=5 * MINUTES)
    page.screenshot(path=pictures / "prediction.png", full_page=True)
    count = int((re.search(r"(\d+) contours? would", told.inner_text()) or [0, 0])[1])
    if count:
        page.get_by_role("button", name=re.compile(f"Put {count} contours? under review")).click()
        expect(page.get_by_role("link", name=f"Open {case}")).to_be_visible(timeout=MINUTES)
    page.goto(f"{page.url.split('/retraining')[0]}/review?case={case}")
    expect(page.get_by_test_id("case")).to_have_text(case, timeout=MINUTES)
    workspace = page.get_by_test_id("workspace")
    expect(workspace).to_have_attribute("data-loaded", re.compile("."), timeout=MINUTES)
    # with a new round, the pseudo-label that was there is now an earlier version
    earlier = page.get_by_role("button", name="Earlier version")
    expect(earlier).to_have_count(1 if count else 0)
    page.screenshot(path=pictures / "prediction-in-the-viewer.png")


def choose(page: Page, label: str, names: list[str]) -> None:
    """Choose in a list of many, which begins empty."""
    chooser = page.get_by_role("combobox", name=label)
    for name in names:
        chooser.fill(name)
        chooser.press("Enter")
    chooser.press("Escape")

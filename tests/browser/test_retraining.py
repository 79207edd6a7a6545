"""The Retraining page in a browser: who works, what a prediction changes, and the ways back."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from han5k_review.accounts.readers import add_reader
from han5k_review.retraining.jobs.device_claims import make_worker_name
from han5k_review.retraining.jobs.worker_sign import WorkerSign
from han5k_review.retraining.runs.run_jobs import RunJobs
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.study import Study
from han5k_review.store.tables import StudyInfo
from han5k_review.store.vocabulary import Role
from rigs.phantom_study import CATALOGUE, build_study, queue_run
from rigs.seeing import let_in
from rigs.server import running_server
from tests.browser.conftest import ROOT
from tests.browser.desk import PASSWORD
from tests.retraining.predicted_study import CASE, add_model, add_run, predict_three, under_review

SLOW = 60_000
# Nothing moves below the pointer while it opens.
OPENS_AT_ONCE = """(details) => {
  details.querySelector("summary").click();
  return new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(() =>
    seen(details.open && details.scrollHeight <= details.clientHeight))));
}"""


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Five heads with a model in use, and a lead."""
    study = build_study(tmp_path / "study")
    for name in ("scales.csv", "windows.csv"):
        (study.tables / name).write_bytes((ROOT / "data" / name).read_bytes())
    add_model(study)
    with transaction(study.engine) as session:
        if session.get(StudyInfo, 1) is None:
            session.add(StudyInfo(name="phantom", protocol_version="1", scale="han5k-3"))
        add_reader(
            session, name="lead", password=PASSWORD, role=Role.LEAD, actor="test", now=utc_now()
        )
    return study


@pytest.mark.browser
def test_a_prediction_says_what_it_changes_waits_and_can_be_withdrawn(
    study: Study, screen: Page, tmp_path: Path
) -> None:
    before = under_review(study)
    predict_three(study)
    with running_server(study.root, tmp_path / "web.log") as server:
        let_in(screen, server.url, "lead", PASSWORD)
        screen.goto(f"{server.url}/retraining")
        waits = screen.get_by_text("Prediction 1 waits for you: 1 case.")
        expect(waits).to_be_visible(timeout=SLOW)
        told = screen.get_by_text("1 contour came out empty and is left out: BrainStem.")
        expect(told).to_be_visible()
        assert under_review(study) == before
        screen.get_by_role("button", name="Put 2 contours under review").click()
        done = screen.get_by_text("Prediction 1: 2 contours in 1 case under review.")
        expect(done).to_be_visible(timeout=SLOW)
        expect(screen.get_by_role("link", name=f"Open {CASE}")).to_be_visible()
        assert under_review(study)["ParotidL"] != before["ParotidL"]
        expander = screen.locator("details", has_text="Withdraw a prediction")
        assert expander.evaluate(OPENS_AT_ONCE)
        withdraw = screen.get_by_role("button", name="Withdraw prediction 1")
        withdraw.click()
        expect(screen.get_by_text("Please give a reason")).to_be_visible(timeout=SLOW)
        reason = screen.get_by_placeholder("why the contours go back")
        reason.fill("far too small")
        reason.press("Enter")
        withdraw.press("Enter")
        expect(screen.get_by_text("Prediction 1 is withdrawn.")).to_be_visible(timeout=SLOW)
        assert under_review(study) == before


def declare(screen: Page) -> None:
    """Whom the imported model learned from: refused with commas, then what follows is said."""
    screen.get_by_text("Who taught from elsewhere", exact=True).click()
    unknown = screen.get_by_text("Not declared: whether it learned").first
    expect(unknown).to_be_visible(timeout=SLOW)
    field = screen.get_by_role("textbox", name="Pseudonyms as in this study")
    field.fill("P4, P9")
    screen.get_by_role("button", name="Declare", exact=True).click()
    odd = screen.get_by_text("One pseudonym a line was expected, found: P4, P9.")
    expect(odd).to_be_visible(timeout=SLOW)
    field.fill("P4\nP9")
    screen.get_by_role("button", name="Declare", exact=True).click()
    told = "2 patients declared; in this study 0 in training, and held out: P4, who judge no run"
    expect(screen.get_by_text(told).first).to_be_visible(timeout=SLOW)
    expect(odd).to_have_count(0)


@pytest.mark.browser
def test_the_form_names_groups_and_settings_and_the_first_model_can_leave(
    study: Study, screen: Page, tmp_path: Path
) -> None:
    with running_server(study.root, tmp_path / "web.log") as server:
        let_in(screen, server.url, "lead", PASSWORD)
        screen.goto(f"{server.url}/retraining")
        fullest = "2: 26 structures, 6 trusted contours (EyeL, EyeR, LenL, ...)"
        expect(screen.get_by_role("combobox", name="Label group")).to_have_value(
            fullest, timeout=SLOW
        )
        expect(screen.get_by_role("combobox", name="Continue from")).to_have_value(
            "from elsewhere (in use)", timeout=SLOW
        )
        expect(screen.get_by_text("Also train on reference contours").first).to_be_visible()
        drawn = screen.get_by_test_id("stGraphVizChart").locator("svg")
        expect(drawn).to_contain_text("from elsewhere", timeout=SLOW)
        screen.get_by_text("Change settings", exact=True).click()
        for title in ("Working spacing (mm)", "Memory target (GB)", "Seed"):
            field = screen.get_by_role("spinbutton", name=title, exact=True)
            expect(field).to_be_visible(timeout=SLOW)
        screen.get_by_role("spinbutton", name="Epochs", exact=True).fill("3")
        screen.get_by_role("spinbutton", name="Epochs", exact=True).press("Enter")
        expect(screen.get_by_text("Changed: Epochs 3 (preset:")).to_be_visible(timeout=SLOW)
        declare(screen)
        screen.get_by_text("Take from elsewhere out of use").first.click()
        screen.get_by_label("Reason").fill("predicts nothing")
        screen.get_by_label("Reason").press("Enter")
        screen.get_by_role("button", name="Take from elsewhere out of use").press("Enter")
        back = screen.get_by_text("Put from elsewhere in use")
        expect(back.first).to_be_visible(timeout=SLOW)
        expect(screen.get_by_text("Structures to predict")).to_have_count(0, timeout=SLOW)


@pytest.mark.browser
def test_list_and_heading_agree_and_a_missing_worker_is_said(
    study: Study, screen: Page, tmp_path: Path
) -> None:
    queue_run(study)
    worker = make_worker_name()
    with running_server(study.root, tmp_path / "web.log") as server:
        let_in(screen, server.url, "lead", PASSWORD)
        screen.goto(f"{server.url}/retraining")
        expect(screen.get_by_role("heading", name="Run 1: queued")).to_be_visible(timeout=SLOW)
        missing = screen.get_by_text("No worker runs for cpu. 1 job waits for one.")
        expect(missing).to_be_visible(timeout=SLOW)
        cells = screen.locator("[data-testid=row] td")
        expect(cells.filter(has_text="queued")).to_have_count(1, timeout=SLOW)
        WorkerSign(study=study, device="cpu", worker=worker).show(utc_now())
        jobs = RunJobs(
            study=study, catalogue=CATALOGUE, look_at_machine=lambda: None, worker=worker
        )
        assert jobs.claim() == 1
        working = screen.get_by_role("heading", name="Run 1: preparing")
        expect(working).to_be_visible(timeout=SLOW)
        expect(cells.filter(has_text="preparing")).to_have_count(1, timeout=SLOW)
        expect(cells.filter(has_text="queued")).to_have_count(0, timeout=SLOW)
        expect(missing).to_have_count(0, timeout=SLOW)


@pytest.mark.browser
def test_promoting_despite_the_gate_is_asked_only_where_it_failed(
    study: Study, screen: Page, tmp_path: Path
) -> None:
    with transaction(study.engine) as session:
        passed = add_run(session, {"ParotidL": (0.8, 0.9)}).run_id
        failed = add_run(session, {"ParotidL": (0.8, 0.9), "BrainStem": (0.8, 0.5)}).run_id
    despite = screen.get_by_text("Promote although the gate")
    with running_server(study.root, tmp_path / "web.log") as server:
        let_in(screen, server.url, "lead", PASSWORD)
        screen.goto(f"{server.url}/retraining?run={passed}")
        promote = screen.get_by_role("button", name="Promote", exact=True)
        expect(promote).to_be_visible(timeout=SLOW)
        expect(despite).to_have_count(0)
        screen.goto(f"{server.url}/retraining?run={failed}")
        expect(despite).to_have_text(
            "Promote although the gate finds worse: BrainStem (not predicted unless named)",
            timeout=SLOW,
        )

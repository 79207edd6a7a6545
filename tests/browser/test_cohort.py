"""The cohort page in a real browser: measure without waiting, find it again, look, download."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from han5k_review.accounts.readers import add_reader
from han5k_review.evaluation import plan_evaluation
from han5k_review.store.engine import reading, transaction
from han5k_review.store.vocabulary import Role
from rigs.seeing import let_in
from rigs.server import Server, running_server
from rigs.studies import add_identity
from tests.evaluation.phantom_study import CATALOGUE, build_study

PASSWORD = "a long enough password"
DEADLINE = 60_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The phantom study, one pair of it damaged, with a lead and an adjudicator."""
    folder = tmp_path_factory.mktemp("cohort")
    study = build_study(folder / "study")
    add_identity(study)
    with transaction(study.engine) as session:
        for name, role in (("lead", Role.LEAD), ("judge", Role.ADJUDICATOR)):
            add_reader(
                session,
                name=name,
                password=PASSWORD,
                role=role,
                actor="test",
                now=datetime(2026, 1, 1, tzinfo=UTC),
            )
    with reading(study.engine) as session:
        plan = plan_evaluation(session, CATALOGUE)
    damaged = plan.pairs[-1]  # the brain stem of the last case
    study.labels.path(damaged.prediction.mask_sha256).write_bytes(b"damaged")
    study.engine.dispose()
    with running_server(study.root, folder / "server.log") as running:
        yield running


@pytest.mark.browser
def test_a_cohort_is_measured_found_again_looked_at_and_downloaded(
    server: Server, screen: Page, chromium: Browser, pictures: Path, tmp_path: Path
) -> None:
    let_in(screen, server.url, "lead", PASSWORD)
    screen.goto(f"{server.url}/cohort")
    expect(screen.get_by_text("0 of 12 pairs measured")).to_be_visible(timeout=DEADLINE)
    expect(screen.get_by_text("No number yet")).to_be_visible()
    screen.get_by_role("button", name="Measure 12 pairs").click()
    expect(screen.get_by_text("11 of 12 pairs measured, 1 failed")).to_be_visible(timeout=DEADLINE)
    expect(screen.get_by_text("Last evaluation finished")).to_be_visible()
    expect(screen.locator(".js-plotly-plot .boxlayer").first).to_be_attached(timeout=DEADLINE)
    screen.screenshot(path=pictures / "cohort-plot.png")

    other = chromium.new_context(viewport={"width": 1024, "height": 768})
    page = other.new_page()
    let_in(page, server.url, "judge", PASSWORD)
    page.goto(f"{server.url}/cohort?view=No+number")
    expect(page.get_by_text("Last evaluation finished")).to_be_visible(timeout=DEADLINE)
    expect(page.get_by_text("Somebody who may start evaluations")).to_be_visible()
    expect(page.get_by_text(re.compile("1 x A stored mask was expected"))).to_be_visible()
    page.screenshot(path=pictures / "cohort-no-number-1024.png")
    other.close()

    expect(screen.get_by_role("button", name="Try 1 failed pair again")).to_be_visible()
    choose(screen, "Worst pairs")
    with screen.expect_download() as download:
        screen.get_by_role("button", name="Download CSV").click()
    download.value.save_as(tmp_path / "pairs.csv")
    with (tmp_path / "pairs.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 11
    assert rows[0]["structure"] == "LenL"  # Dice 0
    assert rows[0]["notice"] == "Research use only. Not a medical device."

    choose(screen, "Volumes")
    expect(screen.get_by_text("7 pairs; contour under review minus reference")).to_be_visible()
    choose(screen, "Trend")
    expect(screen.get_by_text("A trend needs numbers of two versions")).to_be_visible()

    screen.goto(f"{server.url}/cohort?tolerances=Nikolov+2021")
    expect(screen.get_by_text("0 of 12 pairs measured, 0 failed")).to_be_visible(timeout=DEADLINE)
    screen.goto(f"{server.url}/cohort?tolerances=one+number&mm=1.0")  # as in the study's table
    expect(screen.get_by_text("11 of 12 pairs measured, 1 failed")).to_be_visible(timeout=DEADLINE)


@pytest.mark.browser
def test_what_cannot_be_compared_says_what_to_do(server: Server, screen: Page) -> None:
    let_in(screen, server.url, "lead", PASSWORD)
    screen.goto(f"{server.url}/cohort?prediction=accepted+contour")
    expect(screen.get_by_text("No structure has both: accepted contour")).to_be_visible(
        timeout=DEADLINE
    )
    screen.goto(f"{server.url}/cohort?prediction=reference")
    expect(screen.get_by_text("Choose two different label sources")).to_be_visible(timeout=DEADLINE)


def choose(page: Page, view: str) -> None:
    page.get_by_test_id("stButtonGroup").first.get_by_text(view, exact=True).click()

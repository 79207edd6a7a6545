"""What a lead sees of a forced choice: a read that ran out and went on, and what readers prefer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlmodel import Session, select

from han5k_review.accounts.readers import get_reader
from han5k_review.protocol.presets import build_preset
from han5k_review.protocol.reads import ReadWish, assign_reads, plan_reads
from han5k_review.protocol.record import Change, read_facts, set_protocol
from han5k_review.review.grading import GradeRequest
from han5k_review.review.preferences import list_pairs
from han5k_review.review.preferring import submit_choice
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment
from han5k_review.store.vocabulary import LabelSource, Preset
from han5k_review.study import list_cases
from rigs.seeing import sign_in
from rigs.server import running_server
from rigs.studies import add_label
from tests.browser.desk import PASSWORD
from tests.browser.small_study import STRUCTURES, box, build_small_study

SLOW = 30_000
LONG_AGO = utc_now() - timedelta(days=2)


def choose(session: Session, row: Assignment, structure: str, source: str) -> None:
    """Two days ago the reader took the contour of this source, on whichever side it stood."""
    pair = list_pairs(session, stored_id(row))[structure]
    submit_choice(
        session,
        assignment_id=stored_id(row),
        reader=get_reader(session, "anna" if row.reader_id == anna_id(session) else "ben"),
        request=GradeRequest(
            request_id=f"request-{row.id}-{structure}",
            structure=structure,
            label_version_id=pair.label_version_id,
            code="left" if pair.left_source == source else "right",
        ),
        now=LONG_AGO,
    )


def anna_id(session: Session) -> int:
    return stored_id(get_reader(session, "anna"))


def build(root: Path) -> tuple[Study, str]:
    """Anna left one read after one choice of three; ben finished his. The name of anna's read."""
    study = build_small_study(root, 2)
    with transaction(study.engine) as session:
        for case in list_cases(session):
            for name in STRUCTURES:
                add_label(session, study, case, name, box(name, 2), LabelSource.REFERENCE)
        facts = read_facts(session, study)
        protocol = replace(build_preset(Preset.FORCED_CHOICE, facts), lease_days=1)
        set_protocol(session, protocol, facts, change=Change(actor="lead", now=LONG_AGO))
        wish = ReadWish(
            reader_ids=tuple(stored_id(get_reader(session, name)) for name in ("anna", "ben"))
        )
        plan = plan_reads(session, wish)
        assign_reads(session, study, wish, seen=plan, actor="lead", now=LONG_AGO)
        rows = session.exec(select(Assignment).where(Assignment.protocol_id != None)).all()  # noqa: E711
        (left,) = [row for row in rows if row.reader_id == anna_id(session)]
        (whole,) = [row for row in rows if row.reader_id != anna_id(session)]
        choose(session, left, STRUCTURES[0], "reference")
        for name in STRUCTURES:
            choose(session, whole, name, "ai")
        return study, left.alias or ""


def pause_and_go_on(screen: Page, pictures: Path) -> None:
    """What was done is said outside of the page: a button stays where the mouse is about to press.

    A message within it would go when the text field is left, that is between mouse down and up.
    """
    reason = screen.get_by_label("Reason, which the readers see")
    said = screen.get_by_test_id("stToast")
    for turn in ("the first time", "the second time"):
        reason.fill(turn)
        press_by_mouse(screen.get_by_role("button", name="Pause reading"))
        told = said.filter(has_text="Reading of all readers is paused.").last
        expect(told).to_be_visible(timeout=SLOW)
        paused = screen.get_by_text(f"Paused by lead: {turn}")
        expect(paused).to_be_visible(timeout=SLOW)
        expect(reason).to_be_hidden(timeout=SLOW)
        screen.screenshot(path=pictures / "told.png")
        press_by_mouse(screen.get_by_role("button", name="Let reading go on"))
        expect(reason).to_be_visible(timeout=SLOW)
        expect(paused).to_be_hidden(timeout=SLOW)
    expect(screen.get_by_test_id("stMain").get_by_text("Reading of all")).to_have_count(0)


def press_by_mouse(button: Locator) -> None:
    """As a hand does, once the page stands still: where the button is, whatever moves then."""
    still = "[data-testid=stApp][data-test-script-state=notRunning]"
    button.page.locator(still).wait_for(timeout=SLOW)
    box = button.bounding_box()
    assert box is not None
    mouse = button.page.mouse
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    mouse.down()
    mouse.up()


@pytest.mark.browser
def test_a_lead_sees_what_ran_out_and_what_readers_prefer(
    tmp_path: Path, screen: Page, pictures: Path
) -> None:
    study, alias = build(tmp_path / "study")
    study.engine.dispose()
    with running_server(tmp_path / "study", tmp_path / "web.log") as server:
        sign_in(screen, server.url, "lead", PASSWORD)
        screen.goto(f"{server.url}/protocol?view=Readers")
        # The page that the lead opened first has freed it; no process waits for the hour.
        told = screen.get_by_text(f"The time of anna for {alias} was over")
        expect(told).to_contain_text("what was left went to another reader", timeout=SLOW)
        expect(screen.get_by_text("No begun read has a time limit.")).to_be_visible()
        screen.screenshot(path=pictures / "leases.png")
        pause_and_go_on(screen, pictures)
        screen.goto(f"{server.url}/results?view=Preferences")
        words = "Share of the choices for one of the two that prefers ai to reference"
        expect(screen.get_by_text(words)).to_be_visible(timeout=SLOW)
        chart = screen.locator(".js-plotly-plot")
        expect(chart.get_by_text("all structures")).to_be_visible(timeout=SLOW)
        screen.screenshot(path=pictures / "preferences.png")
        screen.context.clear_cookies()
        sign_in(screen, server.url, "anna", PASSWORD)
        expect(screen.get_by_text(f"Your time for {alias} was over")).to_be_visible(timeout=SLOW)

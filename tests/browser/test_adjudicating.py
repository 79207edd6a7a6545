"""An adjudicator decides by key inside the viewer, and accepts small corrections together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import select

from han5k_review.accounts.readers import get_reader
from han5k_review.review.accepted import list_accepted
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study
from han5k_review.store.tables import Audit, RevisionDecision
from rigs.seeing import look, sign_in
from rigs.server import Server, running_server
from tests.browser.desk import PASSWORD
from tests.browser.small_study import build_small_study, submit

SLOW = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    study: Study
    server: Server


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    study = build_small_study(tmp_path / "study", 2)
    with transaction(study.engine) as session:
        ben, carla = get_reader(session, "ben"), get_reader(session, "carla")
        submit(session, study, "HN-001", "ParotidL", ben, 2)
        submit(session, study, "HN-001", "ParotidL", carla, 5)
        submit(session, study, "HN-002", "BrainStem", ben, 1)  # 12.5 % of its voxels, 3 mm
        submit(session, study, "HN-002", "ParotidR", ben, 8)
    with running_server(tmp_path / "study", tmp_path / "web.log") as server:
        sign = Room(study=study, server=server)
        yield sign
    study.engine.dispose()


def decisions(study: Study) -> list[tuple[int, str, str]]:
    with reading(study.engine) as session:
        rows = session.exec(select(RevisionDecision).order_by(RevisionDecision.id)).all()
        return [(row.revision_id, row.decision.value, row.reason) for row in rows]


@pytest.mark.browser
def test_accept_reject_and_next_go_by_key_in_the_viewer(
    room: Room, screen: Page, pictures: Path
) -> None:
    sign_in(screen, room.server.url, "ada", PASSWORD)
    screen.get_by_role("button", name="Compare in the viewer").click(timeout=SLOW)
    case, panel = screen.get_by_test_id("case"), screen.get_by_test_id("decision")
    expect(case).to_have_text("HN-001", timeout=SLOW)
    expect(screen.get_by_test_id("decision-candidate")).to_have_count(2)
    for view in ("view-main", "view-upper", "view-lower"):
        expect(screen.get_by_test_id(view)).to_be_visible()
    look(screen)
    # What R02 did not revise is not called empty.
    expect(screen.locator("[data-structure=BrainStem]")).to_contain_text("none")
    screen.screenshot(path=pictures / "decide.png")
    screen.keyboard.press("Space")
    expect(panel).to_contain_text("Decide: Brainstem", timeout=SLOW)
    expect(case).to_have_text("HN-002")
    look(screen)
    screen.keyboard.press("Delete")
    expect(panel).to_contain_text("Please give a reason for rejecting")
    screen.keyboard.type("too long")
    screen.keyboard.press("Enter")
    expect(panel).to_contain_text("Decide: Parotid right", timeout=SLOW)
    expect(panel).to_contain_text("BrainStem: R02's contour rejected.")
    screen.keyboard.press("Space")
    expect(case).to_have_text("HN-001", timeout=SLOW)
    look(screen)
    screen.keyboard.press("2")
    screen.keyboard.press("Enter")
    expect(panel).to_contain_text("R03's contour accepted and locked.", timeout=SLOW)
    assert decisions(room.study) == [(3, "rejected", "too long"), (2, "accepted", "")]


@pytest.mark.browser
def test_small_corrections_are_shown_counted_and_accepted_together(
    room: Room, screen: Page, pictures: Path
) -> None:
    sign_in(screen, room.server.url, "ada", PASSWORD)
    screen.get_by_text("Accept small corrections together").click(timeout=SLOW)
    screen.get_by_label("VRD at most, %").fill("20")
    screen.get_by_role("button", name="Show what would be accepted").click()
    expect(screen.get_by_text("within VRD at most 20 %, HD95 at most 3 mm")).to_be_visible(
        timeout=SLOW
    )
    expect(
        screen.get_by_text("Left to look at: 1 changes more, 1 with more than one revision")
    ).to_be_visible()
    screen.screenshot(path=pictures / "bulk-accept.png")
    screen.get_by_role("button", name="Accept and lock 1 revision").click()
    expect(screen.get_by_text("1 locked structure")).to_be_visible(timeout=SLOW)
    reason = "Accepted together with others: VRD at most 20 %, HD95 at most 3 mm"
    assert decisions(room.study) == [(3, "accepted", reason)]
    with reading(room.study.engine) as session:
        assert {structure for _, structure in list_accepted(session)} == {"BrainStem"}
        audit = session.exec(select(Audit).where(Audit.action == "accept in bulk")).one()
        assert (audit.actor, audit.detail["revisions"]) == ("ada", [3])

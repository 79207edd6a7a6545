"""Proposals on the page and in the viewer: looked at, taken and edited by one key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from han5k_review.accounts.readers import get_reader
from han5k_review.proposing.rounds import make_round
from han5k_review.review.decisions.revising import decide_revision, list_revisions
from han5k_review.review.drafts.opening import list_drafts
from han5k_review.review.proposals import ProposalStanding, list_proposals
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import Decision, LabelSource
from rigs.seeing import look, sign_in
from rigs.server import Server, running_server
from tests.browser.desk import PASSWORD
from tests.browser.small_study import build_small_study, submit

SLOW = 60_000
REVISED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    study: Study
    server: Server


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """Five brainstems that end 15 mm too early; three are revised and accepted."""
    study = build_small_study(tmp_path / "study", REVISED + 2)
    with transaction(study.engine) as session:
        ben, lead = get_reader(session, "ben"), get_reader(session, "lead")
        for number in range(1, REVISED + 1):
            revision = submit(session, study, f"HN-{number:03}", "BrainStem", ben, 5)
            decide_revision(
                session,
                revision_id=stored_id(revision),
                decision=Decision.ACCEPTED,
                reason="",
                adjudicator=lead,
                now=utc_now(),
            )
    make_round(study, "BrainStem", actor="lead", clock=utc_now)
    with running_server(tmp_path / "study", tmp_path / "web.log") as server:
        yield Room(study=study, server=server)
    study.engine.dispose()


def look_at_both(screen: Page) -> None:
    """Wait until the proposal is drawn, too: nothing is decided that was not seen."""
    expect(screen.get_by_text("voxels differ on")).to_be_visible(timeout=SLOW)
    look(screen)


@pytest.mark.browser
def test_a_proposal_is_looked_at_then_taken_and_the_next_one_edited_by_key(
    room: Room, screen: Page, pictures: Path
) -> None:
    sign_in(screen, room.server.url, "ada", PASSWORD)
    expect(screen.get_by_text("2 proposals wait")).to_be_visible(timeout=SLOW)
    expect(screen.locator(".js-plotly-plot").first).to_be_visible(timeout=SLOW)
    expect(screen.get_by_text("Propose the same change in other cases")).to_be_visible()
    screen.screenshot(path=pictures / "proposals.png")
    screen.get_by_role("button", name="Look in the viewer").click()
    case, panel = screen.get_by_test_id("case"), screen.get_by_test_id("decision")
    expect(panel).to_contain_text("Decide: Brainstem", timeout=SLOW)
    first = case.inner_text()
    look_at_both(screen)
    screen.screenshot(path=pictures / "proposal-viewer.png")
    screen.keyboard.press("a")
    expect(panel).to_contain_text(
        f"{first}, BrainStem: taken; it waits for a second person.", timeout=SLOW
    )
    expect(case).not_to_have_text(first)
    look_at_both(screen)
    screen.keyboard.press("e")
    expect(screen.locator("[data-action=brush]")).to_be_visible(timeout=SLOW)  # a draft is open
    with reading(room.study.engine) as session:
        views = {view.case: view for view in list_proposals(session)}
        assert views[first].standing is ProposalStanding.TAKEN
        (other,) = (view for name, view in views.items() if name != first)
        (waiting,) = (one for one in list_revisions(session) if one.decision is None)
        assert (waiting.case, waiting.reader) == (first, get_reader(session, "ada").pseudonym)
        assert waiting.source is LabelSource.PSEUDO
        (draft,) = list_drafts(session, 6)  # after anna's five reads
        assert draft.base_label_version_id == other.contour.id
        assert draft.reviewed_label_version_id == other.proposal.base_label_version_id

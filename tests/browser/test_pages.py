"""Every page opens at both sizes without an error, and a revision goes from file to lock."""

from __future__ import annotations

import re
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ROOT, sign_in
from tests.browser.desk import PASSWORD, Desk
from tests.server import running_server

SIZES = ((1440, 900), (1024, 768))
PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
QUERY = {"review": "?case=KBP-100&structure=ParotidL", "surfaces": "?case=KBP-100"}


def open_page(page: Page, url: str, name: str) -> None:
    page.goto(f"{url}/{name}{QUERY.get(name, '')}")
    landmark = page.get_by_test_id("workspace") if name == "review" else page.locator("h1")
    expect(landmark.first).to_be_visible(timeout=60_000)
    finished = page.locator("[data-testid=stApp][data-test-script-state=notRunning]")
    expect(finished).to_be_visible(timeout=60_000)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=60_000)


def problems_on(page: Page) -> list[str]:
    shown = page.locator("[data-testid=stException], [data-testid=stAlertContentError]")
    return shown.all_inner_texts()


@pytest.mark.browser
def test_every_page_opens_and_says_that_it_is_for_research(
    desk: Desk, screen: Page, pictures: Path
) -> None:
    desk.han5k("evaluate")
    with running_server(desk.study, desk.root / "web.log") as server:
        sign_in(screen, server.url, "lead", PASSWORD)
        for width, height in SIZES:
            screen.set_viewport_size({"width": width, "height": height})
            for name in PAGES:
                open_page(screen, server.url, name)
                assert problems_on(screen) == [], name
                expect(
                    screen.get_by_text("Research use only. Not a medical device.").first
                ).to_be_visible()
                sideways = screen.evaluate(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                )
                assert sideways <= 0, f"{name} scrolls sideways at {width}"
                screen.screenshot(path=pictures / f"page-{name}-{width}.png")
        screen.goto(f"{server.url}/review?case=nobody")
        expect(screen.get_by_text("choose one on the page Cases")).to_be_visible(timeout=60_000)
        expect(screen.get_by_text("Research use only. Not a medical device.")).to_be_visible()
        screen.context.clear_cookies()
        sign_in(screen, server.url, "anna", PASSWORD)
        for name in ("cohort", "exports", "study"):
            screen.goto(f"{server.url}/{name}")
            expect(screen.get_by_role("link", name="Worklist")).to_be_visible(timeout=60_000)
            expect(screen.locator("h1", has_text=name.title())).to_have_count(0)


@pytest.mark.browser
def test_a_revision_goes_from_a_file_to_a_decision_and_a_lock(desk: Desk, screen: Page) -> None:
    labels = nib.load(desk.root / "input" / "100_pseudo.nii.gz")
    parotid = np.asarray(labels.dataobj) == 4
    bottom = int(np.argwhere(parotid)[:, 2].min())
    parotid[:, :, bottom - 2 : bottom] = parotid[:, :, bottom : bottom + 1]
    mask = desk.root / "parotid.nii.gz"
    nib.save(nib.Nifti1Image(parotid.astype(np.uint8), labels.affine), mask)
    words = ("--case", "KBP-100", "--structure", "ParotidL", "--mask", str(mask))
    assert "waits for an adjudicator" in desk.han5k("revise", *words, "--reader", "anna")
    with running_server(desk.study, desk.root / "web.log") as server:
        sign_in(screen, server.url, "lead", PASSWORD)
        open_page(screen, server.url, "revisions")
        expect(screen.get_by_text("1 of 1 revisions wait")).to_be_visible()
        screen.get_by_role("button", name="Reject").click()
        expect(screen.get_by_text("A reason was expected")).to_be_visible()
        screen.get_by_role("button", name="Accept").click()
        expect(screen.get_by_text("0 of 1 revisions wait")).to_be_visible()
        screen.get_by_text("1 locked structures").click()
        screen.get_by_label("Reason to unlock it").fill("a later look")
        screen.get_by_role("button", name="Unlock").click()
        expect(screen.get_by_text(re.compile("locked structures"))).to_have_count(0)

"""Rows open by a click anywhere in them and by Enter, headings order them; long lists in pages.
What takes long to make says so while it is made. A newcomer's first minutes, and their token."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect
from sqlmodel import select

from han5k_review.accounts.readers import add_reader
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import open_study
from han5k_review.store.tables import Audit
from han5k_review.store.vocabulary import Role
from rigs.seeing import let_in, sign_in
from rigs.server import Server, running_server
from tests.browser.desk import PASSWORD
from tests.browser.small_study import build_small_study

SLOW = 60_000
CASES = 53  # more than one page


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("rows")
    build_small_study(root / "study", CASES).engine.dispose()
    with running_server(root / "study", root / "web.log") as running:
        yield running


@pytest.mark.browser
def test_a_worklist_row_opens_by_a_click_in_any_cell_and_by_enter(
    server: Server, screen: Page, pictures: Path
) -> None:
    sign_in(screen, server.url, "anna", PASSWORD)
    row = screen.locator("[data-testid=row]", has_text="HN-003")
    expect(row).to_be_visible(timeout=SLOW)
    screen.screenshot(path=pictures / "worklist.png")
    row.locator("td").nth(2).click()
    expect(screen.get_by_test_id("case")).to_have_text("HN-003", timeout=SLOW)
    screen.goto(f"{server.url}/worklist")
    link = screen.get_by_role("link", name="HN-001", exact=True)
    link.focus(timeout=SLOW)
    screen.keyboard.press("ArrowDown")
    screen.keyboard.press("Enter")
    expect(screen.get_by_test_id("case")).to_have_text("HN-002", timeout=SLOW)


@pytest.mark.browser
def test_cases_are_searched_and_come_a_page_at_a_time(
    server: Server, screen: Page, pictures: Path
) -> None:
    let_in(screen, server.url, "lead", PASSWORD)
    screen.goto(f"{server.url}/cases")
    rows = screen.locator("[data-testid=row]")
    expect(rows).to_have_count(50, timeout=SLOW)
    expect(screen.get_by_text("1 to 50 of 53")).to_be_visible()
    screen.screenshot(path=pictures / "cases.png")
    heading = screen.locator("[data-testid=sort][data-column=Case]")
    for first in ("HN-001", "HN-053"):  # from A on, then turned round
        heading.click()
        # The first row is HN-001 before the first click too: its heading says when it was done.
        direction = "ascending" if first == "HN-001" else "descending"
        expect(screen.locator(f"th[aria-sort={direction}]")).to_be_visible(timeout=SLOW)
        expect(rows.first).to_contain_text(first, timeout=SLOW)
    expect(screen.locator("th[aria-sort=descending]")).to_have_text("Case\u2193")
    search = screen.get_by_label("Search")
    search.fill("hn-05")
    search.press("Enter")
    expect(rows).to_have_count(4, timeout=SLOW)  # HN-050 to HN-053
    rows.filter(has_text="HN-052").locator("td").nth(4).click()
    expect(screen.get_by_role("heading", name="HN-052")).to_be_visible(timeout=SLOW)
    assert "case=HN-052" in screen.url


@pytest.mark.browser
def test_the_worklist_is_ordered_by_its_headings_over_all_its_pages(
    server: Server, screen: Page
) -> None:
    sign_in(screen, server.url, "anna", PASSWORD)
    rows = screen.locator("[data-testid=row]")
    expect(rows).to_have_count(50, timeout=SLOW)
    heading = screen.locator("[data-testid=sort][data-column=Case]")
    heading.click()
    expect(screen.locator("th[aria-sort=ascending]")).to_have_count(1, timeout=SLOW)
    heading.click()
    expect(rows.first).to_contain_text("HN-053", timeout=SLOW)


@pytest.mark.browser
def test_no_list_is_wider_than_a_small_screen(server: Server, screen: Page) -> None:
    screen.set_viewport_size({"width": 1024, "height": 768})
    let_in(screen, server.url, "lead", PASSWORD)
    for address in ("cases", "overview", "study"):
        screen.goto(f"{server.url}/{address}")
        screen.locator("[data-testid=row], canvas").first.wait_for(state="attached")
        over = screen.evaluate(
            "[...document.querySelectorAll('[data-testid=stMain], .frame')]"
            ".map(one => one.scrollWidth - one.clientWidth)"
        )
        assert max(over) <= 0, address


@pytest.mark.browser
def test_an_archive_is_saved_and_the_page_says_how_far_it_is(server: Server, screen: Page) -> None:
    let_in(screen, server.url, "lead", PASSWORD)
    screen.goto(f"{server.url}/cases?case=HN-001")
    told = screen.get_by_test_id("download-told")
    said = told.evaluate_handle(
        "told => { const said = [];"
        "new MutationObserver(() => said.push(told.textContent)).observe(told, {childList: true});"
        "return said; }"
    )
    with screen.expect_download(timeout=SLOW) as saved:
        screen.get_by_role("button", name="Contours as NIfTI (.zip)").click()
    with zipfile.ZipFile(saved.value.path()) as archive:
        assert len(archive.namelist()) == 4  # three structures and the disclaimer
    expect(told).to_contain_text("Saved as HN-001-contours.zip")
    assert said.json_value()[0] == "Contours as NIfTI (.zip): being made, 0 s so far."


@pytest.mark.browser
def test_every_page_says_who_is_signed_in_and_one_click_signs_out(
    server: Server, screen: Page
) -> None:
    sign_in(screen, server.url, "anna", PASSWORD)
    expect(screen.get_by_test_id("who")).to_have_text("anna, reader", timeout=SLOW)
    screen.goto(f"{server.url}/review?assignment=1")
    expect(screen.get_by_test_id("case")).to_be_visible(timeout=SLOW)
    screen.get_by_test_id("sign-out").click()
    screen.wait_for_url("**/sign-in*")


@pytest.mark.browser
def test_a_newcomer_chooses_a_password_and_makes_a_token_that_is_shown_once(
    server: Server, screen: Page, pictures: Path
) -> None:
    study = open_study(server.log.parent / "study")
    first, own = "chosen by the lead 1", "chosen by nora herself"
    with transaction(study.engine) as session:
        add_reader(
            session,
            name="nora",
            password=first,
            role=Role.READER,
            actor="lead",
            now=utc_now(),
            is_first_password=True,
        )
    sign_in(screen, server.url, "nora", first)
    expect(screen.get_by_text("Choose one of your own to go on.")).to_be_visible(timeout=SLOW)
    expect(screen.get_by_role("link", name="Worklist")).to_have_count(0)
    expect(screen.get_by_role("heading", name="Personal tokens")).to_have_count(0)
    screen.screenshot(path=pictures / "first-password.png")
    for label, typed in (
        ("Current password", first),
        ("New password", own),
        ("New password again", own),
    ):
        screen.get_by_label(label, exact=True).fill(typed)
    screen.get_by_role("button", name="Change it and sign out everywhere").click()
    screen.get_by_role("link", name="Sign in with the new password").click(timeout=SLOW)
    screen.wait_for_url("**/sign-in*")
    sign_in(screen, server.url, "nora", own)

    screen.goto(f"{server.url}/account")
    name = screen.get_by_label("Name of the token")
    name.fill("**notebook**", timeout=SLOW)
    screen.get_by_role("button", name="Make a token").click()
    shown = screen.locator("[data-testid=stCode] code")
    expect(shown).to_contain_text("han5k_", timeout=SLOW)
    token = shown.inner_text().strip()
    row = screen.get_by_text("**notebook**: look at CTs")  # as text: no Markdown
    expect(row).to_be_visible()
    screen.screenshot(path=pictures / "token.png", full_page=True)
    bearer = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=server.url, headers=bearer, trust_env=False) as notebook:
        told = notebook.get("/api/me").json()
        assert (told["name"], told["scopes"]) == ("nora", ["read"])
        screen.get_by_role("button", name="End", exact=True).last.click()
        expect(row).to_have_count(0, timeout=SLOW)
        expect(shown).to_have_count(0)
        assert notebook.get("/api/me").status_code == 401
    with reading(study.engine) as session:
        acts = session.exec(select(Audit.action).where(Audit.actor == "nora")).all()
    study.engine.dispose()
    assert [one for one in acts if "token" in one] == [
        "make token",
        "use token first",
        "end token",
    ]

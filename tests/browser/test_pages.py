"""Every page opens at both sizes, for everybody's eyes, and a revision goes from file to lock."""

from __future__ import annotations

import re
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from playwright.sync_api import Page, expect
from sqlmodel import select

from han5k_review.accounts.readers import add_reader
from han5k_review.exports.contour_files import Contour, build_segmentation
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.label_images import read_mask
from han5k_review.imaging.mask import StructureMask
from han5k_review.review.decisions.submitting import submit_revision
from han5k_review.review.labels import list_under_review
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.prediction_tables import LabelUncertainty
from han5k_review.store.tables import Case
from han5k_review.store.vocabulary import Role, Uncertainty
from rigs.seeing import let_in, sign_in
from rigs.server import running_server
from tests.browser.accessibility import list_in_both_themes
from tests.browser.conftest import ROOT
from tests.browser.desk import PASSWORD, Desk

SIZES = ((1024, 768), (1440, 900))  # each page opens at the first and grows to the second
FITS = """() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"""
SLOW = 60_000  # ms: a page or viewer that comes up on a machine that does other things too
PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
QUERY = {"review": "?case=KBP-100&structure=ParotidL", "surfaces": "?case=KBP-100"}


def open_page(page: Page, url: str, name: str) -> None:
    page.goto(f"{url}/{name}{QUERY.get(name, '')}")
    landmark = page.get_by_test_id("workspace") if name == "review" else page.locator("h1")
    expect(landmark.first).to_be_visible(timeout=SLOW)
    finished = page.locator("[data-testid=stApp][data-test-script-state=notRunning]")
    expect(finished).to_be_visible(timeout=SLOW)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=SLOW)


def problems_on(page: Page) -> list[str]:
    shown = page.locator("[data-testid=stException], [data-testid=stAlertContentError]")
    return shown.all_inner_texts()


def doubt(desk: Desk, disagreements: dict[str, float]) -> None:
    """Contours under review of KBP-100 as if their model had predicted them three times."""
    with transaction(desk.open_study().engine) as session:
        case = session.exec(select(Case).where(Case.name == "KBP-100")).one()
        labels = list_under_review(session, stored_id(case))
        for name, disagreement in disagreements.items():
            session.add(
                LabelUncertainty(
                    label_version_id=stored_id(labels[name]),
                    method=Uncertainty.SHIFTED,
                    members=3,
                    disagreement=disagreement,
                )
            )


@pytest.mark.browser
def test_every_page_opens_can_be_read_by_all_and_says_that_it_is_for_research(
    desk: Desk, screen: Page, pictures: Path
) -> None:
    desk.han5k("evaluate")
    doubt(desk, {"ParotidL": 0.31, "BrainStem": 0.04})
    with running_server(desk.study, desk.root / "web.log") as server:
        screen.goto(f"{server.url}/sign-in")
        faults = {"sign-in": list_in_both_themes(screen)}
        let_in(screen, server.url, "lead", PASSWORD)
        for name in PAGES:
            for width, height in SIZES:
                screen.set_viewport_size({"width": width, "height": height})
                if (width, height) == SIZES[0]:
                    open_page(screen, server.url, name)
                assert problems_on(screen) == [], name
                expect(
                    screen.get_by_text("Research use only. Not a medical device.").first
                ).to_be_visible()
                # Charts and tables take their new width a moment after the window.
                screen.wait_for_function(FITS, timeout=SLOW)
                screen.screenshot(path=pictures / f"page-{name}-{width}.png")
            faults[name] = list_in_both_themes(screen)
        assert {name: found for name, found in faults.items() if found} == {}
        screen.emulate_media(color_scheme="light")
        screen.goto(f"{server.url}/cases")
        row = screen.locator("[data-testid=row]", has_text="KBP-100")
        expect(row).to_contain_text("0.31", timeout=SLOW)
        row.click()
        cells = screen.locator("canvas td")  # what a table draws, for screen readers
        expect(cells.filter(has_text=re.compile(r"^0\.31$"))).to_have_count(1, timeout=SLOW)
        expect(cells.filter(has_text=re.compile(r"^0\.04$"))).to_have_count(1)
        screen.goto(f"{server.url}/review?case=nobody")
        expect(screen.get_by_text("choose one on the page Cases")).to_be_visible(timeout=SLOW)
        expect(screen.get_by_text("Research use only. Not a medical device.")).to_be_visible()
        screen.goto("about:blank")  # or the page goes to the sign-in itself, at the same time
        screen.context.clear_cookies()
        let_in(screen, server.url, "anna", PASSWORD)
        for name in ("cohort", "exports", "study", "overview"):
            screen.goto(f"{server.url}/{name}")
            expect(screen.get_by_text("anna is signed in as reader")).to_be_visible(timeout=SLOW)
            expect(screen.locator("h1", has_text=name.title())).to_have_count(0)
            expect(screen.get_by_role("link", name="Go to your worklist")).to_be_visible()
            screen.locator("[data-test-script-state=notRunning]").wait_for()
            assert problems_on(screen) == [], name
        screen.goto(f"{server.url}/review?assignment=9999")
        expect(screen.get_by_text("Assignment 9999 is not one of yours")).to_be_visible(
            timeout=SLOW
        )
        expect(screen.get_by_role("link", name="Sign in")).to_have_count(0)
        screen.get_by_role("link", name="Go to your worklist").click()
        expect(screen.locator("h1", has_text="Worklist")).to_be_visible(timeout=SLOW)


LANDINGS = {
    Role.READER: "Worklist",
    Role.ADJUDICATOR: "Revisions",
    Role.ENGINEER: "Retraining",
    Role.LEAD: "Overview",
    Role.ADMIN: "Overview",
}


@pytest.mark.browser
def test_each_role_lands_where_its_work_is(desk: Desk, screen: Page) -> None:
    study = desk.open_study()
    with transaction(study.engine) as session:
        for role in LANDINGS:
            add_reader(
                session,
                name=f"one-{role}",
                password=PASSWORD,
                role=role,
                actor="test",
                now=utc_now(),
            )
    study.engine.dispose()
    with running_server(desk.study, desk.root / "web.log") as server:
        for role, title in LANDINGS.items():
            screen.context.clear_cookies()
            sign_in(screen, server.url, f"one-{role}", PASSWORD)
            expect(screen.locator("h1", has_text=title)).to_be_visible(timeout=SLOW)
            assert problems_on(screen) == [], role


def write_corrected(desk: Desk, slices: int) -> Path:
    """The pseudo-label of ParotidL in KBP-100, grown downwards by some slices, as a file."""
    labels = nib.load(desk.root / "input" / "100_pseudo.nii.gz")
    parotid = np.asarray(labels.dataobj) == 4
    bottom = int(np.argwhere(parotid)[:, 2].min())
    parotid[:, :, bottom - slices : bottom] = parotid[:, :, bottom : bottom + 1]
    path = desk.root / f"parotid-{slices}.nii.gz"
    nib.save(nib.Nifti1Image(parotid.astype(np.uint8), labels.affine), path)
    return path


def write_segmentation(desk: Desk) -> Path:
    """The same, three slices longer, as 3D Slicer gives it back, beside a segment nobody knows."""
    image = nib.load(write_corrected(desk, 3))
    grid = Grid.from_affine(image.shape, image.affine)
    mask = StructureMask.from_dense(np.asarray(image.dataobj), grid)
    path = desk.root / "back.seg.nrrd"
    names = ("Parotid_L", "Scribble")
    path.write_bytes(build_segmentation([Contour(structure=name, mask=mask) for name in names]))
    return path


def submit_reads(desk: Desk) -> None:
    """anna adds two slices by the command, ben four by the service behind it."""
    words = ("--case", "KBP-100", "--structure", "ParotidL", "--reader", "anna")
    printed = desk.han5k("revise", *words, "--mask", str(write_corrected(desk, 2)))
    assert "waits for an adjudicator" in printed
    study = desk.open_study()
    with transaction(study.engine) as session:
        ben = add_reader(
            session, name="ben", password=PASSWORD, role=Role.READER, actor="test", now=utc_now()
        )
        case = session.exec(select(Case).where(Case.name == "KBP-100")).one()
        present = list_under_review(session, stored_id(case))["ParotidL"]
        grid = Grid.from_rows(case.shape_ijk, case.affine_ras)
        submit_revision(
            session,
            study.labels,
            case=case,
            structure="ParotidL",
            before=study.labels.get_mask(present.mask_sha256, grid),
            after=read_mask(write_corrected(desk, 4), grid),
            reader=ben,
            now=utc_now(),
        )
    study.engine.dispose()


@pytest.mark.browser
def test_two_reads_stand_side_by_side_until_one_is_accepted_and_locked(
    desk: Desk, screen: Page, pictures: Path
) -> None:
    submit_reads(desk)
    with running_server(desk.study, desk.root / "web.log") as server:
        let_in(screen, server.url, "lead", PASSWORD)
        for width, height in SIZES:
            screen.set_viewport_size({"width": width, "height": height})
            open_page(screen, server.url, "revisions")
            expect(screen.get_by_text("1 structure waits for a decision")).to_be_visible(
                timeout=SLOW
            )
            expect(screen.locator(".han5k-card")).to_have_count(2)
            expect(
                screen.get_by_text("R01's contour and R03's contour agree to Dice")
            ).to_be_visible()
            expect(screen.locator(".js-plotly-plot")).to_be_visible(timeout=SLOW)
            screen.screenshot(path=pictures / f"adjudication-{width}.png")
        screen.get_by_role("button", name="Compare in the viewer").click()
        expect(screen.get_by_test_id("decision-candidate")).to_have_count(2, timeout=SLOW)
        screen.get_by_role("button", name="Side by side").click()
        main = screen.get_by_test_id("view-main-title")
        expect(main).to_contain_text("R01's contour", timeout=SLOW)
        expect(screen.get_by_test_id("view-upper-title")).to_contain_text("R03's contour")
        open_page(screen, server.url, "revisions")
        screen.get_by_role("button", name="Edit further").click()
        expect(screen.get_by_text("adjudication: edit")).to_be_visible(timeout=SLOW)
        started = screen.get_by_text("This draft starts from a revision")
        expect(started).to_be_visible(timeout=SLOW)
        expect(screen.get_by_test_id("grade-no")).to_be_hidden()
        open_page(screen, server.url, "revisions")
        screen.get_by_role("button", name="Reject").click()
        expect(screen.get_by_text("Please give a reason for rejecting.")).to_be_visible(
            timeout=SLOW
        )
        screen.get_by_text("R03's contour", exact=True).first.click()
        screen.get_by_role("button", name="Accept R03's contour").click()
        expect(screen.get_by_text("Nothing waits for a decision")).to_be_visible(timeout=SLOW)
        # What is typed while the page is still being drawn may be lost.
        expect(
            screen.locator("[data-testid=stApp][data-test-script-state=notRunning]")
        ).to_be_visible(timeout=SLOW)
        screen.get_by_text("1 locked structure").click()
        screen.get_by_label("Reason to unlock it").fill("a later look")
        screen.get_by_role("button", name="Unlock").click()
        expect(screen.get_by_text(re.compile("locked structure"))).to_have_count(0, timeout=SLOW)
        expect(screen.get_by_text("1 structure waits for a decision")).to_be_visible(timeout=SLOW)
        screen.goto(f"{server.url}/cases?case=KBP-100")
        screen.get_by_role("tab", name="Upload a revision").click()
        screen.locator("input[type=file]").set_input_files(write_segmentation(desk))
        expect(screen.get_by_text("not a structure of this case: Scribble")).to_be_visible(
            timeout=SLOW
        )
        expect(screen.get_by_text("where most changes")).to_be_visible(timeout=SLOW)
        screen.screenshot(path=pictures / "upload-preview.png")
        screen.get_by_role("button", name="Take ParotidL").click()
        expect(screen.get_by_text("Taken as revision 3; it waits")).to_be_visible(timeout=SLOW)

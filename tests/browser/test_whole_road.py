"""The whole road of DICOM: a folder becomes a study, and what is revised leaves and comes back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from sqlmodel import col, select

from han5k_review.accounts.readers import add_reader, get_reader
from han5k_review.importing.study import create_study
from han5k_review.review.assigning import assign_cases
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study
from han5k_review.store.tables import LabelVersion, Reader, Revision
from han5k_review.store.vocabulary import Role
from han5k_review.study import list_cases
from rigs.seeing import let_in
from rigs.server import Server, running_server
from tests.browser.desk import PASSWORD
from tests.imaging.dicom.writing import (
    build_rtstruct,
    ct_grid,
    save_rtstruct,
    square,
    write_series,
)

SLOW = 60_000
GRID = ct_grid((48, 40, 8))
WRITTEN = "Brain-stem old"  # no structure answers to it; BrainStem is nearest


@pytest.fixture
def study(tmp_path: Path) -> Iterator[Study]:
    """An empty study with its people, and one patient of a clinic in a folder."""
    hu = np.random.default_rng(3).integers(-200, 300, GRID.shape).astype(np.int16)
    folder = write_series(tmp_path / "clinic" / "round 1" / "scan", hu, GRID)
    rois = [
        (WRITTEN, [square(GRID, 18.5, 29.5, k) for k in range(2, 6)]),
        ("parotid_l", [square(GRID, 34.5, 41.5, k) for k in range(2, 6)]),
    ]
    save_rtstruct(build_rtstruct(rois), folder.parent / "plan" / "RS.1.2.3")
    study = create_study(tmp_path / "study", "Road", now_utc=utc_now())
    with transaction(study.engine) as session:
        for name, role in (("anna", Role.READER), ("lead", Role.LEAD)):
            add_reader(
                session, name=name, password=PASSWORD, role=role, actor="test", now=utc_now()
            )
    yield study
    study.engine.dispose()


@pytest.fixture
def server(study: Study, tmp_path: Path) -> Iterator[Server]:
    environment = {"HAN5K_IMPORT_FOLDER": str(tmp_path / "clinic"), "HAN5K_PROCESSES": "1"}
    with running_server(study.root, tmp_path / "web.log", environment=environment) as server:
        yield server


def revisions(study: Study) -> list[tuple[str, str, str]]:
    """Structure, who made it, hash of the mask."""
    with reading(study.engine) as session:
        query = (
            select(LabelVersion.structure, Reader.name, LabelVersion.mask_sha256)
            .join(Revision, col(Revision.label_version_id) == col(LabelVersion.id))
            .join(Reader, col(Reader.id) == col(Revision.reader_id))
            .order_by(col(Revision.id))
        )
        return list(session.exec(query))


@pytest.mark.browser
def test_a_folder_becomes_a_study_and_a_revision_leaves_and_comes_back(
    study: Study, server: Server, screen: Page, pictures: Path, tmp_path: Path
) -> None:
    let_in(screen, server.url, "lead", PASSWORD)
    screen.goto(f"{server.url}/imports")
    screen.get_by_role("button", name="Dry run").click(timeout=SLOW)
    expect(screen.get_by_text("Dry run, nothing was stored: 1 new")).to_be_visible(timeout=SLOW)
    expect(screen.get_by_text("1 name of contours fits no structure")).to_be_visible()
    screen.goto(f"{server.url}/names")
    screen.get_by_text("Fill in the nearest structure").click(timeout=SLOW)
    screen.get_by_role("button", name="Confirm 1 name").click(timeout=SLOW)
    expect(screen.get_by_text("1 name confirmed")).to_be_visible(timeout=SLOW)
    screen.goto(f"{server.url}/imports")
    leave_in_place(screen)
    screen.get_by_role("button", name="Import", exact=True).click(timeout=SLOW)
    done = screen.get_by_text("Imported: 1 new, 0 changed, 0 unchanged, 0 refused")
    expect(done).to_be_visible(timeout=SLOW)
    picture(screen, pictures, "import")
    with transaction(study.engine) as session:
        cases = list_cases(session)
        anna = get_reader(session, "anna")
        assign_cases(session, reader=anna, cases=cases, actor="lead", now=utc_now())
        case_id, case, image = cases[0].id, cases[0].name, cases[0].image_sha256
    assert study.volumes.find_place(image) is not None
    assert not list(study.volumes.folder.rglob("*.zst"))
    revise_as_anna(screen, server.url)
    assert list(study.volumes.folder.rglob("*.zst"))  # made when anna looked
    (drawn,) = revisions(study)
    assert drawn[:2] == ("BrainStem", "anna")
    screen.goto("about:blank")  # or the page goes to the sign-in itself, at the same time
    screen.context.clear_cookies()
    let_in(screen, server.url, "lead", PASSWORD)
    answer = screen.request.get(f"{server.url}/api/cases/{case_id}/contours/r1.dcm")
    assert answer.ok, answer.text()
    file = tmp_path / "RS.from.the.planning.system"
    file.write_bytes(answer.body())
    screen.goto(f"{server.url}/cases?case={case}")
    screen.get_by_role("tab", name="Upload a revision").click(timeout=SLOW)
    screen.locator("input[type=file]").set_input_files(file)
    screen.get_by_role("button", name="Take BrainStem").click(timeout=SLOW)
    expect(screen.get_by_text("Taken as revision 2; it waits")).to_be_visible(timeout=SLOW)
    assert revisions(study) == [drawn, ("BrainStem", "lead", drawn[2])]  # voxel for voxel


def leave_in_place(screen: Page) -> None:
    """Tick that the CT is not copied."""
    screen.get_by_text("Several structure sets, doses, CTs left in place").click(timeout=SLOW)
    box = screen.get_by_role("checkbox", name="Leave the CTs where they are")
    expect(screen.get_by_text("Leave the CTs where they are")).to_be_visible(timeout=SLOW)
    box.press("Space")
    expect(box).to_be_checked(timeout=SLOW)


def revise_as_anna(screen: Page, url: str) -> None:
    """Draw a stroke across the contour and submit it, in the viewer."""
    screen.goto("about:blank")  # or the page goes to the sign-in itself, at the same time
    screen.context.clear_cookies()
    let_in(screen, url, "anna", PASSWORD)
    screen.goto(f"{url}/review")
    workspace = screen.get_by_test_id("workspace")
    expect(workspace).to_have_attribute("data-loaded", re.compile("."), timeout=SLOW)
    screen.locator("[data-structure=BrainStem]").click()
    screen.keyboard.press("e")
    expect(screen.locator("[data-action=brush]")).to_be_visible(timeout=SLOW)
    screen.keyboard.press("b")
    box = screen.get_by_test_id("view-main").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    screen.mouse.move(x - 60, y - 60)
    screen.mouse.down()
    screen.mouse.move(x + 60, y + 60, steps=4)
    screen.mouse.up()
    expect(screen.get_by_test_id("edit-panel")).to_have_attribute("data-saved", "1", timeout=SLOW)
    screen.keyboard.press("Shift+E")
    screen.locator("[data-testid^=answer-code]").first.click(timeout=SLOW)
    expect(screen.get_by_test_id("edit-alert")).to_contain_text("submitted", timeout=SLOW)


def picture(screen: Page, pictures: Path, name: str) -> None:
    """The page at both sizes and in both themes."""
    finished = screen.locator("[data-testid=stApp][data-test-script-state=notRunning]")
    expect(finished).to_be_visible(timeout=SLOW)
    expect(screen.get_by_test_id("stSkeleton")).to_have_count(0, timeout=SLOW)
    themes: tuple[Literal["light", "dark"], ...] = ("dark", "light")
    for theme in themes:
        screen.emulate_media(color_scheme=theme)
        for width, height in ((1024, 768), (1440, 900)):
            screen.set_viewport_size({"width": width, "height": height})
            screen.screenshot(path=pictures / f"{name}-{theme}-{width}.png", full_page=True)

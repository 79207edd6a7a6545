"""Two studies whose sources are exchanged look the same to a reader who reads blind.

In one the contours shown are the model's, in the other those of the clinic; the voxels are the same
in both, so everything that reaches the browser must be the same: pages, addresses, answers,
headers, and the messages behind the pages. The first case is graded; in the second both contours
stand beside each other, and what is left in one study is left in the other.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from han5k_review.accounts.readers import add_reader
from han5k_review.imaging.volume import CtVolume
from han5k_review.importing.made_cases import MadeCase, store_case
from han5k_review.importing.study import create_study
from han5k_review.protocol.presets import build_preset
from han5k_review.protocol.reads import ReadWish, assign_reads, plan_reads
from han5k_review.protocol.record import Change, read_facts, set_protocol
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.vocabulary import Preset, Role, Split
from rigs.heard import Heard
from rigs.seeing import press_grade, sign_in
from rigs.server import running_server
from tests.browser.desk import PASSWORD
from tests.browser.small_study import GRID, STRUCTURES, box

SLOW = 60_000
NAMES_SOURCES = re.compile(r"pseudo|automatic|predict|reference contour|\bmodel\b")
CHOICE_BODIES = ("label_sets", "masks/a", "masks/d", "grades", "drafts", "contours/d.zip")
BODIES = (
    "label_sets",
    "masks/a",
    "grades",
    "drafts",
    "volume",
    "contours/a.zip",
    "contours/a.seg.nrrd",
    "contours/a.dcm",
    "contours/a.dcm.csv",
    "contours/a.seg.dcm",
    "contours/b.zip",
)


def build(root: Path, shown: str) -> None:
    """A study in which anna grades, blind, the contours of the source `shown`, then chooses."""
    study = create_study(root, "A reader study", now_utc=utc_now())
    seen = {name: box(name) for name in STRUCTURES}
    other = {name: box(name, 2) for name in STRUCTURES}
    for number in (1, 2):
        hu = np.random.default_rng(number).integers(-40, 80, GRID.shape).astype(np.int16)
        case = MadeCase(
            name=f"HN-{number:03}",
            patient=f"P{number:03}",
            split=Split.TRAIN,
            volume=CtVolume(grid=GRID, hu=hu),
            pseudo=seen if shown == "ai" else other,  # type: ignore[arg-type]
            reference=other if shown == "ai" else seen,  # type: ignore[arg-type]
            origin="test",
        )
        store_case(study, case, actor="test", now=utc_now())
    with transaction(study.engine) as session:
        anna = add_reader(
            session, name="anna", password=PASSWORD, role=Role.READER, actor="lead", now=utc_now()
        )
        facts = read_facts(session, study)
        both = ("ai", "reference") if shown == "ai" else ("reference", "ai")
        for preset, sources in ((Preset.OWN, both[:1]), (Preset.FORCED_CHOICE, both)):
            protocol = replace(build_preset(preset, facts), sources=sources)
            set_protocol(session, protocol, facts, change=Change(actor="lead", now=utc_now()))
            wish = ReadWish(reader_ids=(stored_id(anna),), most_cases=1)
            plan = plan_reads(session, wish)
            assign_reads(session, study, wish, seen=plan, actor="lead", now=utc_now())
    study.engine.dispose()


def read_blind(root: Path, page: Page) -> Heard:
    """What anna's browser hears while she reads two cases, signs them, and looks at her list."""
    heard = Heard()
    heard.listen(page)
    with running_server(root, root.parent / "web.log") as server:
        sign_in(page, server.url, "anna", PASSWORD)
        page.get_by_role("button", name=re.compile("Start")).click(timeout=SLOW)
        first = page.get_by_test_id("case")
        expect(first).to_be_visible(timeout=SLOW)
        name, address = first.text_content() or "", page.url
        read_case(page, heard, server.url, BODIES, done="are graded and saved")
        expect(first).not_to_have_text(name, timeout=SLOW)
        expect(page).not_to_have_url(address, timeout=SLOW)
        expect(page.get_by_test_id("view-upper-title")).to_contain_text("Right", timeout=SLOW)
        read_case(page, heard, server.url, CHOICE_BODIES, done="are chosen and saved")
        expect(page).to_have_url(re.compile("worklist"), timeout=SLOW)
        page.goto(f"{server.url}/worklist")
        expect(page.locator("[data-testid=row]")).to_have_count(2, timeout=SLOW)
        heard.read("the list", page.locator("body").inner_text().encode())
    return heard


def read_case(page: Page, heard: Heard, url: str, parts: Sequence[str], *, done: str) -> None:
    """Press 1 for each structure, ask for all that the routes give out, and sign."""
    number = page.url.rsplit("=", 1)[1]
    for _ in STRUCTURES:
        press_grade(page, "1")
    expect(page.get_by_test_id("question-words")).to_contain_text(done, timeout=SLOW)
    for part in parts:
        # A connection that lay idle may be closed by the server just now.
        answer = page.request.get(f"{url}/api/assignments/{number}/{part}", max_retries=3)
        heard.read(f"{part} {answer.status}", answer.body())
    page.get_by_test_id("answer-sign").click()
    expect(page.get_by_test_id("question-words")).to_contain_text("mine and final", timeout=SLOW)
    page.get_by_test_id("answer-sign").click()


@pytest.mark.browser
def test_a_blinded_reader_receives_the_same_whichever_source_is_shown(
    chromium: Browser, tmp_path: Path
) -> None:
    heard = []
    for shown in ("ai", "reference"):
        root = tmp_path / shown / "study"
        build(root, shown)
        if heard:
            shutil.copy(tmp_path / "ai" / "study" / "secret.key", root)
        with chromium.new_context(timezone_id="Europe/Berlin") as context:
            heard.append(read_blind(root, context.new_page()))
    model, clinic = heard
    assert len(model.facts) > 300
    assert sorted(model.facts ^ clinic.facts) == []
    assert model.find(NAMES_SOURCES) == []
    # No id of a row is seen: there are some twenty rows here, and numbers up to 2^31.
    assert len(model.rows) >= len(STRUCTURES)
    assert min(*model.rows, *clinic.rows) > 1000

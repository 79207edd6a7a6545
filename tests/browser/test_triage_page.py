"""The triage view in a real browser: figures, sentences, charts with their bands, and reasons."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import Session

from han5k_review.accounts.readers import add_reader
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, Case, Grade, Reader
from han5k_review.store.triage_tables import TriageDraw, TriageRound, TriageScore
from han5k_review.store.vocabulary import DrawArm, GradeLevel, Role, TriageKind
from rigs.databases import open_new_study
from rigs.seeing import let_in
from rigs.server import Server, running_server
from rigs.studies import NOON, add_case, add_identity, add_label, make_box, make_grid
from tests.browser.desk import PASSWORD

SLOW = 60_000
STRUCTURES = ("BrainStem", "ParotidL", "ParotidR")
CASES = 18
BAD = (8, 17, 26, 30, 34, 36, 38, *range(40, 54))  # 21, most of them with high scores


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """54 contours with scores from 0.01 to 0.99, a minute of reading each, graded afterwards."""
    folder = tmp_path_factory.mktemp("triage")
    study = open_new_study(folder / "study")
    add_identity(study)
    with transaction(study.engine) as session:
        lead, reader = (
            add_reader(session, name=name, password=PASSWORD, role=role, actor="test", now=NOON)
            for name, role in (("lead", Role.LEAD), ("anna", Role.READER))
        )
        made = TriageRound(
            version="2",
            kind=TriageKind.GRADES,
            content_sha256="0" * 64,
            contours=3 * CASES,
            graded=60,
            area=0.8,
            actor=lead.name,
            made_at_utc=NOON,
        )
        session.add(made)
        session.flush()
        for number in range(CASES):
            add_read_case(session, study, made, reader, number)
    study.engine.dispose()
    with running_server(study.root, folder / "server.log") as running:
        yield running


def add_read_case(
    session: Session, study: Study, made: TriageRound, reader: Reader, number: int
) -> None:
    """Three contours, their scores, and grades a minute later; every third case at random."""
    grid = make_grid((16, 16, 8))
    case = add_case(session, f"HN-{number:02d}", grid)
    place = Assignment(case_id=stored_id(case), reader_id=stored_id(reader), presentation_order=1)
    session.add(place)
    session.flush()
    add_draw(session, made, reader, case, number)
    for n, structure in enumerate(STRUCTURES):
        at = 3 * number + n
        label = add_label(session, study, case, structure, make_box(grid, (2, 6), (2, 6), (1, 5)))
        doubt = 0.01 + at * 0.98 / (3 * CASES - 1)
        session.add(
            TriageScore(
                round_id=stored_id(made),
                label_version_id=stored_id(label),
                doubt=doubt,
                is_doubtful=doubt >= 0.5,
                reasons=["Its volume is 3.1 standard deviations below the cohort's."],
            )
        )
        bad = at in BAD
        session.add(
            Grade(
                assignment_id=stored_id(place),
                label_version_id=stored_id(label),
                structure=structure,
                scale="han5k-3",
                raw_code="2" if bad else "1",
                level=GradeLevel.MINOR if bad else GradeLevel.NO,
                active_seconds=60,
                graded_at_utc=NOON + timedelta(minutes=1),
                request_id=f"read-{at}",
            )
        )


def add_draw(session: Session, made: TriageRound, reader: Reader, case: Case, number: int) -> None:
    is_random = number % 3 == 0
    session.add(
        TriageDraw(
            round_id=stored_id(made),
            reader_id=stored_id(reader),
            case_id=stored_id(case),
            arm=DrawArm.RANDOM if is_random else DrawArm.DOUBT,
            doubt=float(number),
            stratum=2 - number // 6,
            stratum_cases=6,
            stratum_drawn=2,
            pool_cases=CASES,
            drawn=6,
            probability=1 / 3 if is_random else None,
            seed=0,
            drawn_at_utc=NOON,
        )
    )


@pytest.mark.browser
def test_a_lead_sees_how_well_scores_predicted_and_why_contours_are_doubtful(
    server: Server, screen: Page, pictures: Path
) -> None:
    let_in(screen, server.url, "lead", PASSWORD)
    for theme, width, height in (("light", 1440, 900), ("dark", 1024, 768)):
        screen.emulate_media(color_scheme=theme)
        screen.set_viewport_size({"width": width, "height": height})
        screen.goto(f"{server.url}/results?view=Triage")
        expect(screen.locator(".gtitle")).to_have_count(4, timeout=SLOW)
        expect(screen.locator("[data-testid=row]").first).to_be_visible(timeout=SLOW)
        screen.screenshot(path=pictures / f"triage-{theme}-{width}.png")
    expect(screen.get_by_text("Random arm: 6 of 6 cases drawn at random")).to_be_visible()
    # A minute each: random order needs 90 % of 54 minutes.
    expect(screen.get_by_text("of 49")).to_be_visible()
    expect(screen.get_by_text("on average the scores expected 50 % to be revised")).to_be_visible()
    expect(screen.get_by_text("3.1 standard deviations below").first).to_be_visible()
    for title in ("(ROC)", "Risk against coverage", "Calibration"):
        expect(screen.locator(".gtitle", has_text=title)).to_be_visible()

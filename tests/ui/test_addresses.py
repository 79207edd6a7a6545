"""What stands in a page's address is read with its bounds, and answered in a sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from han5k_review.errors import DataError
from han5k_review.ui.places import find_assignment_id
from han5k_review.ui.view_choice import ViewChoice
from rigs.seeing import let_in
from rigs.server import running_server
from tests.web.bench import PASSWORD, build_bench

SLOW = 60_000  # ms
ODD = ("9" * 23, "2147483648", "-1", "1.5", "²", "١٢", "1_0", " 1", "x")


@pytest.mark.parametrize("text", ODD)
def test_what_no_row_can_have_is_no_id(text: str) -> None:
    with pytest.raises(DataError, match="open your worklist"):
        find_assignment_id({"assignment": text})


def test_a_right_id_is_read() -> None:
    assert find_assignment_id({}) is None
    assert find_assignment_id({"assignment": "12"}) == 12


def test_a_choice_without_a_fitting_number_is_left_out() -> None:
    choice = ViewChoice.from_query({"slice": "0", "base": "9" * 23, "structure": "Brain"})
    assert (choice.slice_k, choice.base, choice.structure) == (0, None, "Brain")
    assert ViewChoice.from_query({"slice": "-3", "base": "4"}).slice_k is None


@pytest.mark.browser
def test_an_odd_address_shows_a_sentence(tmp_path: Path, screen: Page, postgres_url: str) -> None:
    """Of the two databases PostgreSQL refuses more: numbers from 2^31, NUL."""
    study, log = tmp_path / "study", tmp_path / "web.log"
    build_bench(study, postgres_url).study.engine.dispose()
    with running_server(study, log, database_url=postgres_url) as server:
        let_in(screen, server.url, "lena", PASSWORD)
        for page, query, expected in (
            ("review", "assignment=" + "9" * 23, "The number of an assignment was expected"),
            ("review", "assignment=214748364", "not one of yours"),
            ("review", "assignment=%C2%B2", "The number of an assignment was expected"),
            ("surfaces", "assignment=" + "9" * 23, "The number of an assignment was expected"),
            ("review", "case=a%00b", "expected"),
            ("surfaces", "case=a%00b", re.compile("Choose a case first|expected")),
        ):
            screen.goto(f"{server.url}/{page}?{query}")
            alert = screen.locator("[data-testid=stAlert]").first
            expect(alert).to_contain_text(expected, timeout=SLOW)
            expect(screen.locator("[data-testid=stException]")).to_have_count(0)
        assert "Traceback" not in server.log.read_text()

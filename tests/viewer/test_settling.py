"""An edit is never forgotten: it is submitted with its grade, kept or discarded, each by a key."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from sqlmodel import select

from han5k_review.review.decisions.adjudication import list_questions
from han5k_review.store.draft_tables import Draft
from han5k_review.store.engine import reading
from han5k_review.store.tables import Grade, Revision
from han5k_review.store.vocabulary import DraftState
from rigs.seeing import look
from tests.viewer.drawing_table import Table, near, on_slice
from tests.viewer.test_drafts import offered

BIG = ((6, 6, 5), (15, 14, 5))


def ask(screen: Page) -> None:
    """Wait until a question is there, and has been in sight for a moment."""
    # The first measurement after an installation compiles.
    expect(screen.get_by_test_id("question")).to_be_visible(timeout=60_000)
    screen.wait_for_function(
        "(since) => performance.now() - since > 300", arg=screen.evaluate("performance.now()")
    )


def draw(table: Table, size: int = 30) -> None:
    table.edit()
    table.show("axial", 5)
    table.size(size)
    table.drag("axial", 5, *BIG)
    table.stored()


def grades(table: Table) -> Sequence[Grade]:
    with reading(table.bench.study.engine) as session:
        return session.exec(select(Grade).order_by("id")).all()


def states(table: Table) -> list[DraftState]:
    with reading(table.bench.study.engine) as session:
        return [draft.state for draft in session.exec(select(Draft).order_by("id"))]


def test_an_edit_is_graded_and_submitted_in_one_act(table: Table) -> None:
    screen = table.screen
    draw(table)
    screen.keyboard.press("Shift+E")
    ask(screen)
    words = screen.get_by_test_id("question-words")
    expect(words).to_contain_text("ParotidL has no grade yet. Your edit changes")
    expect(screen.get_by_test_id("answer-code-major")).to_contain_text("fits the edit")
    screen.keyboard.press("Enter")
    expect(screen.get_by_test_id("edit-alert")).to_contain_text("Revision of ParotidL submitted")
    expect(screen.get_by_test_id("progress")).to_contain_text("1 / 3 graded")
    (grade,) = grades(table)
    assert grade.raw_code == "major"
    with reading(table.bench.study.engine) as session:
        assert session.exec(select(Revision)).one().grade_id == grade.id


def test_another_grade_or_none_can_be_chosen_with_the_submission(table: Table) -> None:
    screen = table.screen
    draw(table)
    screen.keyboard.press("Shift+E")
    ask(screen)
    screen.keyboard.press("Escape")
    expect(screen.get_by_test_id("question")).to_be_hidden()
    assert states(table) == [DraftState.OPEN]
    screen.keyboard.press("Shift+E")
    ask(screen)
    screen.keyboard.press("w")
    expect(screen.get_by_test_id("edit-alert")).to_contain_text("Revision of ParotidL submitted")
    assert list(grades(table)) == []


def test_a_grade_that_does_not_fit_is_changed_and_submitted_by_one_key(table: Table) -> None:
    screen = table.screen
    look(screen)
    screen.keyboard.press("1")
    expect(screen.get_by_test_id("progress")).to_contain_text("1 / 3 graded")
    screen.locator("[data-structure=ParotidL]").click()
    draw(table)
    screen.keyboard.press("Shift+E")
    ask(screen)
    change = screen.get_by_test_id("answer-code-major")
    expect(change).to_contain_text("Change the grade to major revision and submit")
    screen.keyboard.press("Enter")
    expect(screen.get_by_test_id("edit-alert")).to_contain_text("Revision of ParotidL submitted")
    assert [grade.raw_code for grade in grades(table)] == ["no", "major"]


def test_a_grade_after_the_edit_is_linked_and_asked_about(table: Table) -> None:
    screen = table.screen
    draw(table)
    screen.keyboard.press("Shift+E")
    ask(screen)
    screen.keyboard.press("w")
    expect(screen.get_by_test_id("edit-alert")).to_contain_text("Revision of ParotidL submitted")
    look(screen)
    screen.keyboard.press("1")
    ask(screen)
    words = screen.get_by_test_id("question-words")
    expect(words).to_contain_text("You graded ParotidL “no revision”, but your edit changes")
    screen.keyboard.press("Enter")
    expect(screen.get_by_test_id("save-state")).to_contain_text("saved")
    expect(screen.locator("[data-structure=ParotidL]")).to_have_attribute("data-grade", "major")
    screen.wait_for_function("() => !Object.keys(localStorage).some((k) => k.includes('.grade.'))")
    assert [grade.raw_code for grade in grades(table)] == ["no", "major"]
    with reading(table.bench.study.engine) as session:
        (question,) = list_questions(session, names_reads=True)
        assert question.candidates[0].grade is not None
        assert question.candidates[0].grade.raw_code == "major"


@pytest.mark.parametrize(
    ("key", "state", "goes"),
    [
        ("Enter", DraftState.OPEN, True),
        ("d", DraftState.DISCARDED, True),
        ("Escape", DraftState.OPEN, False),
    ],
)
def test_leaving_a_structure_says_that_its_edit_is_not_submitted(
    table: Table, key: str, state: DraftState, goes: bool
) -> None:
    screen = table.screen
    draw(table)
    screen.keyboard.press("n")
    ask(screen)
    words = screen.get_by_test_id("question-words")
    expect(words).to_have_text("1 edit of ParotidL is not submitted.")
    screen.keyboard.press(key)
    expect(screen.get_by_test_id("question")).to_be_hidden()
    chosen = "ParotidR" if goes else "ParotidL"
    expect(screen.get_by_test_id("workspace")).to_have_attribute("data-chosen", chosen)
    assert states(table) == [state]


def test_an_edit_can_be_submitted_when_its_structure_is_left(table: Table) -> None:
    screen = table.screen
    draw(table)
    screen.keyboard.press("n")
    ask(screen)
    screen.keyboard.press("s")
    expect(screen.get_by_test_id("answer-code-major")).to_be_visible()
    ask(screen)
    screen.keyboard.press("Enter")
    expect(screen.get_by_test_id("workspace")).to_have_attribute("data-chosen", "ParotidR")
    assert states(table) == [DraftState.SUBMITTED]


def test_a_draft_without_a_change_is_left_without_a_word(table: Table) -> None:
    screen = table.screen
    mark = screen.locator("[data-structure=ParotidL] .state-mark")
    table.edit()
    expect(mark).to_be_visible()
    screen.keyboard.press("n")
    expect(screen.get_by_test_id("workspace")).to_have_attribute("data-chosen", "ParotidR")
    expect(screen.get_by_test_id("question")).to_be_hidden()
    expect(mark).to_be_hidden()
    table.open()
    draw(table)
    screen.keyboard.press("Control+z")
    table.stored()
    with screen.expect_response("**/lease"):
        screen.keyboard.press("n")
    expect(screen.get_by_test_id("workspace")).to_have_attribute("data-chosen", "ParotidR")
    assert set(states(table)) == {DraftState.DISCARDED}


def test_the_case_is_not_left_with_an_edit_unsaid(table: Table) -> None:
    screen = table.screen
    draw(table)
    screen.keyboard.press("Shift+N")
    ask(screen)
    words = screen.get_by_test_id("question-words")
    expect(words).to_have_text("1 edit is not submitted: ParotidL.")
    screen.keyboard.press("Escape")
    expect(screen.locator("[data-action=brush]")).to_be_visible()
    assert screen.evaluate("window.events") == []
    screen.keyboard.press("Shift+N")
    ask(screen)
    screen.keyboard.press("Enter")
    screen.wait_for_function("() => window.events.some(([, event]) => event.kind === 'next_case')")


def test_a_draft_is_reopened_at_its_own_slice_and_zoom(table: Table) -> None:
    screen = table.screen
    view = screen.get_by_test_id("view-main")
    table.edit()
    table.show("axial", 11)
    table.drag("axial", 11, (8, 9, 11), (13, 13, 11))
    table.stored()
    for _ in range(3):
        screen.keyboard.press("+")
    screen.evaluate(
        "() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))"
    )
    scale = screen.get_by_test_id("view-main-scale").inner_text()
    screen.locator("[data-structure=BrainStem]").click()
    ask(screen)
    screen.keyboard.press("Enter")
    expect(screen.get_by_test_id("workspace")).to_have_attribute("data-chosen", "BrainStem")
    expect(view).not_to_have_attribute("data-slice", "11")
    table.open()
    table.edit()
    expect(view).to_have_attribute("data-slice", "11")
    expect(screen.get_by_test_id("view-main-scale")).to_have_text(scale)


def test_steps_go_back_after_a_reload(table: Table) -> None:
    screen = table.screen
    table.edit()
    table.show("axial", 5)
    first = table.drag("axial", 5, *BIG)
    table.drag("axial", 5, (4, 4, 5), (4, 15, 5))
    table.stored(2)
    table.mount()
    offered(screen)
    screen.keyboard.press("Control+z")
    wanted = table.start() | (near(first, 5) & on_slice("axial", 5))
    np.testing.assert_array_equal(table.stored(), wanted)
    screen.keyboard.press("Control+Shift+z")
    table.stored()
    screen.keyboard.press("Control+z")
    screen.keyboard.press("Control+z")
    np.testing.assert_array_equal(table.stored(2), table.start())
    screen.keyboard.press("Control+y")
    np.testing.assert_array_equal(table.stored(), wanted)


@pytest.mark.parametrize("size", [(1440, 900), (1024, 768), (960, 600)])
def test_nothing_moves_under_the_hand(table: Table, size: tuple[int, int]) -> None:
    """960 x 600 is what 150 % zoom leaves of 1440 x 900."""
    screen = table.screen
    screen.set_viewport_size({"width": size[0], "height": size[1]})
    draw(table)
    watched = [
        screen.get_by_test_id("grade-minor"),
        screen.locator("[data-action=edit]"),
        screen.locator("[data-action=submit-edit]"),
        screen.get_by_test_id("edit-discard"),
        screen.locator("[data-action=brush]"),
        screen.get_by_test_id("stage"),
    ]
    places = [one.bounding_box() for one in watched]
    for one in watched[:4]:
        expect(one).to_be_in_viewport(ratio=1)
    screen.context.set_offline(True)
    table.drag("axial", 5, (4, 4, 5), (4, 15, 5))
    expect(screen.get_by_test_id("edit-alert")).to_be_visible()
    look(screen)
    screen.locator("[data-structure=ParotidL]").click()
    screen.get_by_test_id("grade-major").click()
    expect(screen.get_by_test_id("alert")).to_be_visible()
    screen.keyboard.press("Escape")
    assert [one.bounding_box() for one in watched] == places
    screen.context.set_offline(False)

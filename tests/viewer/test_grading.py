"""Grading with keys: nothing is said to be saved before it is, and nothing is lost."""

from __future__ import annotations

import re

from playwright.sync_api import Page, Route, expect

from han5k_review.review.row_numbers import RowKind, number_task
from rigs.seeing import look, press_grade
from rigs.viewer_cases import bring_under_review
from tests.viewer.grades_given import EVENTS, NAMES, Open, case, chosen, grade_of, said, said_saved


def test_a_key_grades_and_goes_on(open_desk: Open, screen: Page) -> None:
    desk = open_desk(case())
    press_grade(screen, "2")
    chosen(screen, "Larynx")
    said_saved(screen)
    grade_of(screen, "BrainStem", "minor")
    expect(screen.get_by_test_id("progress")).to_have_text("1 / 3 graded")
    [grade] = desk.grades()
    brain_stem = desk.payload(1).structures[0]
    assert brain_stem.name == "BrainStem"
    assert (grade.structure, grade.raw_code) == ("BrainStem", "minor")
    numbers = number_task(desk.study.root, 1)
    shown = numbers.show(RowKind.LABEL_VERSION, grade.label_version_id)
    assert shown == brain_stem.label_version
    assert grade.opened_at_utc is not None
    assert grade.opened_at_utc <= grade.graded_at_utc


def test_a_click_grades_as_well(open_desk: Open, screen: Page) -> None:
    desk = open_desk(case())
    look(screen)
    screen.get_by_test_id("grade-major").click()
    said_saved(screen)
    assert [one.raw_code for one in desk.grades()] == ["major"]
    screen.keyboard.press("Space")
    chosen(screen, "ParotidL")


def test_tags_comment_and_flag_travel_with_the_grade(open_desk: Open, screen: Page) -> None:
    desk = open_desk(case())
    screen.keyboard.press("t")
    screen.keyboard.press("c")
    screen.keyboard.press("s")
    screen.keyboard.press("t")
    screen.keyboard.press("f")
    screen.keyboard.press("c")
    screen.keyboard.type("lower end missing")
    screen.keyboard.press("Escape")
    press_grade(screen, "3")
    said_saved(screen)
    [grade] = desk.grades()
    assert grade.tags == ["cranial", "island"]
    assert grade.comment == "lower end missing"
    assert grade.flagged_slices == [4]


def test_a_comment_after_the_grade_amends_it(open_desk: Open, screen: Page) -> None:
    desk = open_desk(case())
    press_grade(screen, "1")
    said_saved(screen)
    screen.keyboard.press("p")
    chosen(screen, "BrainStem")
    screen.get_by_test_id("comment").fill("fine, thin rim")
    with screen.expect_response(lambda answer: "thin rim" in (answer.request.post_data or "")):
        screen.keyboard.press("Escape")
    assert [one.comment for one in desk.grades()] == ["", "fine, thin rim"]
    assert desk.grades()[1].raw_code == "no"


def test_an_older_answer_takes_no_grade_back(open_desk: Open, screen: Page) -> None:
    """The tab comes back to front and asks; a grade is stored before the answer arrives."""
    desk = open_desk(case())
    older = screen.request.get(screen.url.split("/harness")[0] + "/api/assignments/1/grades")
    late: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "GET":
            late.append(route)
        else:
            route.continue_()

    screen.route("**/grades", hold)
    with screen.expect_request("**/grades"):
        screen.evaluate("() => window.dispatchEvent(new Event('focus'))")
    press_grade(screen, "1")
    said_saved(screen)
    with screen.expect_response("**/grades"):
        late[0].fulfill(response=older)
    screen.keyboard.press("p")
    chosen(screen, "BrainStem")
    grade_of(screen, "BrainStem", "no")
    assert [one.raw_code for one in desk.grades()] == ["no"]


def test_undo_withdraws_or_restores(open_desk: Open, screen: Page) -> None:
    desk = open_desk(case())
    press_grade(screen, "1")
    chosen(screen, "Larynx")
    screen.keyboard.press("p")
    press_grade(screen, "3")
    grade_of(screen, "BrainStem", "major")
    screen.keyboard.press("z")
    grade_of(screen, "BrainStem", "no")
    screen.keyboard.press("z")
    grade_of(screen, "BrainStem", "")
    said_saved(screen)
    expect(screen.get_by_test_id("progress")).to_have_text("0 / 3 graded")
    expect(screen.locator(".mark.pending")).to_have_count(0)
    assert [one.raw_code for one in desk.grades()] == ["no", "major", "no", None]


def test_without_a_network_grades_wait_and_are_sent_when_it_returns(
    open_desk: Open, screen: Page
) -> None:
    desk = open_desk(case())
    screen.context.set_offline(True)
    press_grade(screen, "1")
    press_grade(screen, "2")
    said(screen, "waiting for the network (2)")
    grade_of(screen, "BrainStem", "no")
    assert desk.grades() == []
    screen.context.set_offline(False)
    said_saved(screen)
    assert [one.structure for one in desk.grades()] == ["BrainStem", "Larynx"]


def test_a_closed_tab_does_not_lose_what_waits(open_desk: Open, screen: Page) -> None:
    desk = open_desk(case())
    screen.context.clear_cookies()
    press_grade(screen, "2")
    said(screen, "signed out (1 kept)")
    expect(screen.get_by_test_id("sign-in")).to_be_visible()
    desk.sign_in(screen.context, screen.url, "anna")
    screen.reload()
    said_saved(screen)
    grade_of(screen, "BrainStem", "minor")
    assert [one.raw_code for one in desk.grades()] == ["minor"]


def test_an_expired_session_asks_to_sign_in(open_desk: Open, screen: Page) -> None:
    open_desk(case())
    screen.context.clear_cookies()
    press_grade(screen, "2")
    screen.get_by_test_id("sign-in").click()
    assert screen.evaluate(EVENTS) == [["event", {"kind": "sign_in"}]]


def test_a_stale_label_is_said_and_the_grade_taken_back(open_desk: Open, screen: Page) -> None:
    desk = open_desk(case())
    bring_under_review(desk.study, "BrainStem")
    press_grade(screen, "1")
    said(screen, "not saved")
    expect(screen.get_by_test_id("alert")).to_contain_text("is for an older contour")
    grade_of(screen, "BrainStem", "")


def test_a_refused_change_leaves_the_grade_that_stands(open_desk: Open, screen: Page) -> None:
    desk = open_desk(case())
    press_grade(screen, "1")
    said_saved(screen)
    bring_under_review(desk.study, "BrainStem")
    screen.keyboard.press("p")
    press_grade(screen, "3")
    said(screen, "not saved")
    grade_of(screen, "BrainStem", "no")


def test_another_accounts_grades_are_kept_not_sent_in_a_wrong_name(
    open_desk: Open, screen: Page
) -> None:
    desk = open_desk(case())
    desk.sign_in(screen.context, screen.url, "ben")
    press_grade(screen, "1")
    said(screen, "kept for another account (1)")
    assert desk.grades() == []


def test_the_last_grade_tells_the_page_once(open_desk: Open, screen: Page) -> None:
    open_desk(case())
    for _ in NAMES:
        press_grade(screen, "1")
        said_saved(screen)
    expect(screen.get_by_test_id("progress")).to_have_text("3 / 3 graded")
    said_saved(screen)
    screen.wait_for_function("window.events.length > 0")
    assert screen.evaluate(EVENTS) == [["event", {"kind": "graded", "graded": 3, "total": 3}]]


def test_the_next_case_is_asked_of_the_page_and_opens_in_place(
    open_desk: Open, screen: Page
) -> None:
    desk = open_desk(*(case(has_next=True, level=40 * n) for n in range(3)))
    until_prefetched(screen, 2)
    screen.keyboard.press("Shift+N")
    assert screen.evaluate(EVENTS) == [["event", {"kind": "next_case"}]]
    screen.evaluate("async () => window.mount(await (await fetch('/mount?assignment=2')).json())")
    expect(screen.get_by_test_id("workspace")).to_have_attribute("data-loaded", "2/2")
    until_prefetched(screen, 3)
    first_slab = re.compile(r"/api/assignments/2/volume/\w+/0")
    assert len([path for path in desk.asked if first_slab.fullmatch(path)]) == 1


def until_prefetched(screen: Page, assignment: int) -> None:
    screen.wait_for_function(
        """(start) => performance.getEntriesByType('resource')
          .some(({ name }) => name.startsWith(start) && name.endsWith('/0'))""",
        arg=f"{screen.url.split('/harness')[0]}/api/assignments/{assignment}/volume/",
    )


def test_a_rerun_of_the_page_keeps_the_reader_where_they_are(open_desk: Open, screen: Page) -> None:
    open_desk(case())
    screen.keyboard.press("n")
    screen.keyboard.press("ArrowUp")
    screen.evaluate("async () => window.mount(await (await fetch('/mount')).json())")
    chosen(screen, "Larynx")
    expect(screen.get_by_test_id("view-main")).to_have_attribute("data-slice", "8")
    expect(screen.get_by_test_id("workspace")).to_have_count(1)


def test_a_read_only_case_takes_no_grade(open_desk: Open, screen: Page) -> None:
    desk = open_desk(case(), view="case=HN-001", who="lena")
    press_grade(screen, "1")
    expect(screen.get_by_test_id("grade-no")).to_be_hidden()
    chosen(screen, "BrainStem")
    assert desk.grades() == []

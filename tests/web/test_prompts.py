"""Prompts through a real server of the protocol: what it answers, what is kept, who may ask."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sqlmodel import col, select

from han5k_review.protocol.presets import Preset, build_preset
from han5k_review.protocol.record import Change, read_facts, set_protocol
from han5k_review.store.columns import utc_now
from han5k_review.store.draft_tables import DraftPrompt
from han5k_review.store.engine import reading, transaction
from han5k_review.store.tables import Assignment, Audit
from rigs.prompt_model import grow, mark_point
from rigs.prompt_server import LICENCE, VERSION, PromptServer
from tests.web.bench import WebBench
from tests.web.conftest import Visit
from tests.web.drafting import DOT, PAROTID, Tab, patch
from tests.web.prompting import (
    FAR,
    GROWTH,
    INSIDE,
    PromptTab,
    ask_the_client,
    count_prompts,
)

pytestmark = pytest.mark.parametrize("bench", ["sqlite"], indirect=True)


def test_points_lines_and_boxes_give_what_the_model_gives_from_our_contour(
    bench: WebBench, prompting: PromptTab, server: PromptServer
) -> None:
    state = prompting.tab.client.get(f"{PAROTID}/prompts").json()
    host = server.url.removeprefix("http://")
    assert state == {"available": True, "why": None, "licence": LICENCE, "server": host}
    assert server.look()["prompts"] == [], "looking claims nothing"

    answer = prompting.ask("point", FAR)
    assert np.array_equal(prompting.read(answer), prompting.grow(FAR))
    assert np.array_equal(prompting.read(answer), ask_the_client(server, prompting, FAR))
    assert prompting.take(answer, "point").status_code == 200
    before = server.look()["asked"]

    answer = prompting.ask("point", INSIDE, include=False)
    assert np.array_equal(prompting.read(answer), prompting.grow(INSIDE, include=False))
    after = server.look()["asked"]
    sent = ("/claim", "/set_image", "/add_initial_seg_interaction")
    assert [after[path] for path in sent] == [before[path] for path in sent]

    assert prompting.tab.draw((20, 15, 15), DOT).status_code == 200  # and the answer is not taken
    answer = prompting.ask("scribble", (6, 5, 4), (6, 5, 6))
    wide = [(i, 5, k) for i in (5, 6, 7) for k in (3, 4, 5, 6, 7)]  # in the coronal slice j = 5
    assert np.array_equal(prompting.read(answer), prompting.grow(*wide))
    after_line = server.look()["asked"]
    assert after_line["/add_initial_seg_interaction"] == before["/add_initial_seg_interaction"] + 1


def test_an_audit_row_and_the_journal_tell_the_licence_of_what_was_taken(
    bench: WebBench, prompting: PromptTab, server: PromptServer
) -> None:
    tab = prompting.tab
    unasked = {"tool": "prompt-point"}
    refused = tab.send(patch((20, 15, 15), DOT, 0, **unasked))
    assert (refused.status_code, refused.json()["reason"]) == (422, "bad_patch")
    for point in (FAR, (4, 15, 12)):
        assert prompting.take(prompting.ask("point", point), "point").status_code == 200
    assert np.array_equal(tab.fetch_mask()[1], tab.mask)
    assert tab.submit(confirmed=True).status_code == 201
    with reading(bench.study.engine) as session:
        query = select(Audit).where(col(Audit.action) == "submit revision")
        detail = session.exec(query).one().detail
        kept = session.exec(select(DraftPrompt).order_by(col(DraftPrompt.id))).all()
        rows = [(row.kind, row.version, tuple(row.points[0]), row.licence) for row in kept]
    host = server.url.removeprefix("http://")
    assert detail["smart_steps"] == {"prompt-point": 2}
    assert detail["prompts"] == [f"prompts by {host} (nnInteractive {VERSION}), licence {LICENCE}"]
    assert rows == [("point", 0, FAR, LICENCE), ("point", 1, (4, 15, 12), LICENCE)]


def test_what_cannot_be_asked_is_refused_before_the_server_hears_of_it(
    bench: WebBench, prompting: PromptTab, server: PromptServer
) -> None:
    before = server.look()["asked"]
    ring = [(10, 10, 5), (14, 10, 5), (14, 14, 6)]
    for kind, points, fields, status, reason in (
        ("point", [(24, 0, 0)], {}, 422, "bad_prompt"),
        ("point", [(0, -1, 0)], {}, 422, "bad_prompt"),
        ("lasso", ring[:2], {}, 422, "bad_prompt"),
        ("lasso", ring, {}, 422, "bad_prompt"),
        ("box", ring[:1], {}, 422, "bad_prompt"),
        ("box", [FAR, FAR], {}, 422, "bad_prompt"),
        ("point", [FAR], {"version": 3}, 409, "gap"),
        ("point", [FAR], {"holder": "another-tab"}, 409, "lease_lost"),
    ):
        refused = prompting.ask(kind, *points, **fields)
        assert (refused.status_code, refused.json()["reason"]) == (status, reason), refused.text
        sentence = refused.json()["error"]
        assert (sentence.count(". "), sentence[-1]) == (0, "."), sentence
    assert server.look()["asked"] == before
    assert prompting.ask("box", (10, 10, 5), (14, 14, 9)).status_code == 422  # as its model says
    assert count_prompts(bench) == 0


def test_an_answer_that_comes_after_the_lease_was_lost_is_no_step(
    prompting: PromptTab, server: PromptServer
) -> None:
    answer = prompting.ask("point", FAR)
    other = Tab(client=prompting.tab.client, url=PAROTID, mask=prompting.tab.mask)
    assert other.open(take_over=True).status_code == 200
    before = server.look()["asked"]
    for refused in (prompting.take(answer, "point"), prompting.ask("point", FAR)):
        assert (refused.status_code, refused.json()["reason"]) == (409, "lease_lost")
    assert server.look()["asked"] == before
    told, mask = other.fetch_mask()
    assert told["version"] == 0
    assert np.array_equal(mask, prompting.tab.mask)


def test_a_box_and_a_lasso_grow_from_what_they_hold_and_a_short_line_from_its_voxel(
    prompting: PromptTab,
) -> None:
    seen = prompting.bench.hu
    answer = prompting.ask("scribble", FAR)
    i, j, k = FAR
    wide = [(i + a, j + b, k) for a in (-1, 0, 1) for b in (-1, 0, 1)]
    assert np.array_equal(prompting.read(answer), prompting.grow(*wide))
    answer = prompting.ask("box", (14, 14, 5), (10, 10, 5))
    span = ((10, 15), (10, 15), (5, 6))
    grown = grow(seen, mark_point(seen.shape, (12, 12, 5)), GROWTH, span)
    assert np.array_equal(prompting.read(answer), prompting.tab.mask | grown)

    answer = prompting.ask("lasso", (10, 10, 5), (14, 10, 5), (14, 14, 5), (10, 14, 5))
    within = [(i, j, 5) for i in range(10, 15) for j in range(10, 15)]
    assert np.array_equal(prompting.read(answer), prompting.grow(*within))


def test_where_assistance_is_forbidden_or_no_server_is_set_none_is_asked(
    bench: WebBench, visit: Visit, prompting: PromptTab, server: PromptServer
) -> None:
    without = PromptTab(tab=replace(prompting.tab, client=visit("anna")), bench=bench)
    told = without.tab.client.get(f"{PAROTID}/prompts").json()
    assert (told["available"], told["server"]) == (False, None)
    assert "No nnInteractive server is set" in told["why"]
    refused = without.ask("point", FAR)
    assert (refused.status_code, refused.json()["reason"]) == (409, "no_prompts")

    with transaction(bench.study.engine) as session:
        facts = read_facts(session, bench.study)
        protocol = replace(build_preset(Preset.ACCEPTANCE, facts), ai_assistance=False)
        change = Change(actor="lena", now=utc_now())
        task = session.get_one(Assignment, 1)
        task.protocol_id = set_protocol(session, protocol, facts, change=change).id
    before = server.look()["asked"]
    told = prompting.tab.client.get(f"{PAROTID}/prompts").json()
    assert (told["available"], "allows no assistance" in told["why"]) == (False, True)
    refused = prompting.ask("point", FAR)
    assert (refused.status_code, refused.json()["reason"]) == (403, "no_assistance")
    refused = prompting.tab.send(patch((0, 0, 0), DOT, 0, tool="prompt-point"))
    assert (refused.status_code, refused.json()["reason"]) == (409, "no_assistance")
    assert server.look()["asked"] == before

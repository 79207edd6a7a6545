"""Prompts through a real server of the protocol: what it answers, and each way it can fail."""

from __future__ import annotations

import base64
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from sqlmodel import col, select

from han5k_review.prompting.client import nnInteractiveRemoteInferenceSession
from han5k_review.protocol.presets import Preset, build_preset
from han5k_review.protocol.record import Change, read_facts, set_protocol
from han5k_review.review.drafts.voxel_runs import decode_runs
from han5k_review.store.columns import utc_now
from han5k_review.store.draft_tables import DraftPrompt
from han5k_review.store.engine import reading, transaction
from han5k_review.store.tables import Assignment, Audit
from rigs.prompt_model import Growth, grow, join, mark_point
from rigs.prompt_server import KEY, LICENCE, VERSION, PromptServer, running_prompt_server
from rigs.server import running_server
from tests.web.bench import PASSWORD, WebBench
from tests.web.conftest import Visit
from tests.web.drafting import DOT, PAROTID, Tab, patch

GROWTH = Growth(tolerance_hu=1300, reach=4)
INSIDE, FAR = (2, 5, 4), (14, 10, 10)

pytestmark = pytest.mark.parametrize("bench", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PromptServer]:
    log = tmp_path_factory.mktemp("prompts") / "server.log"
    with running_prompt_server(log, growth=GROWTH) as server:
        yield server


@pytest.fixture
def server(started: PromptServer) -> Iterator[PromptServer]:
    yield started
    if started.process.poll() is not None:
        started.restart()
    started.misbehave("")


@dataclass(slots=True, kw_only=True)
class PromptTab:
    """A tab that asks with prompts and takes the answers as steps."""

    tab: Tab
    bench: WebBench

    def ask(self, kind: str, *points: tuple[int, ...], **fields: Any) -> httpx.Response:
        sent = {
            "id": uuid.uuid4().hex,
            "holder": self.tab.holder,
            "draft": self.tab.draft,
            "version": self.tab.version,
            "kind": kind,
            "include": True,
            "points": [list(point) for point in points],
        }
        return self.tab.client.post(f"{self.tab.url}/prompts", json=sent | fields)

    def read(self, answer: httpx.Response) -> np.ndarray:
        """The whole mask (i, j, k) after the answer."""
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert told["mode"] == "xor"
        assert told["licence"] == LICENCE
        after = self.tab.mask.copy()
        if told["runs"]:
            place = tuple(
                slice(a, a + n) for a, n in zip(told["start"], told["shape"], strict=True)
            )
            after[place] ^= decode_runs(base64.b64decode(told["runs"]), tuple(told["shape"]))
        return after

    def take(self, answer: httpx.Response, kind: str) -> httpx.Response:
        """Make one step of the answer."""
        told = answer.json()
        stroke = {name: told[name] for name in ("start", "shape", "runs", "mode")}
        version = self.tab.version
        stroke |= {"id": uuid.uuid4().hex, "base_version": version, "tool": f"prompt-{kind}"}
        after = self.read(answer)
        kept = self.tab.send(stroke)
        if kept.status_code == 200:
            self.tab.mask, self.tab.version = after, version + 1
        return kept

    def grow(self, *points: tuple[int, ...], include: bool = True) -> np.ndarray:
        """What the model says of points, worked out here."""
        seeds = np.any([mark_point(self.bench.hu.shape, point) for point in points], axis=0)
        return join(self.tab.mask, grow(self.bench.hu, seeds, GROWTH), include=include)

    def leave(self) -> None:
        left = self.tab.client.request(
            "DELETE", f"{self.tab.url}/prompts", json={"holder": self.tab.holder}
        )
        assert left.status_code == 204, left.text


def open_tab(bench: WebBench, client: httpx.Client, url: str = PAROTID) -> PromptTab:
    tab = Tab(client=client, url=url, mask=bench.masks["ParotidL"].dense())
    assert tab.open().status_code == 201
    return PromptTab(tab=tab, bench=bench)


@pytest.fixture
def prompting(bench: WebBench, visit: Visit, server: PromptServer) -> Iterator[PromptTab]:
    client = visit(
        "anna", nninteractive_url=server.url, nninteractive_key=KEY, nninteractive_seconds=60
    )
    opened = open_tab(bench, client)
    yield opened
    opened.leave()


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
        ("point", [FAR], {"version": 3}, 409, "gap"),
        ("point", [FAR], {"holder": "another-tab"}, 409, "lease_lost"),
    ):
        refused = prompting.ask(kind, *points, **fields)
        assert (refused.status_code, refused.json()["reason"]) == (status, reason), refused.text
    assert server.look()["asked"] == before
    assert prompting.ask("box", (10, 10, 5), (14, 14, 9)).status_code == 422  # as its model says
    assert count_prompts(bench) == 0


def test_a_box_and_a_lasso_grow_from_what_they_hold(prompting: PromptTab) -> None:
    seen = prompting.bench.hu
    answer = prompting.ask("box", (14, 14, 5), (10, 10, 5))
    span = ((10, 15), (10, 15), (5, 6))
    grown = grow(seen, mark_point(seen.shape, (12, 12, 5)), GROWTH, span)
    assert np.array_equal(prompting.read(answer), prompting.tab.mask | grown)

    answer = prompting.ask("lasso", (10, 10, 5), (14, 10, 5), (14, 14, 5), (10, 14, 5))
    within = [(i, j, 5) for i in range(10, 15) for j in range(10, 15)]
    assert np.array_equal(prompting.read(answer), prompting.grow(*within))


def test_whatever_the_server_does_wrong_is_said_and_changes_nothing(
    bench: WebBench, visit: Visit, prompting: PromptTab, server: PromptServer
) -> None:
    elsewhere = "http://127.0.0.1:9/"
    choices = {"nninteractive_url": server.url, "nninteractive_key": KEY}
    client = visit("anna", **choices, nninteractive_seconds=0.5)
    hurried = PromptTab(tab=replace(prompting.tab, client=client), bench=bench)
    for kind, fields, status, reason in (
        ("full", {"path": "/claim"}, 503, "prompts_full"),
        ("version", {"path": "/capabilities"}, 502, "prompts_failed"),
        ("redirect", {"to": elsewhere}, 502, "prompts_failed"),
        ("nan", {}, 502, "prompts_failed"),
        ("values", {}, 502, "prompts_failed"),
        ("shape", {}, 502, "prompts_failed"),
        ("gone", {}, 502, "prompts_failed"),
        ("sleep", {"seconds": 2.0, "times": 1}, 504, "prompts_slow"),
        ("die", {}, 502, "prompts_failed"),
    ):
        server.misbehave(kind, **fields)
        refused = (hurried if kind == "sleep" else prompting).ask("point", FAR)
        assert (refused.status_code, refused.json()["reason"]) == (status, reason), kind
        assert refused.headers.get("retry-after") == ("10" if status == 503 else None)
        sentence = refused.json()["error"]
        assert "by hand" in sentence
        assert KEY not in sentence
        if status == 503:
            told = prompting.tab.client.get(f"{PAROTID}/prompts").json()
            assert (told["available"], "wait" in told["why"]) == (False, True)
    assert count_prompts(bench) == 0
    assert prompting.tab.fetch_mask()[0]["version"] == 0

    server.restart()
    answer = prompting.ask("point", FAR)
    assert np.array_equal(prompting.read(answer), prompting.grow(FAR))


def test_a_lost_session_is_claimed_again_with_the_prompts_that_counted(
    prompting: PromptTab, server: PromptServer
) -> None:
    for point in (FAR, (4, 15, 12)):
        assert prompting.take(prompting.ask("point", point), "point").status_code == 200
    before = server.look()["asked"]
    server.misbehave("gone", times=1)
    answer = prompting.ask("point", (20, 3, 3))
    assert np.array_equal(prompting.read(answer), prompting.grow((20, 3, 3)))
    after = server.look()
    assert after["prompts"] == [["point", "point", "point"]]
    for path in ("/claim", "/set_image", "/add_initial_seg_interaction"):
        assert after["asked"][path] == before[path] + 1


def test_a_prompt_that_is_left_is_thrown_away_and_its_session_given_back(
    bench: WebBench, prompting: PromptTab, server: PromptServer
) -> None:
    assert prompting.ask("point", FAR).status_code == 200
    before = server.look()["asked"]["/add_point_interaction"]
    server.misbehave("sleep", seconds=1.0)
    answers: list[httpx.Response] = []
    waiting = threading.Thread(target=lambda: answers.append(prompting.ask("point", INSIDE)))
    waiting.start()
    wait_until(lambda: server.look()["asked"]["/add_point_interaction"] > before)
    prompting.leave()
    assert server.look()["prompts"] == []
    waiting.join()
    assert [(one.status_code, one.json()["reason"]) for one in answers] == [
        (409, "prompts_cancelled")
    ]
    assert count_prompts(bench) == 1


def test_a_session_goes_back_when_it_is_not_used(
    bench: WebBench, visit: Visit, server: PromptServer
) -> None:
    settings = {"nninteractive_url": server.url, "nninteractive_key": KEY}
    prompting = open_tab(bench, visit("anna", **settings, nninteractive_idle_seconds=1))
    assert prompting.ask("point", FAR).status_code == 200
    assert server.look()["prompts"] == [["point"]]
    wait_until(lambda: not server.look()["prompts"])


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


def test_two_readers_have_a_session_each_and_the_key_stays_on_the_server(
    bench: WebBench, server: PromptServer, tmp_path: Path
) -> None:
    log = tmp_path / "web.log"
    with (
        running_server(bench.study.root, log, environment=server.environment) as web,
        web.sign_in("anna", PASSWORD) as anna,
        web.sign_in("ben", PASSWORD) as ben,
    ):
        tabs = [open_tab(bench, anna), open_tab(bench, ben, PAROTID.replace("1", "2"))]
        server.misbehave("meet", path="/add_point")  # each is answered once both are there
        answers: dict[int, httpx.Response] = {}
        places = (FAR, (4, 15, 12))

        def ask(which: int) -> None:
            answers[which] = tabs[which].ask("point", places[which])

        asking = [threading.Thread(target=ask, args=(which,)) for which in (0, 1)]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()
        masks = [tabs[which].read(answers[which]) for which in (0, 1)]
        for which in (0, 1):
            assert np.array_equal(masks[which], tabs[which].grow(places[which]))
        assert not np.array_equal(*masks)
        assert server.look()["prompts"] == [["point"], ["point"]]
        told = anna.get(f"{PAROTID}/prompts").text + anna.get("/metrics").text
        web.process.terminate()
        web.process.wait(timeout=30)
    assert server.look()["prompts"] == [], "a process that ends gives its sessions back"
    assert KEY not in told + log.read_text() + server.log.read_text()


def count_prompts(bench: WebBench) -> int:
    with reading(bench.study.engine) as session:
        return len(session.exec(select(DraftPrompt)).all())


def wait_until(is_so: Callable[[], bool]) -> None:
    """Until the server says so; it is asked at most for a minute."""
    until = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < until, "it never came"


def ask_the_client(server: PromptServer, prompting: PromptTab, point: Any) -> np.ndarray:
    """The same prompt by the protocol's own client, past our web app."""
    client = nnInteractiveRemoteInferenceSession(server.url, api_key=KEY)
    try:
        client.set_image(prompting.bench.hu[None])
        client.set_target_buffer(np.zeros(prompting.bench.hu.shape, np.uint8))
        client.add_initial_seg_interaction(prompting.tab.mask.astype(np.uint8))
        client.add_point_interaction(point, True)
        return np.asarray(client.target_buffer != 0)
    finally:
        client.close()

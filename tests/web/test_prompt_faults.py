"""A prompt server that is full, gone, slow, wrong or killed; sessions come back in each case."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest

from rigs.prompt_server import KEY, PromptServer
from rigs.server import running_server
from tests.web.bench import PASSWORD, WebBench
from tests.web.conftest import Visit
from tests.web.drafting import PAROTID
from tests.web.prompting import (
    FAR,
    INSIDE,
    PromptTab,
    count_prompts,
    open_tab,
)

pytestmark = pytest.mark.parametrize("bench", ["sqlite"], indirect=True)


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


def test_a_prompt_that_is_left_waits_no_more_and_its_session_is_given_back(
    bench: WebBench, prompting: PromptTab, server: PromptServer
) -> None:
    assert prompting.ask("point", FAR).status_code == 200
    before = server.look()["asked"]["/add_point_interaction"]
    server.misbehave("meet", path="/add_point")  # nobody comes
    answers: list[httpx.Response] = []
    waiting = threading.Thread(target=lambda: answers.append(prompting.ask("point", INSIDE)))
    waiting.start()
    wait_until(lambda: server.look()["asked"]["/add_point_interaction"] > before)
    left = prompting.tab.client.delete(f"{PAROTID}/prompts?holder={prompting.tab.holder}")
    assert left.status_code == 204
    assert server.look()["prompts"] == []
    waiting.join(timeout=20)  # the server is still busy with it, and may be so for 30 s
    assert not waiting.is_alive()
    server.misbehave("")
    assert [(one.status_code, one.json()["reason"]) for one in answers] == [
        (409, "prompts_cancelled")
    ]
    assert count_prompts(bench) == 1


def test_a_session_goes_back_when_it_is_not_used(
    bench: WebBench, visit: Visit, server: PromptServer
) -> None:
    settings = {"nninteractive_url": server.url, "nninteractive_key": KEY}
    prompting = open_tab(bench, visit("anna", **settings, nninteractive_idle_seconds=1))
    before = server.look()["asked"].get("/release", 0)
    assert prompting.ask("point", FAR).status_code == 200
    wait_until(lambda: server.look()["asked"].get("/release", 0) > before)
    assert server.look()["prompts"] == []


def test_two_readers_have_a_session_each_and_the_key_stays_on_the_server(
    bench: WebBench, server: PromptServer, tmp_path: Path
) -> None:
    log = tmp_path / "web.log"
    environment = server.environment | {"HAN5K_NNINTERACTIVE_SECONDS": "60"}
    with (
        running_server(bench.study.root, log, environment=environment) as web,
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


def wait_until(is_so: Callable[[], bool]) -> None:
    """Until the server says so; it is asked at most for a minute."""
    until = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < until, "it never came"

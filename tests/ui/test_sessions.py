"""Open sign-ins on a page: one that is ended is gone in the same answer."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from han5k_review.accounts.identity import build_identity
from han5k_review.accounts.readers import get_reader
from han5k_review.accounts.sessions import Browser, open_session
from han5k_review.settings import get_settings
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.tables import Audit
from han5k_review.ui.visit import open_bench
from tests.web.bench import WebBench, build_bench

SCRIPT = Path(__file__).with_name("sessions_page.py")


def serve(bench: WebBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAN5K_STUDY", str(bench.study.root))
    # AppTest leaves its script as the main module, which processes spawned later would run.
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    get_settings.cache_clear()
    open_bench.clear()


def test_an_ended_sign_in_is_gone_from_the_list_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = build_bench(tmp_path / "study", None)
    with transaction(bench.study.engine) as session:
        for name, program in (("lena", "Own"), ("anna", "**Bold**"), ("ben", "Other")):
            identity = build_identity(get_reader(session, name))
            browser = Browser(address="10.0.0.7", user_agent=program)
            open_session(session, identity, browser, utc_now())
    serve(bench, monkeypatch)
    page = AppTest.from_file(str(SCRIPT), default_timeout=60).run()
    assert not page.exception
    shown = [text.value for text in page.text]
    assert shown[0].endswith("Own (this browser)")
    assert [words.partition(":")[0] for words in shown[1:]] == ["ben", "anna"]
    assert "**Bold**" in shown[2]  # as text: no Markdown
    page.button(key="end-session-2").click().run()
    assert not page.exception
    assert [text.value for text in page.text] == shown[:2]
    with reading(bench.study.engine) as session:
        rows = session.exec(select(Audit.actor, Audit.action)).all()
    assert rows[-1] == ("lena", "sign out")

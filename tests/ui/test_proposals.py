"""The queue of proposals in two tabs: a key decides what its tab shows, and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from han5k_review.accounts.readers import get_reader
from han5k_review.proposing.rounds import make_round
from han5k_review.review.decisions.revising import decide_revision, list_revisions
from han5k_review.settings import get_settings
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import Decision
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.visit import open_bench
from tests.browser.small_study import build_small_study, submit

SCRIPT = Path(__file__).with_name("proposals_page.py")
REVISED, PROPOSED = 3, 2


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """Brainstems that end too early: three were revised and accepted, two are proposed."""
    made = build_small_study(tmp_path / "study", REVISED + PROPOSED)
    with transaction(made.engine) as session:
        ben, lead = get_reader(session, "ben"), get_reader(session, "lead")
        for number in range(1, REVISED + 1):
            revision = submit(session, made, f"HN-{number:03}", "BrainStem", ben, 5)
            decide_revision(
                session,
                revision_id=stored_id(revision),
                decision=Decision.ACCEPTED,
                reason="",
                adjudicator=lead,
                now=utc_now(),
            )
    make_round(made, "BrainStem", actor="lead", clock=utc_now)
    monkeypatch.setenv("HAN5K_STUDY", str(made.root))
    # AppTest leaves its script as the main module, which processes spawned later would run.
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    get_settings.cache_clear()
    open_bench.clear()
    return made


def press(tab: AppTest, word: str) -> None:
    [button] = [one for one in tab.button if one.label == word]
    button.click().run()
    assert not tab.exception


def test_what_was_decided_in_another_tab_is_not_decided_on_the_one_after_it(study: Study) -> None:
    first, second = (AppTest.from_file(str(SCRIPT), default_timeout=300).run() for _ in range(2))
    press(first, "Take")
    press(second, "Take")
    with reading(study.engine) as session:
        taken = [view.case for view in list_revisions(session)][REVISED:]
    assert len(taken) == 1
    said = as_text(f"{taken[0]}, BrainStem waits no more")
    assert any(one.value.startswith(said) for one in second.toast)
    press(second, "Refuse")  # now it is the one that this tab shows
    assert not any("waits no more" in one.value for one in second.toast)
    assert not second.button
    study.engine.dispose()

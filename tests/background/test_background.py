"""A work in the background is one of its kind in the study, whatever process works or looks."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from han5k_review.background import LEASE, Desk, Ending, Hand
from han5k_review.errors import RuleError, StorageError
from han5k_review.store.columns import utc_now
from han5k_review.store.study import Study
from han5k_review.store.work_tables import BackgroundWork, WorkKind, WorkState
from rigs.databases import open_new_study
from rigs.studies import ROOT

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
TURN = threading.Event()  # never set: what waits for it looks again


@pytest.fixture
def study(tmp_path: Path) -> Iterator[Study]:
    made = open_new_study(tmp_path / "study")
    made.tables.mkdir(exist_ok=True)
    yield made
    made.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_study(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Study]:
    if request.param == "sqlite":
        yield request.getfixturevalue("study")
        return
    made = open_new_study(tmp_path / "study", request.getfixturevalue("postgres_url"))
    made.tables.mkdir(exist_ok=True)
    yield made
    made.engine.dispose()


@contextmanager
def other_process(study: Study) -> Iterator[subprocess.Popen[str]]:
    """A process that works for ada until it is cancelled."""
    url = study.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.background.worker", str(study.root), url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "working\n"
            yield process
        finally:
            process.kill()


def look(desk: Desk) -> BackgroundWork:
    record = desk.find_record()
    assert record is not None
    return record


def look_until(desk: Desk, is_so: Callable[[BackgroundWork], bool]) -> BackgroundWork:
    for _ in range(600):
        if is_so(record := look(desk)):
            return record
        TURN.wait(0.05)
    raise AssertionError(f"after 30 s still {look(desk)}")


def test_another_process_is_refused_sees_the_progress_and_can_cancel(any_study: Study) -> None:
    desk = Desk(study=any_study, kind=WorkKind.ROUND)
    assert desk.find_record() is None
    with other_process(any_study) as process:
        with pytest.raises(RuleError, match=r"One round at a time.*ada started ParotidL, wait"):
            desk.start("BrainStem", lambda hand: Ending(), actor="lena")
        other = Desk(study=any_study, kind=WorkKind.RELEASE).start(
            "release-1", lambda hand: Ending(), actor="lena"
        )
        assert other.ended.wait(30)
        seen = look_until(desk, lambda record: record.done > 0)
        assert (seen.is_running, seen.title, seen.actor) == (True, "ParotidL", "ada")
        assert (seen.done, seen.total, seen.failed) == (3, 7, 1)
        desk.cancel()
        assert look(desk).cancel_requested
        assert process.wait(30) == 0
    ended = look(desk)
    assert (ended.state, ended.said) == (WorkState.CANCELLED, "nothing was stored")
    assert desk.start("BrainStem", lambda hand: Ending(text="none"), actor="lena").ended.wait(30)
    again = look(desk)
    assert (again.state, again.said, again.done) == (WorkState.FINISHED, "none", 0)
    assert not again.cancel_requested


def test_the_claim_of_a_killed_process_runs_out(study: Study) -> None:
    with other_process(study) as process:
        process.kill()
    now = Desk(study=study, kind=WorkKind.ROUND)
    assert look(now).is_running  # nobody can know yet
    later = Desk(study=study, kind=WorkKind.ROUND, clock=lambda: utc_now() + LEASE)
    dead = look(later)
    assert dead.state is WorkState.STOPPED
    assert "has ended before its time" in dead.said
    assert later.start("BrainStem", lambda hand: Ending(), actor="lena").ended.wait(30)
    assert (look(later).state, look(later).actor) == (WorkState.FINISHED, "lena")


def test_who_was_taken_for_dead_stops_and_does_not_write_over_the_other(study: Study) -> None:
    late = Desk(study=study, kind=WorkKind.ROUND, clock=lambda: NOON)
    stopped = threading.Event()

    def wait_for_cancel(hand: Hand) -> Ending:
        assert hand.cancel.wait(30)
        stopped.set()
        return Ending(is_cancelled=True)

    first = late.start("ParotidL", wait_for_cancel, actor="ada")
    soon = Desk(study=study, kind=WorkKind.ROUND, clock=lambda: NOON + LEASE + timedelta(seconds=1))
    second = soon.start("BrainStem", lambda hand: Ending(text="learned"), actor="lena")
    assert second.ended.wait(30)
    assert stopped.wait(30)
    assert first.ended.wait(30)
    assert (look(soon).title, look(soon).said) == ("BrainStem", "learned")


def test_an_error_ends_it_with_its_sentence_and_one_done_right_here_raises_it(
    study: Study,
) -> None:
    desk = Desk(study=study, kind=WorkKind.RELEASE)

    def fail(_hand: Hand) -> Ending:
        raise StorageError("The disk is full.")

    assert desk.start("release-1", fail, actor="lena").ended.wait(30)
    assert (look(desk).state, look(desk).said) == (WorkState.STOPPED, "The disk is full.")
    hand = Hand()
    with pytest.raises(StorageError), desk.hold("release-2", hand, actor="lena"):
        fail(hand)
    assert (look(desk).title, look(desk).said) == ("release-2", "The disk is full.")

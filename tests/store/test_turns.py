"""Writers of one SQLite file come in the order in which they asked; who waits too long is told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlmodel import select

from han5k_review.errors import StorageError
from han5k_review.store.audit import add_audit
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import build_engine, reading, transaction
from han5k_review.store.tables import Audit
from han5k_review.store.turns import Turns, turns_of
from rigs.databases import new_sqlite_url

WRITERS = 12


def test_writers_come_in_the_order_in_which_they_asked() -> None:
    turns, came = Turns(), []

    def write(number: int) -> None:
        with turns.take():
            came.append(number)

    with ThreadPoolExecutor(WRITERS) as threads, turns.take():
        for number in range(WRITERS):
            threads.submit(write, number)
            while turns.waiting <= number:
                pass
    assert came == list(range(WRITERS))


def test_whoever_waits_too_long_is_told_and_holds_up_nobody() -> None:
    turns = Turns()

    def hurry() -> None:
        with turns.take(0.01):
            pytest.fail("Two had their turn at once.")

    with (
        ThreadPoolExecutor(1) as threads,
        turns.take(),
        pytest.raises(StorageError, match=r"within 0\.01 s; another change takes longer"),
    ):
        threads.submit(hurry).result()
    with turns.take(0.01):
        assert turns.waiting == 0


def test_two_engines_of_a_process_stand_in_one_line_and_a_failed_change_leaves_it(
    tmp_path: Path,
) -> None:
    url = new_sqlite_url(tmp_path)
    engines = [build_engine(url) for _ in range(2)]
    line = turns_of((tmp_path / "study.sqlite3").resolve())

    def fail() -> None:
        with transaction(engines[0]):
            assert line.is_taken
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    def write(number: int) -> None:
        with transaction(engines[number % 2]) as session:
            add_audit(session, at_utc=utc_now(), actor="a", action="b", subject=str(number))

    with ThreadPoolExecutor(WRITERS) as threads:
        list(threads.map(write, range(50)))
    with reading(engines[0]) as session:
        assert len(session.exec(select(Audit)).all()) == 50
    assert not line.is_taken
    for engine in engines:
        engine.dispose()

"""Two web processes on one PostgreSQL database: each has its own memory, the study is one.

Each client here belongs to an app of its own (`visit`), with masks of drafts and caches of its own,
as another process has.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text
from sqlmodel import func, select

from han5k_review.store.engine import reading
from han5k_review.store.tables import Assignment, Revision
from tests.web.bench import WebBench, build_bench
from tests.web.conftest import Visit
from tests.web.drafting import DOT, PAROTID, Tab

_WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


@pytest.fixture
def bench(tmp_path: Path, postgres_url: str) -> Iterator[WebBench]:
    bench = build_bench(tmp_path / "study", postgres_url)
    yield bench
    bench.study.engine.dispose()


@pytest.fixture
def tabs(bench: WebBench, visit: Visit) -> tuple[Tab, Tab]:
    """One tab of anna's whose requests reach either process."""
    here = Tab(client=visit("anna"), url=PAROTID, mask=bench.masks["ParotidL"].dense())
    assert here.open().status_code == 201
    there = Tab(client=visit("anna"), url=PAROTID, mask=here.mask, holder=here.holder)
    there.draft = here.draft
    return here, there


def test_strokes_that_reach_either_process_give_one_mask(tabs: tuple[Tab, Tab]) -> None:
    random = np.random.default_rng(4)
    for number in range(24):
        tab, other = tabs if number % 3 else tabs[::-1]
        shape = random.integers(1, 5, 3)
        start = random.integers(0, np.array(tab.mask.shape) - shape + 1)
        answer = tab.draw((int(start[0]), int(start[1]), int(start[2])), random.random(shape) < 0.7)
        assert answer.status_code == 200, answer.text
        other.version = tab.version
    for tab in tabs:
        assert np.array_equal(tab.fetch_mask()[1], tabs[0].mask)


def test_one_submission_sent_to_both_processes_at_once_makes_one_revision(
    bench: WebBench, tabs: tuple[Tab, Tab]
) -> None:
    here, there = tabs
    assert here.draw((1, 1, 1), DOT).status_code == 200
    there.version = here.version
    request_id = str(uuid.uuid4())
    with ThreadPoolExecutor(2) as threads:
        with bench.study.engine.connect() as line, reading(bench.study.engine) as session:
            session.get(Assignment, 1, with_for_update=True)
            sent = [
                threads.submit(tab.submit, request_id=request_id, confirmed=True) for tab in tabs
            ]
            while line.execute(_WAITING).scalar_one() < 2:
                assert not any(one.done() for one in sent)
        answers = [one.result() for one in sent]
    assert sorted(answer.status_code for answer in answers) == [200, 201]
    assert answers[0].json() == answers[1].json()
    with reading(bench.study.engine) as session:
        assert session.exec(select(func.count()).select_from(Revision)).one() == 1

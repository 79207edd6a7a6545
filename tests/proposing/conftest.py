"""Heads whose left parotids stop half way: four were revised and accepted, two are left."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from han5k_review.proposing.rounds import RoundReport, make_round
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study, open_study
from han5k_review.store.tables import Reader
from han5k_review.store.vocabulary import Role
from rigs.phantom_study import build_study
from rigs.studies import add_reader
from tests.once import build_once

REVISED, LEFT = 4, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    study: Study
    ada: Reader
    ben: Reader

    def propose(self, structure: str = "ParotidL", *, dry_run: bool = False) -> RoundReport:
        return make_round(self.study, structure, actor="lead", clock=utc_now, dry_run=dry_run)


def build_heads(folder: Path, url: str | None = None) -> Study:
    study = build_study(folder, train=REVISED, held_out=LEFT, url=url)
    with transaction(study.engine) as session:
        add_reader(session, "ada", Role.ADJUDICATOR, pseudonym="R2")
        add_reader(session, "ben", pseudonym="R3")
    return study


def find_account(study: Study, number: int) -> Reader:
    """Account `number`; the first is the one who revised."""
    with reading(study.engine) as session:
        reader = session.get_one(Reader, number)
        session.expunge(reader)
        return reader


def sit_down(study: Study) -> Bench:
    return Bench(study=study, ada=find_account(study, 2), ben=find_account(study, 3))


@pytest.fixture(scope="session")
def heads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study, made once; tests take copies."""
    return build_once(
        tmp_path_factory, "heads-to-propose", lambda folder: build_heads(folder).engine.dispose()
    )


@pytest.fixture(scope="session")
def proposed_heads(tmp_path_factory: pytest.TempPathFactory, heads: Path) -> Path:
    """The same with one round, made once."""

    def build(folder: Path) -> None:
        shutil.copytree(heads, folder, dirs_exist_ok=True)
        study = open_study(folder)
        sit_down(study).propose()
        study.engine.dispose()

    return build_once(tmp_path_factory, "proposed-heads", build)


@pytest.fixture
def bench(tmp_path: Path, heads: Path) -> Iterator[Bench]:
    """A copy in which nothing was proposed."""
    study = open_study(Path(shutil.copytree(heads, tmp_path / "study")))
    yield sit_down(study)
    study.engine.dispose()


@pytest.fixture
def proposed(tmp_path: Path, proposed_heads: Path) -> Iterator[Bench]:
    """A copy with a proposal for each of the two heads that are left."""
    study = open_study(Path(shutil.copytree(proposed_heads, tmp_path / "proposed")))
    yield sit_down(study)
    study.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def proposed_on_both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """As `proposed`, on both engines."""
    if request.param == "sqlite":
        yield request.getfixturevalue("proposed")
        return
    study = build_heads(tmp_path / "study", request.getfixturevalue("postgres_url"))
    bench = sit_down(study)
    bench.propose()
    yield bench
    study.engine.dispose()

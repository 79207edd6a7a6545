"""An import that a page starts: its process outlives who watches, and its death is said."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from han5k_review.errors import RuleError
from han5k_review.importing.study import create_study
from han5k_review.importing.tree_sources import CaseNaming, TreeChoice
from han5k_review.intake.jobs import TreeImportJobs
from han5k_review.intake.record import (
    IntakeOrder,
    cancel_import,
    get_import,
    import_folder,
    request_import,
    resume_import,
)
from han5k_review.retraining.jobs.launcher import LocalLauncher
from han5k_review.retraining.jobs.supervisor import Supervisor
from han5k_review.retraining.jobs.watch import Watch
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.import_tables import TreeImport
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import ImportState
from tests.importing.case_files import content
from tests.importing.conftest import NOON
from tests.importing.test_trees import write_patient

PATIENTS = 3


@pytest.fixture
def study(tmp_path: Path) -> Iterator[Study]:
    made = create_study(tmp_path / "study", "Trial", now_utc=NOON)
    yield made
    made.engine.dispose()


@pytest.fixture
def order(tmp_path: Path) -> IntakeOrder:
    for number in range(1, PATIENTS + 1):
        write_patient(tmp_path / "tree", number)
    choice = TreeChoice(naming=CaseNaming.PATIENT_ID, in_place=True)
    return IntakeOrder(root=tmp_path / "tree", choice=choice)


def ask(study: Study, order: IntakeOrder) -> int:
    with transaction(study.engine) as session:
        return stored_id(request_import(session, order, actor="lead", now=NOON))


def watch(
    study: Study, launcher: LocalLauncher, act: Callable[[int], None] | None = None
) -> TreeImport:
    """Supervise the next import to its end; `act` gets the id of its process at each look."""
    by_itself = Watch(launcher=launcher, poll_seconds=0.1)

    def pause(seconds: float) -> None:
        file = import_folder(study, row_id).path / "process.json"
        if act is not None and file.exists():
            act(int(json.loads(file.read_text())["pid"]))
        by_itself.pause(seconds)

    supervisor: Supervisor[TreeImport] = Supervisor(
        kind=TreeImportJobs(study=study), watch=replace(by_itself, pause=pause)
    )
    row_id = supervisor.claim() or 0
    return supervisor.work_on(row_id)


class WebDiedError(Exception):
    """The process that watched is gone."""


def test_a_death_is_said_another_watcher_goes_on_and_a_resumed_import_is_whole(
    study: Study, order: IntakeOrder
) -> None:
    row_id, launcher = ask(study, order), LocalLauncher()
    with pytest.raises(RuleError, match=f"import {row_id} is queued"):
        ask(study, order)

    def die(_pid: int) -> None:
        raise WebDiedError

    with pytest.raises(WebDiedError):
        watch(study, launcher, die)
    row = watch(study, launcher, lambda pid: os.kill(pid, signal.SIGKILL))  # the same process
    assert row.state is ImportState.FAILED
    assert row.error is not None
    assert row.error.startswith("The importing process ended before its time. It was killed")
    resume(study, row_id)

    def cancel(_pid: int) -> None:
        with transaction(study.engine) as session:
            if not get_import(session, row_id).cancel_requested:
                cancel_import(session, row_id, actor="lead", now=NOON)

    assert watch(study, launcher, cancel).state is ImportState.CANCELLED
    resume(study, row_id)
    row = watch(study, launcher)
    assert (row.state, row.error) == (ImportState.DONE, None)
    assert row.found is not None
    assert (row.found["new"] + row.found["unchanged"], row.found["refused"]) == (PATIENTS, 0)
    assert row.progress["done"] == PATIENTS == len(content(study)["cases"])
    for case in content(study)["cases"]:
        assert study.volumes.find_place(str(case[3])) is not None
    folder = import_folder(study, row_id).path
    assert "3 cases: " in (folder / "report.html").read_text()
    assert "RC-0003" in (folder / "report.csv").read_text()
    assert (folder / "names.csv").is_file()


def resume(study: Study, row_id: int) -> None:
    with transaction(study.engine) as session:
        resume_import(session, study, row_id, actor="lead", now=NOON)

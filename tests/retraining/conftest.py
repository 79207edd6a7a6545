"""One real, tiny training that the tests of this room share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from han5k_review.retraining.runs.run_commands import promote
from han5k_review.retraining.worker import run_one
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study, open_study
from han5k_review.store.vocabulary import RunState
from rigs.phantom_study import build_study, queue_run
from tests.once import build_once
from tests.retraining.warm_launcher import WarmLauncher


def train_once(folder: Path) -> None:
    """A study in `folder` whose one run is trained and measured without a break."""
    study = build_study(folder / "study")
    state = run_one(study, queue_run(study), launcher=WarmLauncher(), poll_seconds=0.1)
    assert state is RunState.AWAITING_APPROVAL
    study.engine.dispose()


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, int]:
    """A study with one run that was trained and measured without a break; read-only."""
    return open_study(build_once(tmp_path_factory, "trained", train_once) / "study"), 1


@pytest.fixture
def promoted(trained: tuple[Study, int], tmp_path: Path) -> tuple[Study, int]:
    """A copy of the trained study whose model is in use, and the model's id."""
    original, run_id = trained
    original.engine.dispose()
    shutil.copytree(original.root, tmp_path / "copy")
    study = open_study(tmp_path / "copy")
    with transaction(study.engine) as session:
        model = promote(
            session, run_id, actor="lead", reason="first", now=utc_now(), despite_gate=True
        )
        return study, stored_id(model)

"""Whether a worker lives is told by its sign, here and from another machine."""

from __future__ import annotations

import contextlib
import json
from datetime import timedelta
from pathlib import Path

from han5k_review.retraining.jobs.device_claims import make_worker_name
from han5k_review.retraining.jobs.worker_sign import (
    PATIENCE,
    WorkerSign,
    is_device_served,
)
from han5k_review.retraining.worker import work
from han5k_review.store.columns import utc_now
from han5k_review.ui.retraining.worker_state import describe_unserved
from rigs.phantom_study import build_study


class EnoughSeenError(Exception):
    """Ends a worker that would wait for ever."""


def test_a_worker_shows_that_it_lives_while_it_waits_and_no_longer_when_it_ended(
    tmp_path: Path,
) -> None:
    study = build_study(tmp_path / "study")
    seen: list[bool] = []

    def pause(_: float) -> None:
        seen.append(is_device_served(study, "cpu", utc_now()))
        raise EnoughSeenError

    assert not is_device_served(study, "cpu", utc_now())
    with contextlib.suppress(EnoughSeenError):
        work(study, pause=pause)
    assert seen == [True]
    assert not is_device_served(study, "cpu", utc_now())
    assert not is_device_served(study, "cuda:0", utc_now())


def test_a_worker_that_died_without_a_word_is_found_dead(tmp_path: Path) -> None:
    study = build_study(tmp_path / "study")
    host, _, started, token = make_worker_name().split("/")
    dead = f"{host}/999999/{started}/{token}"
    WorkerSign(study=study, device="cpu", worker=dead).show(utc_now())
    assert not is_device_served(study, "cpu", utc_now())


def test_a_worker_of_another_machine_lives_as_long_as_it_is_heard_of(tmp_path: Path) -> None:
    study = build_study(tmp_path / "study")
    now = utc_now()
    WorkerSign(study=study, device="cuda:0,1", worker="gpu-box/17/1.0/abc").show(now)
    assert is_device_served(study, "cuda:0,1", now + PATIENCE)
    assert not is_device_served(study, "cuda:0,1", now + PATIENCE + timedelta(seconds=1))
    (path,) = (study.runs / "workers").iterdir()
    assert json.loads(path.read_text())["worker"] == "gpu-box/17/1.0/abc"


def test_the_page_says_for_which_device_and_what_to_do(tmp_path: Path) -> None:
    study = build_study(tmp_path / "study")
    told = describe_unserved(study, ["cpu"], ["cpu", "cpu"], utc_now())
    assert told == [
        "No worker runs for cpu. 2 jobs wait for one. Start one on the machine that is to do the "
        f"work: `han5k worker --device cpu --study {study.root}`"
    ]
    assert "What you start here waits" in describe_unserved(study, ["cpu"], [], utc_now())[0]

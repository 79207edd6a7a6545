"""The tiny study every fault begins with, and how a run on it ended."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
from sqlmodel import select

from han5k_review.retraining.models.model_folders import locate_model
from han5k_review.retraining.network.checkpoints import read_plain
from han5k_review.retraining.runs.plan import RunRequest
from han5k_review.retraining.runs.run_commands import request_cancel, request_run
from han5k_review.retraining.runs.run_record import get_run
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study, open_study
from han5k_review.store.tables import ModelVersion
from han5k_review.store.vocabulary import RunState
from rigs.phantom_study import CATALOGUE, TINY

POLL_S = 0.1


@dataclass(slots=True, kw_only=True)
class Bench:
    """A study to copy for every line, and the weights of the undisturbed run."""

    folder: Path
    weights: dict[str, torch.Tensor] = field(default_factory=dict)
    count: int = 0

    def fresh(self, source: str = "study") -> Study:
        self.count += 1
        target = self.folder / f"case-{self.count}"
        shutil.copytree(self.folder / source, target)
        return open_study(target)


def ask(study: Study, **asked: object) -> int:
    request = RunRequest(**{"group": "2", "overrides": TINY, **asked})  # type: ignore[arg-type]
    with transaction(study.engine) as session:
        run = request_run(session, study, CATALOGUE, request, requested_by=None, now=utc_now())
        return stored_id(run)


def look(study: Study, run_id: int) -> tuple[RunState, str]:
    with reading(study.engine) as session:
        run = get_run(session, run_id)
        return run.state, run.error or ""


def read_weights(study: Study, run_id: int) -> dict[str, torch.Tensor]:
    with reading(study.engine) as session:
        model = session.exec(select(ModelVersion).where(ModelVersion.run_id == run_id)).one()
    found: dict[str, torch.Tensor] = read_plain(locate_model(study, model).checkpoint)[
        "network_weights"
    ]
    return found


def cancel(study: Study, run_id: int) -> None:
    with transaction(study.engine) as session:
        if not get_run(session, run_id).cancel_requested:
            request_cancel(session, run_id, actor="lead", now=utc_now())

"""Whether somebody works on what is queued, said on the page when nobody does."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import streamlit as st

from han5k_review.retraining.jobs.machine import choose_device
from han5k_review.retraining.jobs.worker_sign import is_device_served
from han5k_review.retraining.predictions.prediction_record import UNFINISHED, list_predictions
from han5k_review.retraining.runs.run_views import LIVE, list_runs
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.texts.counts import say_count
from han5k_review.ui.plain_text import as_text
from han5k_review.ui.visit import Visit

_LOOK_SECONDS = 5


@st.fragment(run_every=_LOOK_SECONDS)
def show_worker_state(visit: Visit) -> None:
    """A warning with what to do while a device has no worker: the page's, or one that work is for.

    It comes and goes with the worker, without a reload.
    """
    study = visit.bench.study
    with reading(study.engine) as session:
        busy = [row.device for row in list_runs(session) if row.state in LIVE]
        busy += [row.device for row in list_predictions(session) if row.state in UNFINISHED]
    devices = dict.fromkeys([choose_device(visit.bench.settings.device), *busy])
    for sentence in describe_unserved(study, devices, busy, utc_now()):
        st.warning(as_text(sentence))


def describe_unserved(
    study: Study, devices: Collection[str], busy: Collection[str], now: datetime
) -> list[str]:
    """A sentence for each of `devices` without a living worker; `busy`: one per waiting row."""
    found = []
    for device in devices:
        if is_device_served(study, device, now):
            continue
        count = sum(other == device for other in busy)
        waits = "What you start here waits until one does." if not count else _waiting(count)
        found.append(
            f"No worker runs for {device}. {waits} Start one on the machine that is to do the "
            f"work: `han5k worker --device {device} --study {study.root}`"
        )
    return found


def _waiting(count: int) -> str:
    return f"{say_count(count, 'job waits', 'jobs wait')} for one."

"""The list of runs on the Retraining page: a row shows its run below."""

from __future__ import annotations

from collections.abc import Sequence

from han5k_review.store.identity import stored_id
from han5k_review.store.run_tables import RetrainRun
from han5k_review.ui.local_time import say_time
from han5k_review.ui.rows.columns import Column, Kind, OpenRow

RUN_COLUMNS = (
    Column(title="Run"),
    Column(title="State"),
    Column(title="Preset"),
    Column(title="Group"),
    Column(title="Device"),
    Column(title="Asked for", kind=Kind.TIME),
    Column(title="Finished", kind=Kind.TIME),
    Column(title="Attempt", kind=Kind.NUMBER),
    Column(title="What happened"),
)


def build_run_rows(runs: Sequence[RetrainRun], shown: int) -> list[OpenRow]:
    """One row per run, newest first; `shown` is the run that stands below the list."""
    return [
        OpenRow(
            key=str(run.id),
            address=f"retraining?run={run.id}",
            cells=(
                stored_id(run),
                run.state.value.replace("_", " "),
                run.preset,
                run.group,
                run.device,
                say_time(run.created_at_utc),
                say_time(run.finished_at_utc),
                run.attempt,
                run.error or "",
            ),
            is_shown=run.id == shown,
        )
        for run in runs
    ]

"""Watching: a thread of a long-lived process (the web app) that supervises the study's imports.

One per process and study. It ends when no import waits or works; the next page that looks starts
it again, so that an import whose web process died is adopted by the next one.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from han5k_review.errors import Han5kError
from han5k_review.intake.jobs import TreeImportJobs
from han5k_review.intake.record import UNFINISHED, list_imports
from han5k_review.retraining.jobs.supervisor import Supervisor
from han5k_review.retraining.jobs.watch import QUICK
from han5k_review.store.engine import reading
from han5k_review.store.import_tables import TreeImport
from han5k_review.store.study import Study

_log = logging.getLogger(__name__)
_watching: dict[Path, threading.Thread] = {}
_lock = threading.Lock()


def keep_watch(study: Study) -> threading.Thread | None:
    """Supervise the study's imports in this process, if there is one that waits or works."""
    with _lock:
        running = _watching.get(study.root)
        if running is not None and running.is_alive():
            return running
        with reading(study.engine) as session:
            if not any(row.state in UNFINISHED for row in list_imports(session)):
                return None
        thread = threading.Thread(target=_watch, args=(study,), name="imports", daemon=True)
        _watching[study.root] = thread
        thread.start()
        return thread


def _watch(study: Study) -> None:
    supervisor: Supervisor[TreeImport] = Supervisor(kind=TreeImportJobs(study=study), watch=QUICK)
    try:
        while supervisor.work_on_next():
            pass
    except Han5kError as error:  # the database is away: the next page that looks starts it again
        _log.warning("imports are not watched for now: %s", error)

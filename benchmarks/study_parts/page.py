"""The script behind the pages of `benchmarks/study.py`: what HAN5K_PAGE names, without signing in.

`worklist` is that of reader 1, any other name a view of Results.
"""

from __future__ import annotations

import os

from han5k_review.review.assignment import list_worklist
from han5k_review.review.pauses import find_pause
from han5k_review.store.engine import reading
from han5k_review.ui.results.certificates import show_certificates
from han5k_review.ui.results.triage import show_triage
from han5k_review.ui.results.views import (
    show_agreement,
    show_grades,
    show_metrics,
)
from han5k_review.ui.rows.order import sort_rows
from han5k_review.ui.rows.pages import ask_page
from han5k_review.ui.rows.table import show_rows
from han5k_review.ui.tables import WORKLIST_COLUMNS, build_worklist_rows
from han5k_review.ui.visit import open_bench

VIEWS = {
    "Grades": show_grades,
    "Agreement": show_agreement,
    "Certificates": show_certificates,
    "Grade and metric": show_metrics,
    "Triage": show_triage,
}

bench = open_bench()
if os.environ["HAN5K_PAGE"] == "worklist":
    with reading(bench.study.engine) as session:
        entries = list_worklist(session, 1)
        find_pause(session, 1)
    rows = sort_rows(WORKLIST_COLUMNS, build_worklist_rows(entries), None)
    shown = ask_page("worklist", rows, 0)
    show_rows(WORKLIST_COLUMNS, shown, key="worklist", label="Your cases", order=None)
else:
    VIEWS[os.environ["HAN5K_PAGE"]](bench)

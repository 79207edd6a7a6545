"""The script of the test of imports: the page as lena sees it while no import works."""

from __future__ import annotations

from sqlmodel import select

from han5k_review.accounts.identity import build_identity
from han5k_review.intake.record import UNFINISHED, list_imports
from han5k_review.store.engine import reading
from han5k_review.store.tables import Reader
from han5k_review.ui.import_outcome import show_past
from han5k_review.ui.import_view import show_asking
from han5k_review.ui.visit import Visit, open_bench

bench = open_bench()
with reading(bench.study.engine) as session:
    identity = build_identity(session.exec(select(Reader).where(Reader.name == "lena")).one())
    rows = list_imports(session)
    session.expunge_all()
visit = Visit(bench=bench, identity=identity)
if not any(row.state in UNFINISHED for row in rows):
    show_asking(visit, rows[0] if rows else None)
    if rows:
        show_past(visit, rows)

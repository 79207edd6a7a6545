"""The script of the upload tests: case 1 as anna sees it, in the study of HAN5K_STUDY."""

from __future__ import annotations

from sqlmodel import select

from han5k_review.accounts.identity import build_identity
from han5k_review.store.engine import reading
from han5k_review.store.tables import Case, Reader
from han5k_review.ui.uploads import show_upload
from han5k_review.ui.visit import Visit, open_bench

bench = open_bench()
with reading(bench.study.engine) as session:
    identity = build_identity(session.exec(select(Reader).where(Reader.name == "anna")).one())
    case = session.exec(select(Case).where(Case.name == "HN-001")).one()
    session.expunge_all()
show_upload(Visit(bench=bench, identity=identity), case, ["BrainStem", "ParotidL"])

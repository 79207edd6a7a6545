"""The script of the proposals' test: the queue as ada sees it, in the study of HAN5K_STUDY."""

from __future__ import annotations

from sqlmodel import select

from han5k_review.accounts.identity import build_identity
from han5k_review.store.engine import reading
from han5k_review.store.tables import Reader
from han5k_review.ui.revisions.proposal_queue import show_proposals
from han5k_review.ui.visit import Visit, open_bench

bench = open_bench()
with reading(bench.study.engine) as session:
    identity = build_identity(session.exec(select(Reader).where(Reader.name == "ada")).one())
show_proposals(Visit(bench=bench, identity=identity))

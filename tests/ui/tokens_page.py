"""The script of the test of personal tokens: as lena makes and ends them, of HAN5K_STUDY."""

from __future__ import annotations

from sqlmodel import select

from han5k_review.accounts.identity import build_identity
from han5k_review.store.engine import reading
from han5k_review.store.tables import Reader
from han5k_review.ui.tokens_view import ask_new_token, show_own_tokens
from han5k_review.ui.visit import Visit, open_bench

bench = open_bench()
with reading(bench.study.engine) as session:
    identity = build_identity(session.exec(select(Reader).where(Reader.name == "lena")).one())
visit = Visit(bench=bench, identity=identity)
ask_new_token(visit)
show_own_tokens(visit)

"""The script of the test of sign-ins: own ones and others, as lena sees them, of HAN5K_STUDY."""

from __future__ import annotations

import streamlit as st
from sqlmodel import select

from han5k_review.accounts.identity import build_identity
from han5k_review.store.engine import reading
from han5k_review.store.tables import Reader
from han5k_review.ui.sessions_view import show_others_sessions, show_own_sessions
from han5k_review.ui.visit import Visit, open_bench

bench = open_bench()
with reading(bench.study.engine) as session:
    identity = build_identity(session.exec(select(Reader).where(Reader.name == "lena")).one())
visit = Visit(bench=bench, identity=identity, session_id=1)
show_own_sessions(visit)
st.divider()
show_others_sessions(visit)

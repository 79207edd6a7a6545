"""One Streamlit process for all three viewers, behind the study's own routes and guard."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from benchmarks.viewer_parts.bench import open_bench
from han5k_review.settings import Settings
from han5k_review.ui.page_scripts import list_inline_scripts
from han5k_review.web.composition import build_middleware, build_routes

study, settings = open_bench().study, Settings()
app = st.App(
    Path(__file__).with_name("page.py"),
    routes=build_routes(study, settings),
    middleware=build_middleware(study, settings, list_inline_scripts()),
)

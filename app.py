"""The door: `streamlit run app.py` serves the study in HAN5K_STUDY. Research use only."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

from han5k_review.errors import Han5kError
from han5k_review.settings import get_settings
from han5k_review.store.study import open_study
from han5k_review.ui.failures import show_failure
from han5k_review.ui.page_scripts import list_inline_scripts
from han5k_review.ui.ready import get_ready_in_background
from han5k_review.web.composition import Watch, build_middleware, build_routes
from han5k_review.web.head_keeper import keeping_heads
from han5k_review.web.logs import set_up_logs
from han5k_review.web.meters import Meters

set_up_logs()
try:
    settings = get_settings()
    study = open_study(settings.study, settings.database_url)
    watch = Watch(meters=Meters(study.root))
    routes = build_routes(study, settings, watch)
    middleware = build_middleware(study, settings, list_inline_scripts(), watch)
except Han5kError as error:
    sys.stderr.write(f"{error}\n")
    sys.exit(2)


@asynccontextmanager
async def while_serving(_app: st.App) -> AsyncIterator[None]:
    """Get ready while nobody asks yet, keep heads of the audit trail, end in peace."""
    get_ready_in_background()
    heads = keeping_heads(study.engine, settings.audit_heads)
    with watch.drain.on_signals(), watch.ends, heads:
        yield


app = st.App(
    "han5k_review/ui/router.py",
    lifespan=while_serving,
    routes=routes,
    middleware=middleware,
    on_script_error=show_failure,
)

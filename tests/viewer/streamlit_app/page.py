"""The page: shows the viewer, answers its wish for the next case."""

from __future__ import annotations

import streamlit as st

from han5k_review.viewer import ViewerEventKind, view
from tests.viewer.streamlit_app.bench import desk

st.set_page_config(layout="wide")
number = int(st.query_params.get("assignment", "1"))
event = view(desk().cases[number].payload, key="viewer")
if event is not None and event.kind is ViewerEventKind.NEXT_CASE:
    st.query_params["assignment"] = "2"
    st.rerun()

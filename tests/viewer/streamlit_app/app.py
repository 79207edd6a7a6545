"""A Streamlit app with the viewer alone: `streamlit run` starts it as it starts the real one."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from tests.viewer.streamlit_app.bench import desk

app = st.App(Path(__file__).with_name("page.py"), routes=desk().routes())

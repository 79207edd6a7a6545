"""One Streamlit process for all three viewers."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from benchmarks.viewer_parts.bench import desk

app = st.App(Path(__file__).with_name("page.py"), routes=desk().routes())

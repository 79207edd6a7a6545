"""Links that open in this tab: Streamlit's own link button opens another one."""

from __future__ import annotations

from html import escape

import streamlit as st


def show_link(label: str, url: str, *, primary: bool = False, download: bool = False) -> None:
    """A link that looks like a button; `download` keeps the page while the file comes."""
    kind = "han5k-link primary" if primary else "han5k-link"
    extra = " download" if download else ""
    st.html(f'<a class="{kind}" href="{escape(url)}" target="_self"{extra}>{escape(label)}</a>')

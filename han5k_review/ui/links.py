"""Links that open in this tab: Streamlit's own link button opens another one."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import streamlit as st


def show_link(label: str, url: str, *, primary: bool = False, download: bool = False) -> None:
    """A link that looks like a button; `download` keeps the page while the file comes."""
    st.html(_anchor(label, url, primary=primary, download=download))


def show_links(links: Mapping[str, str]) -> None:
    """Several links (label -> address) side by side."""
    st.html(" ".join(_anchor(label, url) for label, url in links.items()))


def _anchor(label: str, url: str, *, primary: bool = False, download: bool = False) -> str:
    kind = "han5k-link primary" if primary else "han5k-link"
    extra = " download" if download else ""
    return f'<a class="{kind}" href="{escape(url)}" target="_self"{extra}>{escape(label)}</a>'

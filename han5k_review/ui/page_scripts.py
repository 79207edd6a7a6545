"""The scripts that Streamlit's own page holds inside, which the guard lets a browser run."""

from __future__ import annotations

import re
from pathlib import Path

import streamlit as st

_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def list_inline_scripts() -> list[str]:
    """The text of each, exactly as a browser sees it."""
    page = Path(st.__file__).parent / "static" / "index.html"
    return _INLINE.findall(page.read_text("utf-8"))

"""Links to files, as a component: it fetches the file itself, so that the page can say how far."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer


@cache
def _component() -> ComponentRenderer:
    return st.components.v2.component(
        "han5k-review.downloads", js="downloads.js", css="downloads.css"
    )


def show_downloads(files: Mapping[str, str], *, key: str, primary: str = "") -> None:
    """A button for each file (label -> address), that called `primary` the loudest.

    While one is made, a line below says so, with the seconds, and with the files in an archive
    where the answer counts them (`Han5k-Files`); a refusal is shown there as its sentence.
    """
    data = {
        "files": [
            {"label": label, "address": address, "primary": label == primary}
            for label, address in files.items()
        ]
    }
    _component()(key=key, data=data, width="stretch")

"""What a queue had on the screen: a key pressed on it never decides what came in its place.

A button of a queue has the number of what it decides in its key, so Streamlit drops a press on a
button that is not there any more; here the reader is told why nothing happened.
"""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from han5k_review.ui.visit import tell


def tell_overtaken(queue: str, *, shown: str, name: str, waiting: Collection[str]) -> None:
    """Say when what `queue` showed before waits no more, and note what it shows now.

    `shown` and `waiting` are keys, `name` is what people call what is shown.
    """
    before = st.session_state.get(f"{queue}-shown")
    if before is not None and before[0] not in waiting:
        tell(
            f"{before[1]} waits no more: it was decided or changed elsewhere meanwhile. Nothing "
            "was done here; this is the next one."
        )
    st.session_state[f"{queue}-shown"] = (shown, name)


def forget_shown(queue: str) -> None:
    """What `queue` shows is decided here."""
    st.session_state.pop(f"{queue}-shown", None)

"""What a person sees when a page fails in a way nobody foresaw: a number, never a trace."""

from __future__ import annotations

import uuid

import streamlit as st
import structlog

from han5k_review.errors import Han5kError

_log = structlog.get_logger()


def show_failure(error: Exception) -> bool:
    """Show one sentence instead of the trace; the log has the trace under the same number."""
    if isinstance(error, Han5kError):
        st.error(str(error))
        return True
    number = uuid.uuid4().hex[:8]
    _log.error("page failed", failure=number, exc_info=error)
    st.error(
        f"This page met an error it did not expect (number {number}). Nothing stored was changed "
        "by showing it; reload the page, and give the number to whoever runs the server."
    )
    return True

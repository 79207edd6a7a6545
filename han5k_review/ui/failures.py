"""What a person sees when a page fails in a way nobody foresaw: a number, never a trace."""

from __future__ import annotations

import traceback
import uuid

import streamlit as st
import structlog

from han5k_review.errors import Han5kError
from han5k_review.settings import get_settings
from han5k_review.store.fault_logs import write_fault_log
from han5k_review.ui.plain_text import as_text

_log = structlog.get_logger()


def show_failure(error: Exception) -> bool:
    """Show one sentence instead of the trace; a file in the study's `logs/` has the trace.

    The line in the log has the same number, the file's name, and where it happened.
    """
    if isinstance(error, Han5kError):
        st.error(as_text(str(error)))
        return True
    number = uuid.uuid4().hex[:8]
    details = write_fault_log("".join(traceback.format_exception(error)), get_settings().study)
    _log.error("page failed", failure=number, details=details.name, exc_info=error)
    st.error(
        f"This page met an error it did not expect (number {number}). Nothing stored was changed "
        "by showing it; reload the page, and give the number to whoever runs the server."
    )
    return True

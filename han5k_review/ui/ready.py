"""What a web process does beside its first requests, so that no reader waits for it later.

    get_ready_in_background()

Streamlit asks Python for a full search for rings of dropped objects after each run of a page. It
looks through everything that was ever imported, 0.2 s and more, in which nobody else's request goes
on: with 50 readers a third of the time, the whole tail of grades. So all pages are imported first,
and what is there then is set aside: it is never looked through again.
"""

from __future__ import annotations

import gc
import importlib
import pkgutil
import threading

import han5k_review.ui
import han5k_review.viewer
from han5k_review.metrics.ready import compile_ahead

_SCRIPT = "han5k_review.ui.router"  # Streamlit runs it; imported, it would draw


def import_pages() -> None:
    """Everything that pages import, and Python otherwise imports when each is first opened."""
    for room in (han5k_review.viewer, han5k_review.ui):
        for found in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if found.name != _SCRIPT:
                importlib.import_module(found.name)


def get_ready_in_background() -> threading.Thread:
    """Import, compile, set aside, in a thread that ends by itself and holds nobody up; the thread.

    In this order: what is imported later is looked through again.
    """
    thread = threading.Thread(target=_get_ready, name="get ready", daemon=True)
    thread.start()
    return thread


def _get_ready() -> None:
    import_pages()
    compile_ahead()
    gc.freeze()

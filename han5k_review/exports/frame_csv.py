"""A data frame of derived numbers as CSV, with the same cells as the study's exports."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from han5k_review.exports.about_sheet import RESEARCH_USE
from han5k_review.exports.cells import fit_csv
from han5k_review.store.audit import add_audit
from han5k_review.store.engine import transaction
from han5k_review.store.study import Study


def export_frame(
    study: Study, frame: pd.DataFrame, subject: str, *, actor: str, now: datetime
) -> bytes:
    """The frame as CSV (`build_frame_csv`), with its row in the audit trail."""
    content = build_frame_csv(frame)
    with transaction(study.engine) as session:
        rows = {subject: len(frame)}
        add_audit(session, at_utc=now, actor=actor, action="export", subject=subject, rows=rows)
    return content


def build_frame_csv(frame: pd.DataFrame) -> bytes:
    """UTF-8 with a byte order mark, empty = undefined; the last column is the notice."""
    noticed = frame.assign(notice=RESEARCH_USE)
    for name in noticed.columns:
        if not pd.api.types.is_numeric_dtype(noticed[name]):
            noticed[name] = noticed[name].map(fit_csv, na_action="ignore")
    return noticed.to_csv(index=False).encode("utf-8-sig")

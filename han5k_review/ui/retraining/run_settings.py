"""The settings of a run that a person may change on the page; the others stay the preset's."""

from __future__ import annotations

from typing import Any

import streamlit as st

from han5k_review.retraining.settings import SettingWords, explain_settings

_ASKED_ELSEWHERE = {"count_references", "threads"}
_CHOICES = {"optimizer": ("sgd", "adamw"), "architecture": ("plain", "residual")}
_MAY_BE_EMPTY = {"working_spacing_mm"}
_COLUMNS = 3


def ask_settings(preset: str) -> dict[str, Any]:
    """What the person changed; nothing when everything is as the preset has it."""
    changed: dict[str, Any] = {}
    with st.expander("Change settings"):
        st.markdown(f"As the preset {preset} has them; each is explained behind its question mark.")
        shown = [row for row in explain_settings() if row.name not in _ASKED_ELSEWHERE]
        shown.sort(key=lambda row: isinstance(row.values[preset], bool))  # switches last
        for first in range(0, len(shown), _COLUMNS):
            columns = st.columns(_COLUMNS, vertical_alignment="bottom")
            for column, row in zip(columns, shown[first : first + _COLUMNS], strict=False):
                usual = row.values[preset]
                with column:
                    value = _ask(row, usual, f"setting-{preset}-{row.name}")
                if value != usual:
                    changed[row.name] = value
    return changed


def _ask(row: SettingWords, usual: Any, key: str) -> Any:
    """The widget that fits the value: a switch, a choice, or a number with its unit."""
    if isinstance(usual, bool):
        return st.checkbox(row.title, value=usual, help=row.explanation, key=key)
    if row.name in _CHOICES:
        choices = _CHOICES[row.name]
        place = choices.index(usual)
        return st.selectbox(row.title, choices, index=place, help=row.explanation, key=key)
    whole = isinstance(usual, int)
    return st.number_input(
        row.title,
        min_value=0 if whole else 0.0,
        value=usual,
        step=1 if whole else None,
        format="%d" if whole else "%.4g",
        help=row.explanation,
        key=key,
        placeholder="native" if row.name in _MAY_BE_EMPTY else None,
    )


def describe_changed(preset: str, changed: dict[str, Any]) -> str:
    """The changed settings in a line; empty when there are none."""
    rows = {row.name: row for row in explain_settings()}
    told = [
        f"{rows[name].title} {value if value is not None else 'native'} "
        f"(preset: {_value(rows[name].values[preset])})"
        for name, value in changed.items()
        if name in rows and value != rows[name].values[preset]
    ]
    return f"Changed: {'; '.join(told)}." if told else ""


def _value(value: Any) -> str:
    return "native" if value is None else str(value)

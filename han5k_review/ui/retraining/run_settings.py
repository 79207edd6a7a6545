"""The settings of a run that a person may change on the page; the others stay the preset's."""

from __future__ import annotations

from typing import Any

import streamlit as st

from han5k_review.retraining.settings import PRESETS, explain_settings

_OFFERED = ("epochs", "iterations_per_epoch", "memory_target_gb", "seed")


def ask_settings(preset: str) -> dict[str, Any]:
    """What the person changed; nothing when everything is as the preset has it."""
    words = {name: explanation for name, explanation, _ in explain_settings()}
    changed: dict[str, Any] = {}
    with st.popover("Change settings"):
        st.caption(f"As the preset {preset} has them. All settings: docs/retraining.md.")
        for name in _OFFERED:
            usual = PRESETS[preset][name]
            value = st.number_input(
                name.replace("_", " "),
                min_value=type(usual)(0.001) if isinstance(usual, float) else 1,
                value=usual,
                format="%.3f" if isinstance(usual, float) else "%d",
                help=words[name],
                key=f"setting-{preset}-{name}",
            )
            if value != usual:
                changed[name] = value
    return changed

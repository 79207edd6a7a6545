from __future__ import annotations

from pathlib import Path

import pytest

from han5k_review.retraining.settings import PRESETS, explain_settings, settings_table
from han5k_review.store.vocabulary import PredictionState, ReferenceKind, RunState, Uncertainty

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "retraining.md").read_text()


def test_the_table_of_settings_in_the_docs_is_the_codes() -> None:
    assert settings_table() in TEXT, "run python -m han5k_review.retraining.settings"


@pytest.mark.parametrize(
    "word", [*PRESETS, *RunState, *ReferenceKind, *PredictionState, *Uncertainty]
)
def test_every_preset_state_and_kind_of_reference_is_documented(word: str) -> None:
    assert word == "off" or f"`{word}`" in TEXT


def test_every_setting_has_a_value_in_every_preset_and_an_explanation() -> None:
    for name, explanation, values in explain_settings():
        assert explanation.endswith("."), name
        assert set(values) == set(PRESETS)

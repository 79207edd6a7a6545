from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from han5k_review.retraining.presets import PRESETS
from han5k_review.retraining.settings import explain_settings, settings_table
from han5k_review.store.vocabulary import PredictionState, ReferenceKind, RunState, Uncertainty

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "retraining.md").read_text()


def test_the_table_of_settings_in_the_docs_is_the_codes() -> None:
    assert settings_table() in TEXT, "run python -m han5k_review.retraining.settings"


@pytest.mark.parametrize(
    "word", [*PRESETS, *RunState, *ReferenceKind, *(s.word for s in PredictionState), *Uncertainty]
)
def test_every_preset_state_and_kind_of_reference_is_documented(word: str) -> None:
    assert word == "off" or f"`{word}`" in TEXT


def test_every_setting_has_a_value_in_every_preset_and_an_explanation() -> None:
    for row in explain_settings():
        assert row.explanation.endswith("."), row.name
        assert set(row.values) == set(PRESETS)


def test_people_read_no_name_of_a_setting_but_a_label_each_with_its_unit() -> None:
    titles = [row.title for row in explain_settings()]
    assert len(set(titles)) == len(titles)
    assert not any("_" in title for title in titles)
    assert {"Working spacing (mm)", "Memory target (GB)"} <= set(titles)


def test_the_rooms_in_the_architecture_are_those_of_the_import_contract_in_its_order() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (contract,) = (
        c
        for c in settings["tool"]["importlinter"]["contracts"]
        if c.get("containers") == ["han5k_review.retraining"]
    )
    former, *layers = contract["layers"]
    text = (ROOT / "ARCHITECTURE.md").read_text().split("### The rooms of retraining")[1]
    told = re.findall(r"^\| `([a-z]+)/?` \|", text, re.MULTILINE)
    assert told == [room for layer in layers for room in layer.split(" | ")]
    assert all(f"`{room}" in text for room in former.split(" | "))

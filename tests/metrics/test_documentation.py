"""docs/correctness.md names every number and shows one phantom as it is measured."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from han5k_review.metrics import Definition, Engine, Panel, measure
from tests.metrics.phantoms import box

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "correctness.md").read_text("utf-8")


def test_every_field_of_the_panel_is_explained() -> None:
    missing = [field.name for field in dataclasses.fields(Panel) if f"`{field.name}`" not in PAGE]
    assert not missing


def test_every_definition_and_engine_is_explained() -> None:
    assert [d for d in Definition if f"| `{d}`" not in PAGE] == []
    assert [e for e in Engine if f"`Engine.{e.name}`" not in PAGE] == []


@pytest.mark.parametrize("engine", list(Engine))
def test_the_table_of_the_phantom_is_what_is_measured(engine: Engine) -> None:
    shape = (60, 40, 14)
    reference = box(shape, (4, 4, 2), (24, 20, 8))
    prediction = box(shape, (6, 4, 2), (24, 20, 8)) | box(shape, (48, 6, 3), (6, 6, 3))
    panels = [
        measure(reference, prediction, (1, 1, 2.5), definition=definition, engine=engine)
        for definition in Definition
    ]
    rows = re.findall(
        r"^\| `(\w+)` \| ([\d.]+)" + 3 * r" \| ([\d.]+)" + r" \|$", PAGE, re.MULTILINE
    )
    assert len(rows) == 7
    for name, *printed in rows:
        assert [f"{getattr(panel, name):.4f}" for panel in panels] == printed, name

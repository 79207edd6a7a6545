"""The protocol page: what does not fit is said, a version is saved, a plan is shown and written."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from han5k_review.settings import get_settings
from han5k_review.store.engine import reading, transaction
from han5k_review.store.vocabulary import Preset, Role
from han5k_review.ui.visit import open_bench
from rigs.studies import add_reader
from tests.protocol.conftest import Room

SCRIPT = Path(__file__).with_name("protocol_page.py")


def test_a_lead_chooses_a_design_saves_it_and_assigns(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction(room.study.engine) as session:
        add_reader(session, "lead", Role.LEAD)
    monkeypatch.setenv("HAN5K_STUDY", str(room.study.root))
    # AppTest leaves its script as the main module, which processes spawned later would run.
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    get_settings.cache_clear()
    open_bench.clear()
    page = AppTest.from_file(str(SCRIPT), default_timeout=60).run()
    assert not page.exception
    assert [one.value for one in page.metric] == ["24", "0.1", "0.0"]  # 12 cases, 2 structures
    find(page.selectbox, "Design").select(Preset.INTRA_READER).run()
    find(page.number_input, "Hidden repeats, %").set_value(0.0).run()
    assert "Repeats were expected" in page.warning[0].value
    find(page.number_input, "Hidden repeats, %").set_value(25.0).run()
    find(page.button, "Save as version 1").click().run()
    assert not page.exception
    assert page.caption[0].value == "This is version 1, as it is in force."
    shown = page.dataframe[-1].value
    assert shown["Reads"].tolist() == [3, 3, 3, 3]
    assert shown["Repeats"].tolist() == [1, 1, 1, 1]
    find(page.button, "Put 16 reads on 4 lists").click().run()
    assert not page.exception
    with reading(room.study.engine) as session:
        assert len(room.list_reads(session)) == 16


def find(widgets: Sequence[Any], label: str) -> Any:
    """The widget with this label."""
    return next(one for one in widgets if one.label == label)

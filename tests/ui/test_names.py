"""ROI names on a page: what a dry run found is confirmed there, and kept."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from han5k_review.importing.confirmed_names import list_confirmed_names
from han5k_review.settings import get_settings
from han5k_review.store.engine import reading
from han5k_review.ui.visit import open_bench
from tests.web.bench import build_bench

SCRIPT = Path(__file__).with_name("names_page.py")
TABLE = "name,files,state,structure,nearest\nParotis li,7,,,\nPTV,3,,,\nBrainstem,2,,,\n"


def test_names_are_proposed_confirmed_and_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = build_bench(tmp_path / "study", None)
    monkeypatch.setenv("HAN5K_STUDY", str(bench.study.root))
    # AppTest leaves its script as the main module, which processes spawned later would run.
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    get_settings.cache_clear()
    open_bench.clear()
    page = AppTest.from_file(str(SCRIPT), default_timeout=60).run()
    page.file_uploader[0].upload("names.csv", TABLE.encode())
    page.run()
    assert not page.exception
    assert "3 names, 2 that no structure answers to" in page.caption[0].value
    assert page.button[0].disabled
    page.checkbox[0].check().run()
    frame = page.dataframe[0].value
    assert frame["Structure"].tolist()[0] == "ParotidL"
    assert frame["Files"].tolist() == [7, 3, 2]
    page.button[0].click().run()
    assert not page.exception
    with reading(bench.study.engine) as session:
        rows = [(row.written, row.structure, row.actor) for row in list_confirmed_names(session)]
    assert ("Parotis li", "ParotidL", "lena") in rows
    assert page.dataframe[-1].value["Name"].tolist()[-1] == "Parotis li"

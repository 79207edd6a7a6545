"""docs/viewer.md and the key table say the same."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEYMAP = ROOT / "han5k_review/ui/viewer/assets/pure/keymap.js"
ROW = re.compile(r'\["[a-z-]+", \[((?:"[^"]+",? ?)+)\], "([^"]+)"\]')


def test_every_key_is_documented_as_it_works() -> None:
    text = KEYMAP.read_text()
    code = {(tuple(re.findall(r'"([^"]+)"', keys)), title) for keys, title in ROW.findall(text)}
    assert len(code) > 30
    documented = {
        (tuple(re.findall(r"`([^`]+)`", keys)), title)
        for keys, title in re.findall(
            r"^\| ((?:`[^`]+` ?)+) \| (.+) \|$", (ROOT / "docs/viewer.md").read_text(), re.M
        )
    }
    assert documented == code


def test_no_script_or_style_is_fetched_from_elsewhere() -> None:
    for path in (ROOT / "han5k_review/ui/viewer/assets").rglob("*.*"):
        content = path.read_text()
        foreign = re.findall(r"(?:from|import|url)\s*\(?[\"']https?:[^\"']+", content)
        assert foreign == [], path.name

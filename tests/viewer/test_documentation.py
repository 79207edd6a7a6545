"""docs/viewer.md, docs/viewer-code.md and the code say the same."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ASSETS = ROOT / "han5k_review/viewer/assets"
KEYMAP = ASSETS / "pure/keymap.js"
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
    for path in ASSETS.rglob("*.*"):
        content = path.read_text()
        foreign = re.findall(r"(?:from|import|url)\s*\(?[\"']https?:[^\"']+", content)
        assert foreign == [], path.name


def test_every_topic_of_a_redraw_is_explained() -> None:
    [union] = re.findall(r"@typedef \{([^}]+)\} Topic", (ASSETS / "topics.js").read_text())
    rows = re.findall(r"^\| (`[^|]+`) \| ", (ROOT / "docs/viewer-code.md").read_text(), re.M)
    explained = [word for row in rows for word in re.findall(r"`([a-z]+)`", row)]
    assert sorted(explained) == sorted(re.findall(r'"([a-z]+)"', union))

"""Documents cannot lie: what the code knows by name is written down."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from han5k_review.accounts.may import MAY
from han5k_review.metrics import Panel
from han5k_review.retraining.presets import PRESETS
from han5k_review.retraining.settings import explain_settings
from han5k_review.store.vocabulary import Role, RunState

ROOT = Path(__file__).resolve().parents[2]


def page_text(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def test_every_page_is_described_and_every_described_page_exists() -> None:
    files = {path.stem for path in (ROOT / "pages").glob("*.py")}
    rows = [line for line in page_text("pages.md").splitlines() if line.startswith("| `")]
    assert {row.split("`")[1] for row in rows} == files


def test_the_tour_has_a_picture_of_each_page_and_stays_small() -> None:
    shown = set(re.findall(r"\(tour/(\w+)\.webp\)", page_text("tour.md")))
    pictures = list((ROOT / "docs" / "tour").glob("*.webp"))
    assert {path.stem for path in (ROOT / "pages").glob("*.py")} <= shown
    assert shown == {path.stem for path in pictures}
    assert sum(path.stat().st_size for path in pictures) < 2_000_000


@pytest.mark.parametrize("field", [f.name for f in fields(Panel)])
def test_every_metric_is_defined(field: str) -> None:
    assert f"`{field}`" in page_text("correctness.md")


@pytest.mark.parametrize("state", list(RunState))
def test_every_run_state_is_explained(state: RunState) -> None:
    assert f"`{state.value}`" in page_text("retraining.md")


@pytest.mark.parametrize("name", [*PRESETS, *(row.name for row in explain_settings())])
def test_every_preset_and_setting_of_a_run_is_explained(name: str) -> None:
    assert f"`{name}`" in page_text("retraining.md")


def test_every_role_may_do_something() -> None:
    assert set(MAY) == set(Role)


def test_every_link_between_documents_leads_somewhere() -> None:
    broken = []
    for page in [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *(ROOT / "docs").rglob("*.md")]:
        for part in page.read_text().split("](")[1:]:
            target = part.split(")")[0].split("#")[0]
            if target and "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert not broken, broken


def test_every_file_that_a_how_to_names_is_there() -> None:
    bases = (ROOT, ROOT / "han5k_review", ROOT / "han5k_review" / "viewer" / "assets")
    gone = [
        f"{page.name}: {named}"
        for page in (ROOT / "docs" / "how-to").glob("*.md")
        for named in re.findall(r"`([a-z_0-9]+/[a-z_0-9/.-]+\.(?:py|js|md|csv))`", page.read_text())
        if not any((base / named).is_file() for base in bases)
    ]
    assert not gone, gone


def test_the_picture_of_the_rooms_is_the_import_contract() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (contract,) = (
        one
        for one in settings["tool"]["importlinter"]["contracts"]
        if one["type"] == "layers" and "containers" not in one
    )
    rows = [layer.replace("han5k_review.", "").split(" | ") for layer in contract["layers"]]
    text = (ROOT / "ARCHITECTURE.md").read_text()
    picture = text.split("## Rooms and arrows")[1].split("```")[1]
    words = [line.split("   ")[0] for line in map(str.strip, picture.splitlines())]
    drawn = [room for word in words for room in re.findall(r"[a-z]+", word) if "." not in word]
    assert drawn[drawn.index("ui") :] == [room for row in rows for room in row]
    for room in (room for row in rows for room in row):
        assert f"| `{room}" in text or room in ("settings", "errors"), f"{room} is not in the table"

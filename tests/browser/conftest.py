"""A real Chromium, and pictures of what it showed under test-artifacts/."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import pytest

from tests.browser.desk import Desk, build_desk, open_desk
from tests.once import build_once

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where screenshots go that a person can look at."""
    folder = ROOT / "test-artifacts"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def first_desk(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study of four real patients, imported once for all test processes of this run."""
    return build_once(tmp_path_factory, "first-desk", partial(build_desk, shared_data))


@pytest.fixture
def desk(first_desk: Path, tmp_path: Path) -> Desk:
    """A fresh study of four real patients: copying a study's folder copies the study."""
    shutil.copytree(first_desk, tmp_path, dirs_exist_ok=True)
    return open_desk(tmp_path)

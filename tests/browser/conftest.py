"""A real Chromium, and pictures of what it showed under test-artifacts/."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.desk import Desk, build_desk

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where screenshots go that a person can look at."""
    folder = ROOT / "test-artifacts"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def desk(shared_data: Path, tmp_path: Path) -> Desk:
    """A fresh study of six real patients."""
    return build_desk(shared_data, tmp_path)


def sign_in(page: Page, url: str, name: str, password: str) -> None:
    """Sign in through the page, as a person does."""
    page.goto(f"{url}/sign-in")
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda there: "sign-in" not in there)

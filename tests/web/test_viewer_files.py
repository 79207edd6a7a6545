"""The viewer's scripts: browsers keep them below the address of their content, and no other."""

from __future__ import annotations

from http import HTTPStatus

from han5k_review.web.viewer_files import name_viewer
from tests.web.conftest import ANY_ENGINE, Visit

pytestmark = ANY_ENGINE


def test_a_browser_keeps_the_scripts_of_this_version_and_of_no_other(visit: Visit) -> None:
    anna = visit("anna")
    first = name_viewer()
    other = first.replace(first.split("/")[2], "of-an-older-version")
    kept, passing = anna.get(first), anna.get(other)
    assert kept.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert passing.headers["cache-control"] == "no-store"
    assert kept.content == passing.content
    assert kept.headers["content-type"].startswith("text/javascript")


def test_nothing_else_of_the_program_is_served_there(visit: Visit) -> None:
    anna = visit("anna")
    folder = name_viewer().removesuffix("/viewer.js")
    for path in ("%2e%2e/mount.py", "net/%2e%2e/%2e%2e/door.py", "", "nothing.js"):
        assert anna.get(f"{folder}/{path}").status_code == HTTPStatus.NOT_FOUND

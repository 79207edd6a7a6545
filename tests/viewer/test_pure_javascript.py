"""The viewer's pure JavaScript, by Node's own test runner."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "javascript"


@pytest.mark.parametrize("path", sorted(HERE.glob("*.test.mjs")), ids=lambda path: path.stem)
def test_the_pure_modules_keep_their_word(path: Path) -> None:
    node = shutil.which("node")
    assert node, (
        "Node.js was expected for the viewer's modules, found none; install the package nodejs."
    )
    run = subprocess.run(
        [node, "--test", "--test-reporter=tap", str(path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]

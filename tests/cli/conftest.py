"""What the tests of the commands share: the command line in this process."""

from __future__ import annotations

import pytest

from han5k_review.cli.main import main


class Han5k:
    """The command line in this process: exit code, and everything it printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *words: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main(words)
        printed = self.capsys.readouterr()
        return int(ended.value.code or 0), printed.out + printed.err


@pytest.fixture
def han5k(capsys: pytest.CaptureFixture[str]) -> Han5k:
    return Han5k(capsys)

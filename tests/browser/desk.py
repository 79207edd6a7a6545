"""The study of the browser tests: four real patients, two accounts, made by the real command."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from han5k_review.accounts.readers import get_reader
from han5k_review.cli.main import main
from han5k_review.store.engine import transaction
from han5k_review.store.study import Study, open_study
from tests.browser.openkbp_study import TRAIN, write_input

PASSWORD = "a long enough password"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The `han5k` command, in this process, on one study."""

    root: Path
    study: Path

    def han5k(self, *words: str, expected: int = 0) -> str:
        printed = io.StringIO()
        code = 0
        with redirect_stdout(printed), redirect_stderr(printed):
            try:
                main((*words, "--study", str(self.study)))
            except SystemExit as ended:
                code = int(ended.code or 0)
        assert code == expected, printed.getvalue()
        return printed.getvalue()

    def open_study(self) -> Study:
        return open_study(self.study)


def open_desk(root: Path) -> Desk:
    """The desk whose study, input files and password lie under `root`."""
    return Desk(root=root, study=root / "study")


def build_desk(shared_data: Path, root: Path) -> Desk:
    """Import four patients (twice, to see that nothing changes), add anna and lead, assign."""
    desk = open_desk(root)
    manifest = write_input(shared_data, root / "input")
    desk.han5k("init", "--add-structures", str(root / "input" / "mandible.csv"))
    assert "4 new" in desk.han5k("import", str(manifest), "--dry-run")
    assert "4 new" in desk.han5k("import", str(manifest))
    assert "4 unchanged" in desk.han5k("import", str(manifest))
    secret = root / "password"
    secret.write_text(PASSWORD)
    desk.han5k("reader", "add", "anna", "--password-file", str(secret))
    desk.han5k("reader", "add", "lead", "--role", "lead", "--password-file", str(secret))
    with transaction(desk.open_study().engine) as session:  # as if both had chosen their own
        for name in ("anna", "lead"):
            get_reader(session, name).must_change_password = False
    names = [f"KBP-{number}" for number in TRAIN]
    assert "2 cases assigned" in desk.han5k("assign", "anna", *names)
    return desk

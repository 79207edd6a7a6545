"""No command ends in a traceback: a sentence, a log file, exit code 1; Ctrl-C is 130."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from han5k_review.accounts.signing_in import authenticate
from han5k_review.cli.main import main
from han5k_review.importing.imports import run_import
from han5k_review.importing.study import create_study
from han5k_review.store.engine import build_engine, reading, sqlite_url, transaction
from han5k_review.store.study import DATABASE_NAME, Study, open_study
from han5k_review.study import read_study_catalogue
from rigs.databases import lay_database
from tests.importing.case_files import source, write_case, write_ct
from tests.importing.conftest import NOON

HAN5K = [sys.executable, "-m", "han5k_review.cli"]


def call(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*HAN5K, *words],
        capture_output=True,
        text=True,
        errors="backslashreplace",
        env={**os.environ, **variables},
        check=False,
    )


@pytest.fixture
def study(tmp_path: Path) -> Study:
    lay_database(tmp_path / "study")
    made = create_study(tmp_path / "study", "Trial", now_utc=NOON)
    made.engine.dispose()
    return made


def test_a_path_that_the_system_refuses_is_something_to_mend(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(("import", "x" * 300, "--dry-run", "--study", str(study.root)))
    assert ended.value.code == 2
    printed = " ".join(capsys.readouterr().err.split())
    assert "found: File name too long; mend its path or its permissions" in printed


def test_an_error_nobody_foresaw_is_a_sentence_and_a_private_log(study: Study) -> None:
    engine = build_engine(sqlite_url(study.root / DATABASE_NAME))
    with transaction(engine) as session:  # a role that no program of today knows
        connection = session.connection()
        connection.execute(text("PRAGMA ignore_check_constraints = ON"))
        connection.execute(
            text(
                "INSERT INTO reader (name, pseudonym, role, password_hash, active, created_at_utc) "
                "VALUES ('a', 'R1', 'wizard', 'x', 1, '2026-01-01 00:00:00')"
            )
        )
    engine.dispose()
    ended = call("reader", "list", "--study", str(study.root))
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: The program met an error of its own (LookupError: ")
    assert ended.stderr.count("\n") == 1
    (log,) = (study.root / "logs").iterdir()
    assert str(log) in ended.stderr
    assert log.stat().st_mode & 0o077 == 0
    written = log.read_text()
    assert "Traceback" in written
    assert "'reader' 'list'" in written
    assert "wizard" in written


def test_one_case_that_nobody_foresaw_does_not_stop_the_others(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_study(study.root)
    write_case(opened, tmp_path)
    write_ct(tmp_path, "second.nii.gz", shift=1)

    class Torn(type(tmp_path)):  # type: ignore[misc]
        """A path on a share that answers with what no library expects."""

        def open(self, *_: object, **__: object) -> object:
            raise RuntimeError("the share is gone")

    cases = [
        source(opened, tmp_path, case="HN-1"),
        source(opened, tmp_path, case="HN-2", ct="second.nii.gz"),
    ]
    object.__setattr__(cases[0], "ct", Torn(tmp_path / "ct.nii.gz"))
    report = run_import(opened, read_study_catalogue(opened), cases, actor="anna", now=lambda: NOON)
    assert [case.outcome.value for case in report.cases] == ["refused", "new"]
    assert "error of its own (RuntimeError: the share is gone); the details are in" in (
        report.cases[0].refusal
    )
    assert "Traceback" in next((study.root / "logs").iterdir()).read_text()
    opened.engine.dispose()


def test_a_sentence_prints_a_path_as_it_is(tmp_path: Path) -> None:
    odd = tmp_path / "[/old] study" / "a :smile: b" / "[red]x"
    ended = call("reader", "list", "--study", str(odd))
    assert ended.returncode == 2
    assert str(odd) in ended.stderr


def test_a_name_the_terminal_cannot_show_ends_no_command(tmp_path: Path) -> None:
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/bad-\xff-name")
    ended = call("import", folder, "--study", str(tmp_path), PYTHONIOENCODING="ascii:strict")
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "url", ["postgresql://u:geheim@@@x:y/z", "nonsense", "mysql://u:geheim@h/d"]
)
def test_a_database_url_that_is_none_is_one_sentence_without_its_password(
    study: Study, url: str
) -> None:
    ended = call("reader", "list", "--study", str(study.root), HAN5K_DATABASE_URL=url)
    assert ended.returncode == 2, ended.stderr
    assert "A database URL like" in ended.stderr
    assert "geheim" not in ended.stderr


def read_to_the_end(terminal: int) -> None:
    with contextlib.suppress(OSError):  # EIO: the other end is closed
        while os.read(terminal, 1000):
            pass


def test_ctrl_c_at_the_password_is_130(study: Study) -> None:
    parent, child = pty.openpty()
    running = subprocess.Popen(
        [*HAN5K, "reader", "add", "ann", "--study", str(study.root)],
        stdin=child,
        stdout=child,
        stderr=child,
        start_new_session=True,
        # As in a terminal, also where the tests were started in the background, without Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    os.close(child)
    shown = b""
    while b"Password" not in shown:
        shown += os.read(parent, 1000)
    running.send_signal(signal.SIGINT)
    read_to_the_end(parent)  # a terminal waits for its reader before it is given back
    assert running.wait(60) == 130
    os.close(parent)


@pytest.mark.parametrize(
    "content", [b"\xef\xbb\xbf", "\ufeff".encode("utf-16-le")], ids=["utf-8", "utf-16"]
)
def test_a_byte_order_mark_is_no_part_of_a_password(
    study: Study, tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    encoding = "utf-8" if len(content) == 3 else "utf-16-le"
    secret = tmp_path / "password"
    secret.write_bytes(content + "long-enough-Ä\r\nsecond line".encode(encoding))
    with pytest.raises(SystemExit) as ended:
        main(
            ["reader", "add", "Jürgen", "--password-file", str(secret), "--study", str(study.root)]
        )
    assert not ended.value.code, capsys.readouterr()
    opened = open_study(study.root)
    with reading(opened.engine) as session:
        for name in ("Jürgen", "JÜRGEN", "Ju\u0308rgen", " jürgen "):
            assert authenticate(session, name, "long-enough-Ä").identity is not None
            assert authenticate(session, name, "long-enough-A\u0308").identity is not None
        assert authenticate(session, "Jürgen", "\ufefflong-enough-Ä").identity is None
    opened.engine.dispose()

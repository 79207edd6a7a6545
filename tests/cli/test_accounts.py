"""`han5k accounts` lists the sign-ins and tokens that are open, and ends them."""

from __future__ import annotations

from pathlib import Path

import pytest

from han5k_review.accounts.identity import build_identity
from han5k_review.accounts.sessions import Browser, open_session
from han5k_review.cli.main import main
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from rigs.databases import open_new_study
from rigs.studies import add_identity, add_reader


def test_sign_ins_and_tokens_are_listed_and_ended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def call(*words: str) -> str:
        with pytest.raises(SystemExit):
            main(("accounts", *words, "--study", str(study.root)))
        printed = capsys.readouterr()
        return printed.out + printed.err

    study = open_new_study(tmp_path / "study", None)
    add_identity(study)
    with transaction(study.engine) as session:
        for name, browsers in (("anna", "AB"), ("ben", "C")):
            identity = build_identity(add_reader(session, name))
            for browser in browsers:
                open_session(session, identity, Browser(user_agent=browser), utc_now())
    assert [line[-1] for line in call("sessions").splitlines()] == ["C", "B", "A"]
    assert call("sign-out", "--session", "1") == "sign-in 1 has ended\n"
    assert [line[-1] for line in call("sessions", "anna").splitlines()] == ["B"]
    assert call("sign-out", "anna") == "anna is signed out everywhere\n"
    assert [line.split()[1] for line in call("sessions").splitlines()] == ["ben"]
    assert "or --session NUMBER was expected" in call("sign-out")
    assert "found 77" in call("sign-out", "--session", "77")
    made = call("make-token", "ben", "--scope", "read", "--scope", "revise", "--days", "7")
    assert made.startswith("han5k_")
    listed = call("tokens", "ben")
    assert listed.startswith("1  ben  command line  read, revise  until ")
    assert listed.endswith("never used\n")
    assert made.strip() not in listed
    assert call("end-token", "1") == "token 1 has ended\n"
    assert call("tokens") == ""
    assert "found export" in call("make-token", "ben", "--scope", "export")

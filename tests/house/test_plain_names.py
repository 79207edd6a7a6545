"""What people wrote never reaches a page as Markdown: it goes through `as_text` first."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from han5k_review.ui.plain_text import as_text
from tests.house.test_house_rules import ROOT, tracked

# Streamlit reads the first argument of these as Markdown, `label` and `help` of every widget, too.
READS_MARKDOWN = {"warning", "error", "info", "success", "toast", "caption", "markdown", "write"}
READS_MARKDOWN |= {"title", "header", "subheader", "button", "checkbox", "expander", "popover"}
# Names of variables and fields that hold what a person, a file or another program wrote.
WRITTEN = {"error", "reason", "actor", "name", "signer", "comment", "note", "strerror", "notice"}
WRITTEN |= {"pseudonym", "sentence", "names", "meaning"}
OTHERS = ("_log", "log", "sys.stderr")
PLACES = ("han5k_review/ui/*.py", "han5k_review/viewer/*.py", "pages/*.py", "app.py")


def list_raw(tree: ast.AST) -> Iterator[str]:
    """Line and expression of each written text that a Markdown argument shows as it is."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        if call.func.attr in READS_MARKDOWN and ast.unparse(call.func.value) not in OTHERS:
            for shown in call.args[:1]:
                yield from (f"{call.lineno}: {ast.unparse(one)}" for one in _list_written(shown))


def _list_written(shown: ast.expr) -> Iterator[ast.expr]:
    """Of an argument: what it shows without `as_text`, where that was written by somebody."""
    match shown:
        case ast.Name(id=word) | ast.Attribute(attr=word):
            if word in WRITTEN:
                yield shown
            return
        case ast.JoinedStr(values=parts):
            within = [part.value for part in parts if isinstance(part, ast.FormattedValue)]
        case ast.BinOp(left=left, right=right):
            within = [left, right]
        case ast.IfExp(body=one, orelse=other):
            within = [one, other]
        case ast.Call(func=ast.Name(id="str") | ast.Attribute(attr="join"), args=[first, *_]):
            within = [first]
        case _:
            within = []
    for part in within:
        yield from _list_written(part)


def test_what_people_wrote_is_never_read_as_markdown() -> None:
    raw = [
        f"{path.relative_to(ROOT)}:{found}; write as_text(...) around it (ui/plain_text.py)"
        for path in tracked(*PLACES)
        for found in list_raw(ast.parse(path.read_text()))
    ]
    assert not raw, "\n".join(raw)


def test_the_rule_finds_what_it_is_for() -> None:
    bad = "st.error(str(error)); left.info(f'Paused by {pause.actor}: {as_text(pause.reason)}')"
    assert list(list_raw(ast.parse(bad))) == ["1: error", "1: pause.actor"]
    assert not list(list_raw(ast.parse("st.error(as_text(str(error))); _log.error(error)")))


def test_signs_that_markdown_reads_are_shown_as_they_are() -> None:
    assert as_text("www.evil.example a@b.example") == r"www\.evil\.example a\@b\.example"
    assert as_text("# **Anna**") == r"\# \*\*Anna\*\*"

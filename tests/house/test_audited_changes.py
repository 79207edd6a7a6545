"""Every place that changes the study leads to a row in the audit trail, by the source alone.

`tests/audit_guard.py` watches each transaction that a test runs. Here is every transaction that
there is, of routes, pages, commands and services, found by its `with transaction(...)`: what its
block calls must reach `add_audit`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from han5k_review.store.audit import add_audit
from han5k_review.store.engine import transaction
from han5k_review.store.tables import Reader
from han5k_review.store.vocabulary import Role
from rigs.databases import open_new_study
from rigs.studies import NOON
from tests.audit_guard import WITHOUT, AuditGuard
from tests.house.test_house_rules import ROOT, tracked

PLACES = ("han5k_review/*.py", "pages/*.py", "app.py")
OPENERS = {"transaction", "change"}  # `change` is the draft room's, which yields its transaction
GOAL = "han5k_review/store/audit.py add_audit"


@dataclass(slots=True, kw_only=True)
class Source:
    """One file: what its names are elsewhere, and its functions (methods by their own name)."""

    path: str
    tree: ast.Module
    imported: dict[str, str]
    functions: dict[str, list[ast.FunctionDef]]

    def resolve(self, called: ast.expr, owners: dict[str, set[str]]) -> Iterator[str]:
        """`path name` of what may be meant: exact for functions, methods by a name that is rare."""
        if isinstance(called, ast.Name):
            if called.id in self.imported:
                yield self.imported[called.id]
            elif called.id in self.functions:
                yield f"{self.path} {called.id}"
        elif isinstance(called, ast.Attribute):
            if isinstance(called.value, ast.Name) and called.value.id == "self":
                yield f"{self.path} {called.attr}"
            elif len(owners.get(called.attr, ())) == 1:
                yield f"{next(iter(owners[called.attr]))} {called.attr}"


@cache
def read_sources() -> list[Source]:
    """Every file of the product."""
    return [_read_source(path) for path in tracked(*PLACES)]


def _read_source(path: Path) -> Source:
    tree = ast.parse(path.read_text())
    imported, functions = {}, {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("han5k_review"):
            for one in node.names:
                file = f"{(node.module or '').replace('.', '/')}.py"
                imported[one.asname or one.name] = f"{file} {one.name}"
        elif isinstance(node, ast.FunctionDef):
            functions.setdefault(node.name, []).append(node)
    return Source(
        path=path.relative_to(ROOT).as_posix(), tree=tree, imported=imported, functions=functions
    )


def list_called(nodes: Iterable[ast.AST]) -> Iterator[ast.expr]:
    """What is called, or handed on to be called, anywhere within."""
    for node in nodes:
        for one in ast.walk(node):
            if isinstance(one, ast.Call):
                yield from (one.func, *one.args, *(given.value for given in one.keywords))


def list_sites(source: Source) -> Iterator[tuple[str, ast.With]]:
    """Name of the function and block of every `with transaction(...)`."""
    for function in (source.tree, *(one for many in source.functions.values() for one in many)):
        for block in _list_own(function):
            opened = {
                call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "")
                for item in block.items
                if isinstance(item.context_expr, ast.Call)
                for call in (item.context_expr.func,)
            }
            if opened & OPENERS:
                yield f"{source.path} {getattr(function, 'name', 'page')}", block


def _list_own(function: ast.AST) -> Iterator[ast.With]:
    """The `with` blocks of a function that are not those of a function within it."""
    for child in ast.iter_child_nodes(function):
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            continue
        if isinstance(child, ast.With):
            yield child
        yield from _list_own(child)


def list_auditing(sources: list[Source]) -> tuple[set[str], dict[str, set[str]]]:
    """Functions that reach `add_audit` through what they call; and where each method is."""
    owners: dict[str, set[str]] = {}
    for source in sources:
        for name in source.functions:
            owners.setdefault(name, set()).add(source.path)
    calls = {
        f"{source.path} {name}": {
            meant
            for function in functions
            for called in list_called(function.body)
            for meant in source.resolve(called, owners)
        }
        for source in sources
        for name, functions in source.functions.items()
    }
    reached = {GOAL}
    while more := {name for name, called in calls.items() if called & reached} - reached:
        reached |= more
    return reached, owners


def list_silent() -> tuple[int, set[str]]:
    """How many transactions there are, and those from which no call reaches the audit trail."""
    sources = read_sources()
    auditing, owners = list_auditing(sources)
    count, silent = 0, set()
    for source in sources:
        for where, block in list_sites(source):
            count += 1
            called = list_called(block.body)
            meant = {name for one in called for name in source.resolve(one, owners)}
            if not meant & auditing:
                silent.add(where)
    return count, silent


def test_every_transaction_leads_to_the_audit_trail() -> None:
    count, silent = list_silent()
    assert count > 100, "the look for transactions finds too few"
    assert silent == WITHOUT.keys(), (
        "A transaction without an audit row was found; add one with `add_audit`, or its reason to "
        f"WITHOUT: {sorted(silent - WITHOUT.keys())}; no longer so: "
        f"{sorted(WITHOUT.keys() - silent)}"
    )


def test_only_the_end_of_a_transaction_commits() -> None:
    """An own commit, or a page that begins anew, in the block comes before its audit rows."""
    early = [
        f"{source.path}:{call.lineno} {ast.unparse(call)}"
        for source in read_sources()
        for where, block in list_sites(source)
        for call in ast.walk(block)
        if isinstance(call, ast.Call)
        and ast.unparse(call.func) in ("session.commit", "st.rerun", "st.stop", "st.switch_page")
    ]
    assert not early, f"Do this after the `with transaction(...)`: {early}"


_CHANGE = """
def change(engine, reader, audit):
    with transaction(engine) as session:
        session.add(reader)
        if audit:
            add_audit(session, at_utc=NOON, actor="a", action="add reader", subject="anna")
"""


def test_the_guard_sees_a_change_of_the_product_that_leaves_no_row(
    tmp_path: Path, watched: AuditGuard
) -> None:
    study = open_new_study(tmp_path / "study")
    known = {"transaction": transaction, "add_audit": add_audit, "NOON": NOON}
    exec(compile(_CHANGE, str(ROOT / "han5k_review" / "made_up.py"), "exec"), known)
    for name, audited in (("anna", True), ("ben", False)):
        row = Reader(name=name, pseudonym=name, role=Role.READER, password_hash="-")
        known["change"](study.engine, row, audited)  # type: ignore[operator]
    found, watched.found[:] = [*watched.found], []
    assert found == [
        "han5k_review/made_up.py change changed reader without a row in the audit trail"
    ]
    with transaction(study.engine) as session:  # a test's own row
        session.add(Reader(name="carla", pseudonym="c", role=Role.READER, password_hash="-"))
    assert watched.found == []
    study.engine.dispose()

"""Does the record hold together: the database itself, rules over several rows, the audit chain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from han5k_review.store.audit_check import check_audit
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.store.tables import APPEND_ONLY
from han5k_review.texts.counts import say_count
from han5k_review.upkeep.finding import Finding

_RESTORE = "Restore a backup of before, and ask who has access to the database."


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """What must hold over rows; `breaches` asks for the ids of those that break it."""

    sentence: str
    breaches: str


# What no constraint of a table can say.
INVARIANTS = (
    Invariant(
        sentence="A grade is of the structure and the case of the contour that it names",
        breaches="SELECT g.id FROM grade g JOIN assignment a ON a.id = g.assignment_id "
        "JOIN label_version l ON l.id = g.label_version_id "
        "WHERE l.structure <> g.structure OR l.case_id <> a.case_id",
    ),
    Invariant(
        sentence="A grade replaces one of the same read and structure, given before it",
        breaches="SELECT g.id FROM grade g JOIN grade o ON o.id = g.supersedes_id "
        "WHERE o.assignment_id <> g.assignment_id OR o.structure <> g.structure OR o.id >= g.id",
    ),
    Invariant(
        sentence="A read has one grade in force for each structure",
        breaches="SELECT min(g.id) FROM grade g LEFT JOIN grade n ON n.supersedes_id = g.id "
        "WHERE n.id IS NULL GROUP BY g.assignment_id, g.structure HAVING count(*) > 1",
    ),
    Invariant(
        sentence="A revision is of the structure and the case that was reviewed",
        breaches="SELECT r.id FROM revision r JOIN label_version l ON l.id = r.label_version_id "
        "JOIN label_version o ON o.id = r.reviewed_id "
        "WHERE l.structure <> o.structure OR l.case_id <> o.case_id",
    ),
    Invariant(
        sentence="A contour starts from an older one of the same structure and case",
        breaches="SELECT l.id FROM label_version l JOIN label_version o "
        "ON o.id = l.started_from_id "
        "WHERE l.structure <> o.structure OR l.case_id <> o.case_id OR o.id >= l.id",
    ),
)


def list_record_findings(study: Study, heads: Sequence[str] = ()) -> Iterator[Finding]:
    """Everything that can be asked of the database alone; `heads`: hashes kept elsewhere."""
    with reading(study.engine) as session:
        yield from _list_database(session)
        yield from _list_guards(session)
        yield from _list_breaches(session)
        chain = check_audit(session, heads)
    if chain.problem is not None:
        yield Finding(sentence=chain.problem, mend=_RESTORE)
    if chain.late:
        yield Finding(
            sentence=f"{say_count(chain.late, 'row')} of the audit trail tell of something done "
            f"more than a day before (the first: row {chain.first_late}).",
            mend="Nothing, if older files were imported then; else ask who wrote it.",
            is_problem=False,
        )


def _list_database(session: Session) -> Iterator[Finding]:
    """SQLite's own checks; PostgreSQL keeps its references itself."""
    if session.get_bind().dialect.name != "sqlite":
        return
    for (found,) in session.execute(sa.text("PRAGMA integrity_check(5)")).all():
        if found != "ok":
            yield Finding(sentence=f"SQLite finds its file damaged: {found}.", mend=_RESTORE)
    for table, row, other, _ in session.execute(sa.text("PRAGMA foreign_key_check")).all()[:5]:
        yield Finding(
            sentence=f"Row {row} of {table} refers to a row of {other} that is not there.",
            mend=_RESTORE,
        )


def _list_guards(session: Session) -> Iterator[Finding]:
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    query = (
        "SELECT tbl_name, count(*) FROM sqlite_master WHERE type = 'trigger' GROUP BY tbl_name"
        if is_sqlite
        else "SELECT event_object_table, count(*) FROM information_schema.triggers "
        "GROUP BY event_object_table"
    )
    guards = {table: count for table, count in session.execute(sa.text(query))}
    for table in APPEND_ONLY:
        if guards.get(table, 0) < 2:  # one for UPDATE, one for DELETE
            yield Finding(
                sentence=f"The database does not refuse changes to rows of {table}: its triggers "
                "are gone.",
                mend="Find out who dropped them; restore a backup into a new database.",
            )


def _list_breaches(session: Session) -> Iterator[Finding]:
    for rule in INVARIANTS:
        ids = [str(number) for (number,) in session.execute(sa.text(rule.breaches)).all()]
        if ids:
            yield Finding(
                sentence=f"{rule.sentence}: not so in {say_count(len(ids), 'row')} "
                f"({', '.join(ids[:5])}).",
                mend=_RESTORE,
            )

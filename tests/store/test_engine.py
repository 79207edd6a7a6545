"""The database keeps its promises, on SQLite and on PostgreSQL."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlmodel import SQLModel, select

from han5k_review.errors import ConflictError, DataError, StorageError
from han5k_review.store.audit import add_audit
from han5k_review.store.audit_check import check_audit
from han5k_review.store.engine import build_engine, reading, transaction
from han5k_review.store.migrate import migrate_database
from han5k_review.store.study import open_study
from han5k_review.store.tables import APPEND_ONLY, Assignment, Audit, Reader
from han5k_review.store.vocabulary import Role

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'study.sqlite3'}"
    return str(request.getfixturevalue("empty_postgres_url"))


def test_the_migrations_build_exactly_the_tables(url: str) -> None:
    engine = build_engine(url)
    migrate_database(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
    engine.dispose()


def test_migrating_twice_changes_nothing(url: str) -> None:
    engine = build_engine(url)
    migrate_database(engine)
    with transaction(engine) as session:
        add_audit(session, at_utc=NOON, actor="a", action="b", subject="c")
    migrate_database(engine)
    with reading(engine) as session:
        assert len(session.exec(select(Audit)).all()) == 1
    engine.dispose()


@pytest.mark.parametrize("change", ["UPDATE audit SET actor = 'z'", "DELETE FROM audit"])
def test_an_append_only_row_never_changes(url: str, change: str) -> None:
    engine = build_engine(url)
    migrate_database(engine)
    with transaction(engine) as session:
        add_audit(session, at_utc=NOON, actor="a", action="b", subject="c")
    with pytest.raises(ConflictError, match="never changed"), transaction(engine) as session:
        session.execute(text(change))
    with reading(engine) as session:
        assert session.exec(select(Audit)).one().actor == "a"
    engine.dispose()


def test_every_append_only_table_is_guarded(url: str) -> None:
    engine = build_engine(url)
    migrate_database(engine)
    query = (
        "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'"
        if url.startswith("sqlite")
        else "SELECT event_object_table FROM information_schema.triggers"
    )
    with engine.connect() as connection:
        guarded = {row[0] for row in connection.execute(text(query))}
    assert guarded == set(APPEND_ONLY)
    engine.dispose()


def test_a_reference_to_nobody_is_refused(url: str) -> None:
    engine = build_engine(url)
    migrate_database(engine)
    with pytest.raises(ConflictError), transaction(engine) as session:
        session.add(Assignment(case_id=7, reader_id=9, presentation_order=1))
    engine.dispose()


def test_times_come_back_in_utc_and_naive_ones_are_refused(url: str) -> None:
    engine = build_engine(url)
    migrate_database(engine)
    tokyo = NOON.astimezone(timezone(timedelta(hours=9)))
    with transaction(engine) as session:
        add_audit(session, at_utc=tokyo, actor="a", action="b", subject="c")
    with reading(engine) as session:
        stored = session.exec(select(Audit)).one().at_utc
    assert stored == NOON
    assert stored.utcoffset() == timedelta(0)
    naive = datetime(2026, 1, 1)
    with pytest.raises(DataError, match="A time with its zone"), transaction(engine) as session:
        session.add(Assignment(case_id=1, reader_id=1, presentation_order=1, closed_at_utc=naive))
    engine.dispose()


def test_a_failed_block_leaves_nothing(url: str) -> None:
    engine = build_engine(url)
    migrate_database(engine)
    same = {"pseudonym": "R1", "role": Role.READER, "password_hash": "x"}
    rows = [Reader(name="one", **same), Reader(name="two", **same)]

    def add_all() -> None:
        with transaction(engine) as session:
            add_audit(session, at_utc=NOON, actor="a", action="b", subject="c")
            session.add_all(rows)

    with pytest.raises(ConflictError):
        add_all()
    with reading(engine) as session:
        assert session.exec(select(Audit)).all() == []
    engine.dispose()


def add_readers(url: str, writer: int, count: int) -> None:
    engine = build_engine(url)
    migrate_database(engine)
    for n in range(count):
        with transaction(engine) as session:
            session.exec(select(Reader)).all()
            name = f"w{writer}n{n}"
            session.add(Reader(name=name, pseudonym=name, role=Role.READER, password_hash="x"))
            add_audit(session, at_utc=NOON, actor=name, action="add account", subject=name)
    engine.dispose()


def test_two_writing_processes_queue_instead_of_failing(url: str) -> None:
    """From the first moment: both find an empty database and bring it to the newest schema."""
    engine = build_engine(url)
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=add_readers, args=(url, w, 25)) for w in range(2)]
    for process in writers:
        process.start()
    for process in writers:
        process.join()
    assert [process.exitcode for process in writers] == [0, 0]
    with reading(engine) as session:
        assert len(session.exec(select(Reader)).all()) == 50
        chained = check_audit(session)
        assert (chained.rows, chained.problem) == (50, None)
    engine.dispose()


def test_a_folder_without_a_study_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="han5k init"):
        open_study(tmp_path / "nothing")


def test_a_text_file_is_not_a_database(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "study.sqlite3").write_text("this is not a database, " * 100)
    with pytest.raises(StorageError, match=r"study\.sqlite3"):
        open_study(tmp_path)


def test_threads_may_open_studies_at_the_same_time(tmp_path: Path) -> None:
    def open_new(number: int) -> str:
        study = open_study(tmp_path / f"study-{number}", create=True)
        study.engine.dispose()
        return study.root.name

    with ThreadPoolExecutor(4) as threads:
        names = list(threads.map(open_new, range(4)))
    assert names == [f"study-{n}" for n in range(4)]


@pytest.mark.parametrize("number", [2**31, 2**63, 10**23, -(2**64)])
def test_a_number_that_no_row_can_have_is_a_data_error(url: str, number: int) -> None:
    engine = build_engine(url)
    migrate_database(engine)
    fits_sqlite = url.startswith("sqlite") and number < 2**63
    if fits_sqlite and number > 0:
        with reading(engine) as session:
            assert session.get(Assignment, number) is None
    else:
        with pytest.raises(DataError, match="that the database can hold"), reading(engine) as one:
            one.get(Assignment, number)
    engine.dispose()


@pytest.mark.parametrize("words", ["half \ud83d", "a\x00b"], ids=["half a character", "NUL"])
def test_text_that_the_database_cannot_hold_is_a_data_error_and_nothing_is_stored(
    url: str, words: str
) -> None:
    engine = build_engine(url)
    migrate_database(engine)
    if url.startswith("sqlite") and "\x00" in words:
        with transaction(engine) as session:
            add_audit(session, at_utc=NOON, actor=words, action="b", subject="c")
        with reading(engine) as session:
            assert session.exec(select(Audit.actor)).all() == [words]
    else:
        with (
            pytest.raises(DataError, match="that the database can hold"),
            transaction(engine) as session,
        ):
            add_audit(session, at_utc=NOON, actor=words, action="b", subject="c")
        with reading(engine) as session:
            assert session.exec(select(Audit)).all() == []
    engine.dispose()

"""The trigger that makes the database refuse to change or delete rows of a table."""

from __future__ import annotations

from sqlalchemy import Connection, text


def refuse_change(connection: Connection, table: str) -> None:
    """Make the database refuse UPDATE and DELETE on `table` (SQLite and PostgreSQL)."""
    message = f"rows of {table} are never changed; add a row that names the old one"
    if connection.dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            connection.execute(
                text(
                    f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
                )
            )
        return
    connection.execute(
        text(
            f"CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; "
            "END $$"
        )
    )
    connection.execute(
        text(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_is_append_only()"
        )
    )


def allow_change(connection: Connection, table: str) -> None:
    """Take `refuse_change` back, for a migration that fills new columns and refuses again."""
    if connection.dialect.name == "sqlite":
        for change in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER {table}_no_{change}"))
        return
    connection.execute(text(f"DROP TRIGGER {table}_append_only ON {table}"))
    connection.execute(text(f"DROP FUNCTION {table}_is_append_only()"))

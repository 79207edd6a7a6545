"""The sheet `Protocol`: what each version asked for, who made it, when, and why."""

from __future__ import annotations

from dataclasses import dataclass

from han5k_review.exports.columns import Kind, Sheet, column
from han5k_review.exports.study_rows import StudyRows
from han5k_review.protocol.record import build_protocol
from han5k_review.protocol.words import ProtocolLine, describe_protocol
from han5k_review.store.protocol_tables import ProtocolVersion

_T, _I, _B, _UTC = Kind.TEXT, Kind.INTEGER, Kind.BOOLEAN, Kind.TIME


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolRow:
    """One value of one version; `reads` were assigned by it, after the first grade or before."""

    version: ProtocolVersion
    line: ProtocolLine
    reads: int
    after_freeze: bool
    is_changed: bool


PROTOCOL: Sheet[ProtocolRow] = Sheet(
    key="protocol",
    title="Protocol",
    row="a value of a version of the protocol",
    columns=(
        column(
            "protocol_version",
            "Protocol version",
            _I,
            "protocol",
            "Number of the version; the highest is in force.",
            lambda r: r.version.number,
        ),
        column("item", "Item", _T, "protocol", "What is laid down.", lambda r: r.line.title),
        column("value", "Value", _T, "protocol", "The value in words.", lambda r: r.line.value),
        column(
            "is_changed",
            "Changed",
            _B,
            "protocol",
            "True where the version before had another value.",
            lambda r: r.is_changed,
        ),
        column(
            "created_at_utc",
            "Made",
            _UTC,
            "protocol",
            "When the version was made.",
            lambda r: r.version.created_at_utc,
            "UTC",
        ),
        column(
            "after_freeze",
            "After the first grade",
            _B,
            "protocol",
            "True for a version made after the first grade; its reason is beside it.",
            lambda r: r.after_freeze,
        ),
        column(
            "reason", "Reason", _T, "protocol", "Why it was changed.", lambda r: r.version.reason
        ),
        column(
            "reads_assigned",
            "Reads assigned",
            _I,
            "assignment",
            "Reads assigned by this version.",
            lambda r: r.reads,
        ),
    ),
)


def build_protocol_rows(rows: StudyRows) -> list[ProtocolRow]:
    """The versions in their order, each with all its values; none without a protocol."""
    found: list[ProtocolRow] = []
    before: dict[str, str] = {}
    for number, version in rows.protocols.items():
        lines = describe_protocol(build_protocol(version))
        frozen_at = rows.frozen_at_utc
        found += [
            ProtocolRow(
                version=version,
                line=line,
                reads=sum(row.protocol_id == number for row in rows.assignments.values()),
                after_freeze=frozen_at is not None and version.created_at_utc > frozen_at,
                is_changed=bool(before) and before[line.name] != line.value,
            )
            for line in lines
        ]
        before = {line.name: line.value for line in lines}
    return found

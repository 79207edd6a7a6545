"""What the report is written from: the rows of the exports, and few things beside."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import col, select

from han5k_review import __version__
from han5k_review.anatomy.windows import Window, read_windows
from han5k_review.exports.grade_rows import GradeRow, build_grade_rows
from han5k_review.exports.study_rows import StudyRows, read_study_rows
from han5k_review.metrics import Definition
from han5k_review.protocol.record import build_protocol
from han5k_review.protocol.rules import Protocol
from han5k_review.review.signatures import list_signatures
from han5k_review.store.draft_tables import StructureLock
from han5k_review.store.engine import reading
from han5k_review.store.import_tables import TreeImport
from han5k_review.store.protocol_tables import ProtocolVersion
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import ImportState

_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)  # the report shows stored times only


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFacts:
    """The rows of the study and its acts of grading, once for all sections.

    `counted` are grades in force of first reads, `judged` those of contours under review: what
    shares and certificates are made of. `signed` are ids of reads with a signature that stands,
    `locked_cases` ids of cases in which a contour was ever locked, `imports` the finished imports
    that pages started.
    """

    rows: StudyRows
    grades: Sequence[GradeRow]
    counted: Sequence[GradeRow]
    judged: Sequence[GradeRow]
    signed: Collection[int]
    locked_cases: Collection[int]
    imports: Sequence[TreeImport]
    windows: Sequence[Window]

    @property
    def version(self) -> ProtocolVersion | None:
        """The version of the protocol in force; None without one."""
        return find_newest(self.rows)

    @property
    def protocol(self) -> Protocol | None:
        """The protocol in force; None without one."""
        return None if self.version is None else build_protocol(self.version)


def find_newest(rows: StudyRows) -> ProtocolVersion | None:
    """The version of the protocol in force; None without one."""
    return max(rows.protocols.values(), key=lambda row: row.number, default=None)


def read_facts(study: Study, *, definition: Definition = Definition.SURFEL) -> ReportFacts:
    """Read the study. StorageError when the database holds none, ConfigError for broken tables."""
    rows = read_study_rows(
        study,
        export_id="",
        now=_NO_TIME,
        software_version=__version__,
        definition=definition,
    )
    with reading(study.engine) as session:
        done = select(TreeImport).where(
            TreeImport.state == ImportState.DONE, col(TreeImport.dry_run).is_(False)
        )
        imports = list(session.exec(done.order_by(col(TreeImport.id))))
        signed = set(list_signatures(session))
        locked = set(session.exec(select(StructureLock.case_id).distinct()))
    grades = build_grade_rows(rows)
    counted = [row for row in grades if row.is_counted]
    return ReportFacts(
        rows=rows,
        grades=grades,
        counted=counted,
        judged=[row for row in counted if row.is_under_review],
        signed=signed,
        locked_cases=locked,
        imports=imports,
        windows=read_windows(study.tables / "windows.csv"),
    )

"""Other tools: which of a reader's own reads a program such as 3D Slicer may show and change.

A read by a protocol may not: its blinding, its time, its planted errors and whether it is assisted
are kept on our own pages only (docs/assist.md, decision 0052).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from han5k_review.errors import AccessError, ConflictError, RuleError
from han5k_review.review.assignment import WorklistEntry, list_worklist
from han5k_review.review.labels import UNDER_REVIEW, is_shown
from han5k_review.review.signatures import check_unsigned
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Assignment, LabelVersion, Revision

_FINGERPRINT_SIGNS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenReads:
    """A reader's reads that another tool may open, in their order; `sent`: cases with a revision.

    `structures` are those under review in any of them, by name.
    """

    entries: Sequence[WorklistEntry]
    sent: frozenset[int]
    structures: tuple[str, ...]

    def is_left(self, entry: WorklistEntry) -> bool:
        """Is something left to do: neither graded whole nor revised?"""
        return entry.total > 0 and not entry.is_done and entry.case_id not in self.sent

    def find_next(self) -> WorklistEntry | None:
        """The first with something left to do, in the order of the worklist."""
        return next((one for one in self.entries if self.is_left(one)), None)


def check_other_tool(session: Session, assignment: Assignment) -> None:
    """Return when another tool may show this own read and send revisions of it.

    AccessError for a read by a protocol and for the place of an adjudicator, ConflictError for one
    that is closed or signed.
    """
    if assignment.protocol_id is not None:
        raise AccessError(
            "A read that follows no protocol was expected, found one whose protocol keeps it on "
            "this server's own pages (blinding, time, assistance); open it from your worklist in "
            "the browser."
        )
    if assignment.is_adjudication:
        raise AccessError(
            "A read of your own was expected, found the place where an adjudicator edits; open it "
            "on the page Revisions."
        )
    if assignment.closed_at_utc is not None:
        raise ConflictError("A read that goes on was expected, this one was closed; take the next.")
    try:
        check_unsigned(session, stored_id(assignment))
    except RuleError as error:
        raise ConflictError(str(error)) from error


def list_open_reads(session: Session, reader_id: int) -> OpenReads:
    """The own reads that `check_other_tool` lets pass, and what the reader sent of them."""
    by_protocol = set(
        session.exec(
            select(Assignment.id).where(
                Assignment.reader_id == reader_id, col(Assignment.protocol_id).is_not(None)
            )
        )
    )
    entries = [
        one
        for one in list_worklist(session, reader_id)
        if one.assignment_id not in by_protocol and one.signed_at_utc is None
    ]
    sent = session.exec(
        select(LabelVersion.case_id)
        .join(Revision, col(Revision.label_version_id) == LabelVersion.id)
        .where(Revision.reader_id == reader_id)
        .distinct()
    )
    cases = (
        select(Assignment.case_id)
        .where(Assignment.reader_id == reader_id, col(Assignment.protocol_id).is_(None))
        .distinct()
    )
    structures = session.exec(
        select(LabelVersion.structure)
        .where(
            col(LabelVersion.source).in_(UNDER_REVIEW),
            is_shown(),
            col(LabelVersion.case_id).in_(cases),
        )
        .distinct()
    )
    return OpenReads(entries=entries, sent=frozenset(sent), structures=tuple(sorted(structures)))


def build_fingerprint(versions: Mapping[str, LabelVersion]) -> str:
    """What tells one set of contours from another: of their voxels only, whoever made them."""
    digest = hashlib.sha256(b"contours")
    for structure, version in sorted(versions.items()):
        digest.update(f"{structure}\n{version.mask_sha256}\n".encode())
    return digest.hexdigest()[:_FINGERPRINT_SIGNS]

"""Walks: one run over many sources, and what each of them may not contradict."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.errors import Han5kError, RuleError
from han5k_review.importing.case_contents import CaseRefusal
from han5k_review.importing.case_reading import CaseTask, StudyFiles
from han5k_review.importing.case_rules import (
    check_known,
    claim_name,
    claim_patient,
    duplicate_error,
)
from han5k_review.importing.file_stamps import SETTLE_S
from han5k_review.importing.known_cases import Claims, KnownCase, Owner, find_known_case
from han5k_review.importing.refusals import RefusalKind, find_kind
from han5k_review.importing.sources import BadSource, CaseSource, Source
from han5k_review.store.engine import reading
from han5k_review.store.study import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """One run over many sources; `seen` holds the origin of each case name met so far.

    `claims` are those of the study and of sources met so far, `stored` those of stored cases alone.
    """

    study: Study
    catalogue: Catalogue
    catalogue_sha256: str
    claims: Claims
    write: bool
    deep: bool
    settle_s: float = SETTLE_S
    shared_shapes: frozenset[tuple[int, ...]] = frozenset()
    seen: dict[str, str] = field(default_factory=dict)
    stored: Claims = field(default_factory=Claims)

    def prepare(self, source: Source) -> CaseTask | CaseRefusal:
        """The task of a source, or why it is refused before anything is read."""
        if isinstance(source, BadSource):
            return CaseRefusal(sentence=source.sentence, kind=RefusalKind.SOURCE)
        try:
            return self._prepare(source)
        except Han5kError as error:
            return CaseRefusal(sentence=str(error), kind=find_kind(error))

    def _prepare(self, source: CaseSource) -> CaseTask:
        first = self.seen.setdefault(source.name, source.origin)
        if first != source.origin:
            raise RuleError(
                f"each case once was expected, {source.name} stands in {first} already."
            )
        known = self.find_known(source)
        if known is not None:
            check_known(source, known)
        else:
            patient = claim_patient(source, self.claims).patient
            if patient != source.patient:
                notice = f"patient {source.patient} is taken for patient {patient} of the study"
                source = replace(source, notices=(*source.notices, notice))
        return CaseTask(
            source=source,
            catalogue=self.catalogue,
            catalogue_sha256=self.catalogue_sha256,
            known=known,
            owners=self.claims.owners if known is None else {},
            files=StudyFiles(
                volumes=self.study.volumes, labels=self.study.labels, doses=self.study.doses
            ),
            write=self.write,
            deep=self.deep,
            settle_s=self.settle_s,
            shared_shapes=self.shared_shapes,
        )

    def find_known(self, source: CaseSource) -> KnownCase | None:
        """The case of the study that a source belongs to; RuleError for a name too like another."""
        name = claim_name(source, self.claims)
        with reading(self.study.engine) as session:
            return find_known_case(session, name)

    def take_ct(self, source: CaseSource, *hashes: str) -> None:
        """Note whose the CT is; RuleError when an earlier case of this run holds it."""
        for found in filter(None, map(self.claims.owners.get, filter(None, hashes))):
            if found.case != source.name:
                raise duplicate_error(source, found)
        self.claims.own(Owner(case=source.name, patient=source.patient), *hashes)

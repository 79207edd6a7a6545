"""The sheet `Certificates`: which structures the grades would release.

At 90 % and at 95 %, and at the share and with the error rate of the protocol in force.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from han5k_review.anatomy.structure import Structure
from han5k_review.exports.acceptability import Acceptability, build_acceptability
from han5k_review.exports.columns import Kind, Sheet, column
from han5k_review.exports.grade_rows import GradeRow
from han5k_review.exports.protocol_verdicts import judge_by_protocol
from han5k_review.exports.study_rows import StudyRows
from han5k_review.protocol.record import build_protocol
from han5k_review.protocol.rules import Protocol
from han5k_review.review.results import PatientCount
from han5k_review.statistics.fixed import find_fixed_plan, measure_lower_bound
from han5k_review.statistics.releases import ManyRule, choose_releases
from han5k_review.statistics.sequential import (
    find_reads_left,
    find_sequential_bound,
    measure_e_value,
)
from han5k_review.store.vocabulary import CertificateKind

LIMITS = (0.90, 0.95)
ERROR_RATE = 0.05
_T, _I, _N, _B = Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN
_MEASURED = "measured: docs/statistics.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRow:
    """One structure of the catalogue against one limit; patients count once, worst grade.

    `kind` is set where this limit is the protocol's, `released` then says its verdict; None: none
    is due yet.
    """

    structure: Structure
    limit: float
    error_rate: float
    kind: CertificateKind | None
    released: bool | None
    patients: Acceptability
    e_value: float
    e_value_if_failures: float
    by_discovery: bool
    by_family: bool

    @property
    def reads_left(self) -> int:
        """Further patients until release on its own, if all are acceptable."""
        found = self.patients
        return find_reads_left(
            found.acceptable, found.cases, limit=self.limit, error_rate=self.error_rate
        )


def _planned(row: CertificateRow) -> int:
    failures = row.patients.cases - row.patients.acceptable
    return find_fixed_plan(limit=row.limit, error_rate=row.error_rate, failures=failures).reads


CERTIFICATES: Sheet[CertificateRow] = Sheet(
    key="certificates",
    title="Certificates",
    row="a structure of the structure table and a share that is to be shown",
    columns=(
        column(
            "structure",
            "Structure",
            _T,
            "structure table",
            "Name of the structure.",
            lambda r: r.structure.name,
        ),
        column("tier", "Tier", _T, "structure table", "Risk tier.", lambda r: r.structure.tier),
        column(
            "limit",
            "Share to be shown",
            _N,
            "export",
            "More than this share of patients is to be acceptable.",
            lambda r: r.limit,
        ),
        column(
            "error_rate",
            "Error rate",
            _N,
            "protocol",
            "Error rate of the protocol in force; 0.05 where it has no certificate.",
            lambda r: r.error_rate,
        ),
        column(
            "protocol_certificate",
            "Certificate of the protocol",
            _T,
            "protocol",
            "`fixed number` or `sequential` where the share to be shown is the protocol's.",
            lambda r: r.kind.value if r.kind else None,
        ),
        column(
            "released_protocol",
            "Released by the protocol",
            _B,
            _MEASURED,
            "Verdict of the protocol's certificate, over its structures. Empty where no verdict is "
            "due: another share, a structure outside the protocol, or a fixed number not reached.",
            lambda r: r.released,
        ),
        column(
            "patients",
            "Patients judged",
            _I,
            "grades",
            "Patients with a three-level grade of the contour under review; each counts once, with "
            "the worst grade of all readers and CTs, or the adjudicated one. Repeats and "
            "calibration reads are left out.",
            lambda r: r.patients.cases,
        ),
        column(
            "acceptable",
            "Patients acceptable",
            _I,
            "grades",
            "Patients with no or minor revision.",
            lambda r: r.patients.acceptable,
        ),
        column(
            "not_graded",
            "Not assessable or absent",
            _I,
            "grades",
            "Patients with a non-grade only.",
            lambda r: r.patients.not_graded,
        ),
        column(
            "lower_bound_fixed",
            "Lower limit, fixed number",
            _N,
            _MEASURED,
            "One-sided exact limit of the share, at the error rate, of this structure alone. Valid "
            "only when the number of patients was decided before the first read.",
            lambda r: measure_lower_bound(r.patients.acceptable, r.patients.cases, r.error_rate),
        ),
        column(
            "fixed_reads",
            "Fixed plan",
            _I,
            _MEASURED,
            "Patients of the fixed plan at the error rate, of this structure alone, with as many "
            "failures as there are. The plan of a protocol over many structures asks for more.",
            _planned,
        ),
        column(
            "lower_bound_any_time",
            "Lower limit, any time",
            _N,
            _MEASURED,
            "Lower limit at the error rate that is valid however often the grades are looked at.",
            lambda r: find_sequential_bound(r.patients.acceptable, r.patients.cases, r.error_rate),
        ),
        column(
            "e_value",
            "E-value",
            _N,
            _MEASURED,
            "Evidence that the share is larger; 1 / error rate (20 at 5 %) releases one structure.",
            lambda r: r.e_value,
        ),
        column(
            "released_alone",
            "Released alone",
            _B,
            _MEASURED,
            "The e-value is at least 1 / error rate: valid for this structure alone.",
            lambda r: r.e_value >= 1 / r.error_rate,
        ),
        column(
            "released_discovery",
            "Released (false discovery)",
            _B,
            _MEASURED,
            "Released by e-BH over all structures: on average at most the error rate of the "
            "released are false, when the study stops now.",
            lambda r: r.by_discovery,
        ),
        column(
            "released_family",
            "Released (family-wise)",
            _B,
            _MEASURED,
            "The e-value is at least the number of structures / error rate: any false release in "
            "at most the error rate of studies.",
            lambda r: r.by_family,
        ),
        column(
            "patients_left",
            "Patients left",
            _I,
            _MEASURED,
            "Further patients until the structure is released alone, if all are acceptable.",
            lambda r: r.reads_left,
        ),
        column(
            "e_value_if_failures",
            "E-value, non-grades as failures",
            _N,
            _MEASURED,
            "The e-value when patients with a non-grade only count as failures.",
            lambda r: r.e_value_if_failures,
        ),
    ),
)


def build_certificate_rows(rows: StudyRows, grades: Iterable[GradeRow]) -> list[CertificateRow]:
    """Every structure of the catalogue, read or not, at each limit; none before the first grade.

    Readers are taken at their word: how many errors they miss is not measured here.
    """
    found = build_acceptability(grades, by_patient=True)
    if not any(each.cases for each in found.values()):
        return []
    asked = _find_certificate(rows)
    limits = LIMITS if asked is None else sorted({*LIMITS, asked.limit})
    return [row for limit in limits for row in _at(limit, list(rows.catalogue), found, asked)]


def _find_certificate(rows: StudyRows) -> Protocol | None:
    """The protocol in force, where it has a certificate."""
    newest = max(rows.protocols.values(), key=lambda row: row.number, default=None)
    if newest is None or newest.certificate is CertificateKind.NONE:
        return None
    return build_protocol(newest)


def _at(
    limit: float,
    structures: Sequence[Structure],
    found: dict[str, Acceptability],
    asked: Protocol | None,
) -> list[CertificateRow]:
    rate = ERROR_RATE if asked is None else asked.error_rate
    own = asked if asked is not None and asked.limit == limit else None
    patients = {str(s.name): found.get(s.name, Acceptability.nobody()) for s in structures}
    values = {
        name: measure_e_value(each.acceptable, each.cases, limit) for name, each in patients.items()
    }
    chosen = {rule: choose_releases(values, error_rate=rate, rule=rule) for rule in ManyRule}
    counts = {
        name: PatientCount(patients=each.cases, acceptable=each.acceptable)
        for name, each in patients.items()
    }
    verdicts = {} if own is None else judge_by_protocol(own, counts)
    return [
        CertificateRow(
            structure=structure,
            limit=limit,
            error_rate=rate,
            kind=None if own is None else own.certificate,
            released=verdicts.get(str(structure.name)),
            patients=(each := patients[str(structure.name)]),
            e_value=values[str(structure.name)],
            e_value_if_failures=measure_e_value(
                each.acceptable, each.cases + each.not_graded, limit
            ),
            by_discovery=structure.name in chosen[ManyRule.FALSE_DISCOVERY],
            by_family=structure.name in chosen[ManyRule.FAMILY_WISE],
        )
        for structure in structures
    ]

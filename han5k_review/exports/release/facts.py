"""The datasheet's facts: counts, grades, certificates, models, readers, protocol, known defects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from han5k_review import __version__
from han5k_review.exports.certificate_sheet import CertificateRow
from han5k_review.exports.columns import format_time
from han5k_review.exports.release.case_work import CaseMade
from han5k_review.exports.release.choice import Reason, Standing
from han5k_review.exports.release.label_values import LabelValues
from han5k_review.exports.release.plan import ReleaseLine, ReleasePlan
from han5k_review.review.counting import GradeUse, find_use
from han5k_review.store.vocabulary import GradeLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """What the grades show of a structure; each patient counts once, with the worst grade."""

    share_to_show: float
    patients: int
    acceptable: int
    e_value: float
    is_certified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureFacts:
    """One structure of a release. `left_out` is reason -> cases; `defects` counts contours."""

    structure: str
    tg263: str
    released: int
    accepted: int
    certified: int
    empty: int
    left_out: Mapping[str, int]
    sources: Mapping[str, int]
    grades: Mapping[str, int]
    defects: int
    certificate: CertificateFacts | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """A model that predicted contours of the release, or a parent of one."""

    name: str
    checkpoint_sha256: str
    parent: str
    contours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderFacts:
    """A reader under the pseudonym: grades that count, and revisions that are in the release."""

    reader: str
    role: str
    grades: int
    revisions_released: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MapFacts:
    """nnU-Net's label maps: structures, cases, and values for structures that meet."""

    dataset: str
    structures: tuple[str, ...]
    cases: int
    cases_left_out: int
    overlap_values: int
    has_images: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFacts:
    """Everything that a datasheet tells; `data_until_utc` is of the newest grade or contour."""

    title: str
    version: str
    study: str
    protocol_version: str
    scale: str
    grade_definitions: Mapping[str, str]
    software: str
    data_until_utc: str
    rule: str
    share_to_show: float
    forms: tuple[str, ...]
    cases: int
    patients: int
    contours: int
    structures: tuple[StructureFacts, ...]
    label_maps: MapFacts | None
    models: tuple[ModelFacts, ...]
    readers: tuple[ReaderFacts, ...]


def build_facts(
    plan: ReleasePlan, made: Sequence[CaseMade], values: LabelValues | None, dataset: str
) -> ReleaseFacts:
    """The facts of a planned release, and of what its cases turned out to be."""
    rows, facts = plan.rows, plan.rows.facts
    scale = rows.scales.get(facts.scale)
    broken = Counter(name for case in made for name, _ in dict(case.defects).items())
    return ReleaseFacts(
        title=plan.request.title or facts.study,
        version=plan.request.version,
        study=facts.study,
        protocol_version=facts.protocol_version,
        scale=facts.scale,
        grade_definitions={one.title: one.definition for one in scale.grades} if scale else {},
        software=f"han5k-review {__version__}",
        data_until_utc=format_time(_find_newest(plan)) or "",
        rule=plan.request.rule.value,
        share_to_show=plan.request.limit,
        forms=tuple(form.value for form in plan.request.forms),
        cases=len(plan.cases),
        patients=len({line.patient for line in plan.lines}),
        contours=len(plan.lines),
        structures=_list_structures(plan, broken),
        label_maps=None if values is None else _maps(plan, values, dataset),
        models=_list_models(plan),
        readers=_list_readers(plan),
    )


def _maps(plan: ReleasePlan, values: LabelValues, dataset: str) -> MapFacts:
    return MapFacts(
        dataset=dataset,
        structures=plan.block.structures,
        cases=len(plan.block.cases),
        cases_left_out=len(plan.cases) - len(plan.block.cases),
        overlap_values=values.overlapping,
        has_images=plan.request.images,
    )


def _list_structures(plan: ReleasePlan, broken: Mapping[str, int]) -> tuple[StructureFacts, ...]:
    lines: dict[str, list[ReleaseLine]] = {}
    for line in plan.lines:
        lines.setdefault(line.chosen.structure, []).append(line)
    reasons = plan.choice.count_reasons()
    return tuple(
        _structure(plan, name, lines.get(name, []), reasons.get(name, {}), broken.get(name, 0))
        for name in plan.list_structures()
    )


def _structure(
    plan: ReleasePlan,
    name: str,
    lines: Sequence[ReleaseLine],
    reasons: Mapping[Reason, int],
    broken: int,
) -> StructureFacts:
    standing = Counter(line.chosen.standing for line in lines)
    grades: Counter[GradeLevel] = Counter()
    for line in lines:
        grades.update(line.chosen.grades)
    known = {str(one.name): one for one in plan.rows.catalogue}.get(name)
    row = plan.certificates.get(name)
    return StructureFacts(
        structure=name,
        tg263=(known.tg263 or "") if known else "",
        released=len(lines),
        accepted=standing[Standing.ACCEPTED],
        certified=standing[Standing.CERTIFIED],
        empty=sum(line.version.voxels == 0 for line in lines),
        left_out={reason.value: n for reason in Reason if (n := reasons.get(reason))},
        sources=dict(sorted(Counter(line.version.source.value for line in lines).items())),
        grades={level.value: grades[level] for level in GradeLevel if grades[level]},
        defects=broken,
        certificate=None if row is None else _certificate(row),
    )


def _certificate(row: CertificateRow) -> CertificateFacts:
    return CertificateFacts(
        share_to_show=row.limit,
        patients=row.patients.cases,
        acceptable=row.patients.acceptable,
        e_value=float(f"{row.e_value:.6g}"),
        is_certified=row.by_family,
    )


def _list_models(plan: ReleasePlan) -> tuple[ModelFacts, ...]:
    names = {model.id: model.name for model in plan.models}
    drawn = Counter(line.model for line in plan.lines)
    return tuple(
        ModelFacts(
            name=model.name,
            checkpoint_sha256=model.checkpoint_sha256,
            parent=names.get(model.parent_id, ""),
            contours=drawn[model.name],
        )
        for model in sorted(plan.models, key=lambda model: model.name)
    )


def _list_readers(plan: ReleasePlan) -> tuple[ReaderFacts, ...]:
    graded = Counter(
        row.reader.pseudonym
        for row in plan.grades
        if row.is_current and find_use(row.assignment, row.label.source) is GradeUse.FIRST
    )
    drawn = Counter(line.reader for line in plan.lines)
    people = sorted(plan.rows.readers.values(), key=lambda reader: reader.pseudonym)
    return tuple(
        ReaderFacts(
            reader=one.pseudonym,
            role=one.role.value,
            grades=graded[one.pseudonym],
            revisions_released=drawn[one.pseudonym],
        )
        for one in people
        if graded[one.pseudonym] or drawn[one.pseudonym]
    )


def _find_newest(plan: ReleasePlan) -> datetime:
    times = [line.version.created_at_utc for line in plan.lines]
    times += [row.grade.graded_at_utc for row in plan.grades]
    times += [v.decision.decided_at_utc for v in plan.rows.revisions if v.decision is not None]
    return max(times)

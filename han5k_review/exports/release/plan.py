"""The plan of a release: everything that is written of the study, read once; nothing is changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session, col, select

from han5k_review import __version__
from han5k_review.errors import ConfigError
from han5k_review.exports.certificate_sheet import LIMITS, CertificateRow, build_certificate_rows
from han5k_review.exports.grade_rows import GradeRow, build_grade_rows
from han5k_review.exports.release.block import Block, choose_block
from han5k_review.exports.release.choice import (
    Choice,
    Chosen,
    Reason,
    ReleaseRule,
    Standing,
    choose_contours,
)
from han5k_review.exports.release.request import ReleaseForm, ReleaseRequest
from han5k_review.exports.study_rows import StudyRows, read_study_rows
from han5k_review.store.engine import reading
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import LabelVersion, ModelVersion

_NO_TIME = datetime(1900, 1, 1, tzinfo=UTC)  # the rows carry a time that a release never shows
_ASKED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseLine:
    """One contour of a release; `reader` is the pseudonym of who drew a revision."""

    chosen: Chosen
    case: str
    patient: str
    version: LabelVersion
    model: str | None
    reader: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureCounts:
    """Contours of one structure: released by acceptance or certificate, and left out by reason."""

    structure: str
    accepted: int
    certified: int
    left_out: Mapping[Reason, int]

    @property
    def has_contour(self) -> bool:
        """False when the study has no contour of it in any case."""
        return self.accepted + self.certified > 0 or set(self.left_out) != {Reason.NO_CONTOUR}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePlan:
    """What a release holds, and all that its datasheet tells. `lines` by case, then catalogue."""

    request: ReleaseRequest
    rows: StudyRows
    grades: Sequence[GradeRow]
    choice: Choice
    lines: tuple[ReleaseLine, ...]
    certificates: Mapping[str, CertificateRow]
    block: Block
    models: Sequence[ModelVersion]

    @property
    def cases(self) -> tuple[int, ...]:
        """Ids of the cases with a released contour, by name."""
        return tuple(dict.fromkeys(line.chosen.case_id for line in self.lines))

    def count_structures(self) -> list[StructureCounts]:
        """What is released of each structure and what is not, in the order of the catalogue."""
        released = Counter((line.chosen.structure, line.chosen.standing) for line in self.lines)
        reasons = self.choice.count_reasons()
        return [
            StructureCounts(
                structure=name,
                accepted=released[name, Standing.ACCEPTED],
                certified=released[name, Standing.CERTIFIED],
                left_out=reasons.get(name, {}),
            )
            for name in self.list_structures()
        ]

    def list_structures(self) -> list[str]:
        """Structures of the catalogue that were asked for, then strangers that were left out."""
        wanted = self.request.structures
        known = [str(one.name) for one in self.rows.catalogue]
        strangers = sorted({name for _, name in self.choice.left_out} - set(known))
        return [name for name in known if not wanted or name in wanted] + strangers


def plan_release(study: Study, request: ReleaseRequest | None = None) -> ReleasePlan:
    """Read the study and apply the rule. ConfigError for a structure or limit that it has not."""
    request = request or ReleaseRequest()
    rows = read_study_rows(
        study, export_id="", now=_NO_TIME, software_version=__version__, measured=False
    )
    for name in (*request.structures, *request.map_structures):
        rows.catalogue.get_structure(name)
    if request.limit not in LIMITS:
        raise ConfigError(
            f"A limit of {' or '.join(map(str, LIMITS))} was expected, found {request.limit}."
        )
    grades = build_grade_rows(rows)
    certificates = {
        str(row.structure.name): row
        for row in build_certificate_rows(rows, grades)
        if row.limit == request.limit
    }
    takes_certified = request.rule is ReleaseRule.CERTIFIED
    certified = [n for n, row in certificates.items() if row.by_family and takes_certified]
    choice = choose_contours(rows, grades, certified, request.structures)
    with reading(study.engine) as session:
        lines = _list_lines(session, rows, choice)
        models = _list_models(session, lines)
    return ReleasePlan(
        request=request,
        rows=rows,
        grades=grades,
        choice=choice,
        lines=lines,
        certificates=certificates,
        block=_choose_block(rows, choice, request),
        models=models,
    )


def _choose_block(rows: StudyRows, choice: Choice, request: ReleaseRequest) -> Block:
    if ReleaseForm.NNUNET not in request.forms or not choice.chosen:
        return Block(structures=(), cases=())
    released: dict[int, set[str]] = {}
    for one in choice.chosen:
        released.setdefault(one.case_id, set()).add(one.structure)
    return choose_block(
        {case: frozenset(names) for case, names in released.items()},
        [str(one.name) for one in rows.catalogue],
        request.map_structures,
    )


def _list_lines(session: Session, rows: StudyRows, choice: Choice) -> tuple[ReleaseLine, ...]:
    numbers = [one.label_version_id for one in choice.chosen]
    versions: dict[int, LabelVersion] = {}
    for first in range(0, len(numbers), _ASKED):
        part = numbers[first : first + _ASKED]
        found = session.exec(select(LabelVersion).where(col(LabelVersion.id).in_(part)))
        versions |= {stored_id(version): version for version in found}
    readers = {stored_id(view.child): view.reader for view in rows.revisions}
    return tuple(
        ReleaseLine(
            chosen=one,
            case=rows.cases[one.case_id].name,
            patient=rows.cases[one.case_id].patient,
            version=versions[one.label_version_id],
            model=rows.find_model(versions[one.label_version_id].model_version_id),
            reader=readers.get(one.label_version_id),
        )
        for one in choice.chosen
    )


def _list_models(session: Session, lines: Sequence[ReleaseLine]) -> list[ModelVersion]:
    """The models of released contours, or of those that were corrected, and their parents."""
    wanted = {line.version.model_version_id for line in lines}
    begun = {line.version.started_from_id for line in lines}
    while numbers := sorted(number for number in begun if number is not None):
        # A revision may start from another one; its chain ends at a contour nobody drew by hand.
        rows = [session.get_one(LabelVersion, number) for number in numbers]
        wanted |= {row.model_version_id for row in rows}
        begun = {row.started_from_id for row in rows}
    models: dict[int, ModelVersion] = {}
    while numbers := sorted(n for n in wanted if n is not None and n not in models):
        found = [session.get_one(ModelVersion, number) for number in numbers]
        models |= {stored_id(model): model for model in found}
        wanted = {model.parent_id for model in found}
    return [models[number] for number in sorted(models)]

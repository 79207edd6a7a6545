"""From what a person may see of a case to what the viewer mounts with, addresses included."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.anatomy.structure import Structure
from han5k_review.anatomy.windows import Window
from han5k_review.review.edit_bands import EditBand
from han5k_review.review.grading import MOST_CONFIDENT
from han5k_review.review.label_sets import RIGHT_KEY
from han5k_review.review.label_sets import LabelSet as StoredLabelSet
from han5k_review.review.row_numbers import RowKind, RowNumbers
from han5k_review.review.visible_case import NextTask, VisibleCase
from han5k_review.store.columns import format_utc
from han5k_review.store.identity import stored_id
from han5k_review.store.signature_tables import ReadSignature
from han5k_review.store.tables import Grade, LabelVersion
from han5k_review.store.vocabulary import LabelSource, SourceGuess
from han5k_review.study.scale import ISSUE_TAGS, Scale
from han5k_review.viewer.choices import (
    build_choice,
    build_choice_scale,
    build_drawn,
    build_drawn_scale,
)
from han5k_review.viewer.payload import (
    Addresses,
    GivenGrade,
    LabelLine,
    LabelSet,
    NextCase,
    Resume,
    ViewerBand,
    ViewerPayload,
    ViewerScale,
    ViewerScaleGrade,
    ViewerStructure,
    ViewerWindow,
)
from han5k_review.web.addresses import SIGN_IN, CaseRoutes, name_case, name_task


def build_payload(
    seen: VisibleCase,
    *,
    catalogue: Catalogue,
    windows: Iterable[Window],
    scale: Scale,
    warnings: Mapping[int, Sequence[str]],
    numbers: RowNumbers,
    has_dose: bool = False,
    bands: Mapping[str, EditBand] = MappingProxyType({}),
) -> ViewerPayload:
    """The mount object of one case; `warnings`: label version id -> sentences about it.

    `numbers` are those of the task, which its routes have too. `has_dose`: a planned dose is known
    for its CT. `bands`: structure -> its edit band; nobody sees one who may not see doubts.
    """
    chooses = bool(seen.answers)
    routes = (
        name_case(seen.case_id) if seen.assignment_id is None else name_task(seen.assignment_id)
    )
    return ViewerPayload(
        case=seen.case,
        assignment=seen.assignment_id,
        addresses=_name_addresses(seen, routes, has_dose=has_dose),
        next=None if seen.next_task is None else _next_case(seen.next_task),
        label_sets=_label_sets(seen.sets, routes),
        structures=tuple(
            _structure(
                structure,
                version,
                # What is said of one contour of two would tell them apart.
                () if chooses else _list_warnings(version, warnings),
                numbers,
            )
            for structure in catalogue
            if (version := seen.versions.get(structure.name)) is not None
        ),
        windows=tuple(
            ViewerWindow(name=w.name, centre_hu=w.centre_hu, width_hu=w.width_hu) for w in windows
        ),
        scale=_choose_scale(seen, scale),
        grades=_list_given(seen),
        compare=RIGHT_KEY if chooses else None,
        side_by_side=chooses,
        choice=chooses,
        manual=seen.is_manual,
        resume=_resume(seen.resume),
        read_only=not seen.may_grade,
        source_guesses=tuple(SourceGuess) if seen.may_grade and seen.asks_source else (),
        most_confident=MOST_CONFIDENT if seen.may_grade and seen.asks_confidence else None,
        meaning=seen.meaning if seen.may_grade else None,
        signed=None if seen.signature is None else _say_signed(seen.signature),
        assistance=seen.is_assisted,
        bands=_list_bands(bands) if seen.sees_doubts and not chooses else {},
    )


def _name_addresses(seen: VisibleCase, routes: CaseRoutes, *, has_dose: bool) -> Addresses:
    edits = seen.assignment_id is not None and seen.signature is None and not seen.answers
    return Addresses(
        volume=routes.volume,
        label_sets=routes.label_sets,
        grades=routes.grades if seen.may_grade else None,
        signature=routes.signature if seen.may_grade else None,
        position=routes.position if seen.may_grade else None,
        drafts=routes.drafts if edits else None,
        sign_in=SIGN_IN,
        dose=routes.dose if has_dose else None,
    )


def _list_bands(bands: Mapping[str, EditBand]) -> dict[str, ViewerBand]:
    return {
        name: ViewerBand(margin_mm=round(band.margin_mm, 2), share=band.coverage, n=band.revisions)
        for name, band in bands.items()
    }


def _resume(place: tuple[str, int] | None) -> Resume | None:
    return None if place is None else Resume(structure=place[0], slice=place[1])


def _say_signed(signature: ReadSignature) -> str:
    return f"signed by {signature.signer}, {signature.at_utc:%Y-%m-%d}"


def _next_case(coming: NextTask) -> NextCase:
    routes = name_task(coming.assignment_id)
    return NextCase(
        assignment=coming.assignment_id,
        volume=routes.volume,
        label_sets=_label_sets(coming.sets, routes),
    )


def _label_sets(sets: Iterable[StoredLabelSet], routes: CaseRoutes) -> tuple[LabelSet, ...]:
    return tuple(
        LabelSet(
            key=found.key,
            name=found.name,
            line=LabelLine(found.style.line),
            color=found.style.colour,
            url=routes.masks(found.key),
        )
        for found in sets
    )


def _list_warnings(version: LabelVersion, doubts: Mapping[int, Sequence[str]]) -> tuple[str, ...]:
    is_flaw = version.voxels == 0 and version.source is not LabelSource.EMPTY
    empty = ("The contour is empty.",) if is_flaw else ()
    return tuple(dict.fromkeys((*empty, *doubts.get(stored_id(version), ()))))


def _structure(
    structure: Structure, version: LabelVersion, warnings: tuple[str, ...], numbers: RowNumbers
) -> ViewerStructure:
    return ViewerStructure(
        name=structure.name,
        title=structure.title,
        color=structure.color_hex,
        color_safe=structure.color_safe_hex,
        window=structure.window,
        group=structure.group,
        label_version=numbers.show(RowKind.LABEL_VERSION, version.id),
        tier=structure.tier,
        pair=structure.pair,
        side=structure.side,
        inside=structure.inside,
        hint=structure.hint,
        hint_source=structure.hint_source,
        reference_dsc=structure.reference_dsc,
        reference_hd95_mm=structure.reference_hd95_mm,
        warnings=warnings,
    )


def _list_given(seen: VisibleCase) -> dict[str, GivenGrade]:
    """What stands of each structure: its grade, its choice, or that it is drawn."""
    return (
        {name: _grade(grade, seen.turns[name]) for name, grade in seen.grades.items()}
        | {name: build_choice(one, seen.turns[name]) for name, one in seen.choices.items()}
        | {name: build_drawn(one) for name, one in seen.drawn.items()}
    )


def _choose_scale(seen: VisibleCase, scale: Scale) -> ViewerScale:
    """The study's scale, or what stands in its place where nothing is graded."""
    if seen.is_manual:
        return build_drawn_scale()
    return build_choice_scale(seen.answers) if seen.answers else _scale(scale)


def _scale(scale: Scale) -> ViewerScale:
    return ViewerScale(
        name=scale.name,
        grades=tuple(
            ViewerScaleGrade(
                code=grade.code,
                key=grade.key,
                title=grade.title,
                level=grade.level.value,
                definition=grade.definition,
            )
            for grade in scale.grades
        ),
        tags=ISSUE_TAGS,
    )


def _grade(grade: Grade, turn: int) -> GivenGrade:
    return GivenGrade(
        turn=turn,
        code=grade.raw_code or "",
        graded_at_utc=format_utc(grade.graded_at_utc),
        tags=tuple(grade.tags),
        comment=grade.comment,
        flagged_slices=tuple(grade.flagged_slices),
        confidence=grade.confidence,
        source_guess=None if grade.source_guess is None else grade.source_guess.value,
    )

"""The stored scores of a run: before and after of each held-out case, and the gate's word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlmodel import Session, col, select

from han5k_review.retraining.teaching.changes import GateSettings
from han5k_review.retraining.teaching.gate import StructureVerdict, judge_candidate
from han5k_review.retraining.teaching.paired_scores import PairedScore
from han5k_review.store.run_tables import RunEvent, RunScore
from han5k_review.store.tables import Case
from han5k_review.store.triage_tables import TriageDraw
from han5k_review.store.vocabulary import Arm, DrawArm, ReferenceKind
from han5k_review.triage.worklist import weigh_draw

CHECKS = "checks"
"""The kind of event in a run's history that tells where left and right are exchanged."""


def list_paired_scores(
    session: Session, run_id: int, before: Arm = Arm.PARENT
) -> list[PairedScore]:
    """Before and after of every held-out (case, structure) of a run.

    With `before` IN_USE the contours under review stand for before: none for a run without a
    parent, whose before they are anyhow, and for one from before they were measured.
    """
    query = select(RunScore).where(RunScore.run_id == run_id).order_by(col(RunScore.id))
    cases = {c.id: c for c in session.exec(select(Case))}
    return pair_rows(session.exec(query), cases, before)


def pair_rows(
    rows: Iterable[RunScore], cases: Mapping[int | None, Case], before: Arm
) -> list[PairedScore]:
    """Before and after of every (case, structure) in the rows of a run."""
    needed = {before} if before is Arm.IN_USE else {before, Arm.CANDIDATE}
    found: dict[tuple[int, str], dict[Arm, RunScore]] = {}
    for row in rows:
        found.setdefault((row.case_id, row.structure), {})[row.arm] = row
    return [
        _pair(cases[case_id], structure, arms.get(before), arms.get(Arm.CANDIDATE))
        for (case_id, structure), arms in found.items()
        if needed & set(arms)
    ]


def judge_run(
    session: Session, run_id: int, settings: GateSettings | None = None
) -> tuple[StructureVerdict, ...]:
    """The gate's verdict per structure on the stored scores of a run."""
    query = select(RunEvent).where(RunEvent.run_id == run_id, RunEvent.kind == CHECKS)
    checks = session.exec(query.order_by(col(RunEvent.id))).all()
    swapped = checks[-1].payload["swapped"] if checks else {}
    new = find_new_swapped(swapped)
    settings = settings or GateSettings()
    draws = _list_draws(session)
    own, in_use = (
        weigh_by_audit(list_paired_scores(session, run_id, arm), draws, settings.min_patients)
        for arm in (Arm.PARENT, Arm.IN_USE)
    )
    return judge_candidate(own, settings, new, in_use)


def find_new_swapped(
    swapped: Mapping[str, Mapping[str, Sequence[str]]],
) -> dict[str, set[str]]:
    """Structure -> cases in which the candidate exchanges left and right, and `before` did not.

    `swapped`: arm -> structure -> cases.
    """
    before, after = (swapped.get(arm.value, {}) for arm in (Arm.PARENT, Arm.CANDIDATE))
    return {name: set(cases) - set(before.get(name, ())) for name, cases in after.items()}


def weigh_by_audit(
    scores: Sequence[PairedScore], draws: Mapping[str, float], at_least: int
) -> list[PairedScore]:
    """Scores with the weights of the audit arm: `draws` is case -> weight of its random draw.

    Readers look at doubtful cases first, so that contours that were revised are not those of the
    cohort. Where the random arm drew `at_least` patients whose revised contour of a structure is a
    reference, they stand for the cohort by their weights, and the other revised ones for nothing.
    """
    drawn: dict[str, set[str]] = {}
    for score in scores:
        if score.kind is ReferenceKind.REVISED and score.case in draws:
            drawn.setdefault(score.structure, set()).add(score.patient)
    enough = {name for name, patients in drawn.items() if len(patients) >= at_least}
    return [
        replace(s, weight=draws.get(s.case, 0.0))
        if s.structure in enough and s.kind is ReferenceKind.REVISED
        else s
        for s in scores
    ]


def _list_draws(session: Session) -> dict[str, float]:
    """Case -> the weight of its newest random draw."""
    rows = session.exec(
        select(TriageDraw, col(Case.name))
        .join(Case, col(Case.id) == TriageDraw.case_id)
        .where(TriageDraw.arm == DrawArm.RANDOM)
        .order_by(col(TriageDraw.id))
    )
    return {name: weigh_draw(draw) for draw, name in rows}


def _pair(
    case: Case, structure: str, before: RunScore | None, after: RunScore | None
) -> PairedScore:
    either = after or before
    if either is None:
        raise KeyError(structure)
    return PairedScore(
        case=case.name,
        patient=case.patient,
        structure=structure,
        kind=either.reference_kind,
        before_dice=before.dice if before else None,
        after_dice=after.dice if after else None,
        before_hd95_mm=before.hd95_mm if before else None,
        after_hd95_mm=after.hd95_mm if after else None,
        before_volume_cc=before.volume_prediction_cc if before else None,
        after_volume_cc=after.volume_prediction_cc if after else None,
        before_surface_dice=before.surface_dice if before else None,
        after_surface_dice=after.surface_dice if after else None,
    )

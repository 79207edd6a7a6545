"""How a snapshot is made: the trust rule on every case, what is replayed, and who is set aside."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.retraining.settings import RunSettings
from han5k_review.retraining.teaching.replay import (
    Candidate,
    balance_weight,
    choose_cases,
    is_kept,
    measure_replay_share,
)
from han5k_review.retraining.teaching.snapshot import (
    Snapshot,
    SnapshotCase,
    SnapshotMask,
    SnapshotReference,
)
from han5k_review.retraining.teaching.trust import (
    UNCHANGED,
    ReviewRecord,
    Trust,
    TrustReason,
    choose_reference,
    judge,
)
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Case
from han5k_review.store.vocabulary import Split

_MIN_PATIENTS_TO_MONITOR = 5
_FEWEST_TO_CHOOSE = 3
"""Patients below whom chance would choose how much of the parent is mixed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentTable:
    """What a snapshot takes from the model that a run continues: structure -> label value."""

    labels: Mapping[str, int]
    checkpoint_sha256: str


def build_snapshot(
    cases: Sequence[Case],
    records: Mapping[tuple[int, str], ReviewRecord],
    catalogue: Catalogue,
    group: str,
    settings: RunSettings,
    *,
    parent: ParentTable | None = None,
    doubted: Collection[int] = (),
    sealed: Collection[str] = (),
    declared: Collection[str] = (),
) -> Snapshot:
    """Apply the trust rule to every case of one label group.

    `doubted` are label versions under review that may not be replayed (`replay_audit`), `sealed`
    the patients of the sealed test set, `declared` those who taught the parent elsewhere.

    The label table is the parent's, or the structures of the group with at least one trusted
    mask in training, in the catalogue's order. Held-out cases never teach.
    """
    names = [str(s.name) for s in catalogue if s.group == group]
    if parent is not None:
        names = [n for n in parent.labels if n in catalogue.structures]
    rule = _ReplayRule(
        settings=settings,
        shares=_measure_shares(cases, records, names, settings, has_parent=parent is not None),
        doubted=frozenset(doubted),
    )
    built = [
        replace(
            _case(case, records, names, rule),
            sealed=case.patient in sealed,
            taught_elsewhere=case.patient in declared,
        )
        for case in cases
    ]
    if parent is not None and settings.replay:
        built = _weigh(_sample(built, settings), settings)
    taught = {name for case in built for name in case.trusted}
    if parent is not None:
        labels = dict(parent.labels)
    else:
        labels = {n: v for v, n in enumerate((n for n in names if n in taught), start=1)}
    return Snapshot(
        group=group,
        labels=labels,
        inside={
            s.name: s.inside
            for s in catalogue
            if s.inside is not None and s.name in labels and s.inside in labels
        },
        parent_checkpoint_sha256=parent.checkpoint_sha256 if parent else None,
        settings=settings,
        cases=tuple(_set_monitor(built, settings, has_parent=parent is not None)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _ReplayRule:
    """Structure -> the share of its ungraded contours that is replayed, and those that may not."""

    settings: RunSettings
    shares: Mapping[str, float]
    doubted: frozenset[int]

    def judge(self, record: ReviewRecord) -> Trust:
        """The trust rule, and what becomes of a contour that nobody graded."""
        trust = judge(record, count_reference=self.settings.count_references)
        share = self.shares.get(record.structure)
        if trust.reason is not TrustReason.NOT_GRADED or share is None:
            return trust
        label = record.under_review
        if label is None or label.label_version_id in self.doubted:
            return replace(trust, reason=TrustReason.DOUBTFUL)
        key = (record.case_id, record.structure)
        if not is_kept(self.settings.replay_seed, key, share):
            return replace(trust, reason=TrustReason.LEFT_REPLAY)
        return Trust(trusted=True, reason=TrustReason.REPLAYED, label=label)


def _measure_shares(
    cases: Sequence[Case],
    records: Mapping[tuple[int, str], ReviewRecord],
    names: Sequence[str],
    settings: RunSettings,
    *,
    has_parent: bool,
) -> dict[str, float]:
    """How much of each structure is replayed; nothing without a parent, or when it is switched off.

    A contour graded for revision never teaches. But as long as nobody has drawn a better one, the
    structure's ungraded pseudo-labels keep what the parent knows of it: with nothing to hold it,
    a structure is lost (docs/loop.md). With each accepted revision it holds less.
    """
    if not (settings.replay and has_parent):
        return {}
    train = {stored_id(c) for c in cases if c.split is Split.TRAIN}
    revised, unchanged = Counter[str](), Counter[str]()
    for record in records.values():
        if record.accepted and not record.accepted_is_unrevised:
            revised[record.structure] += 1
        elif record.case_id in train and judge(record).reason in UNCHANGED:
            unchanged[record.structure] += 1
    return {name: measure_replay_share(unchanged[name], revised[name]) for name in names}


def _case(
    case: Case,
    records: Mapping[tuple[int, str], ReviewRecord],
    names: Sequence[str],
    rule: _ReplayRule,
) -> SnapshotCase:
    case_id = stored_id(case)
    known = [records.get((case_id, n), ReviewRecord(case_id=case_id, structure=n)) for n in names]
    masks = tuple(_mask(r, rule) for r in known if case.split is Split.TRAIN)
    real = any(m.trusted and m.reason is not TrustReason.REPLAYED for m in masks)
    return SnapshotCase(
        case_id=case_id,
        name=case.name,
        patient=case.patient,
        image_sha256=case.image_sha256,
        split=case.split,
        weight=rule.settings.revised_weight if real else 1,
        masks=masks,
        references=_references(known) if case.split is Split.HELD_OUT else (),
    )


def _mask(record: ReviewRecord, rule: _ReplayRule) -> SnapshotMask:
    trust = rule.judge(record)
    return SnapshotMask(
        structure=record.structure,
        mask_sha256=trust.label.mask_sha256 if trust.label else None,
        trusted=trust.trusted,
        reason=trust.reason,
        model_version_id=trust.label.model_version_id if trust.label else None,
    )


def _sample(cases: Sequence[SnapshotCase], settings: RunSettings) -> list[SnapshotCase]:
    """Of the cases in which nobody drew anything, only the sample of this run teaches."""
    pool = [
        Candidate(
            case=c.name,
            structures=frozenset(c.trusted),
            accepted=any(m.trusted and m.reason in UNCHANGED for m in c.masks),
        )
        for c in cases
        if c.trusted and not c.revised
    ]
    chosen = choose_cases(pool, settings.replay_cases, settings.replay_seed)
    left_out = {c.case for c in pool} - chosen
    return [_leave_out(c) if c.name in left_out else c for c in cases]


def _leave_out(case: SnapshotCase) -> SnapshotCase:
    masks = tuple(
        replace(m, trusted=False, reason=TrustReason.NOT_SAMPLED) if m.trusted else m
        for m in case.masks
    )
    return replace(case, masks=masks)


def _weigh(cases: Sequence[SnapshotCase], settings: RunSettings) -> list[SnapshotCase]:
    """Cases with a contour that a person drew weigh as much together as all others."""
    revised = sum(bool(c.revised) for c in cases)
    others = sum(c.weight for c in cases if c.trusted and not c.revised)
    weight = balance_weight(settings.revised_weight, revised, others)
    return [replace(c, weight=weight) if c.revised else c for c in cases]


def _references(records: Sequence[ReviewRecord]) -> tuple[SnapshotReference, ...]:
    found = []
    for record in records:
        reference = choose_reference(record)
        if reference is not None:
            present = record.under_review
            found.append(
                SnapshotReference(
                    structure=record.structure,
                    mask_sha256=reference.label.mask_sha256,
                    kind=reference.kind,
                    present_sha256=present.mask_sha256 if present else None,
                )
            )
    return tuple(found)


def _set_monitor(
    cases: Sequence[SnapshotCase], settings: RunSettings, *, has_parent: bool
) -> list[SnapshotCase]:
    """Set whole patients aside, chosen by the hash of their pseudonym.

    Those in whom a person drew choose how much of the parent is mixed in, where that is asked for
    and they are three at least; otherwise all of them teach, since drawing costs an expert's time.
    The others are for the pseudo-Dice alone. None who taught the parent elsewhere.
    """
    drawn = {c.patient for c in cases if c.revised}
    others = {c.patient for c in cases if c.trusted} - drawn
    known = {c.patient for c in cases if c.taught_elsewhere}
    chosen: set[str] = set()
    if len(drawn | others) >= _MIN_PATIENTS_TO_MONITOR:
        chosen = _choose_aside(others, known, settings.monitor_fraction)
        judges = _choose_aside(drawn, known, settings.monitor_fraction)
        if has_parent and settings.mix_with_parent and len(judges) >= _FEWEST_TO_CHOOSE:
            chosen |= judges
    return [replace(c, monitor=c.patient in chosen and bool(c.trusted)) for c in cases]


def _choose_aside(patients: Collection[str], known: Collection[str], fraction: float) -> set[str]:
    free = [name for name in sorted(patients, key=_by_hash) if name not in known]
    return set(free[: round(fraction * len(patients))])


def _by_hash(patient: str) -> str:
    return hashlib.sha256(patient.encode()).hexdigest()

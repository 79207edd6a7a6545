"""A round: learn one structure's systematic error, propose its correction in the other cases.

All rows of a round come in one transaction at its end: a cancelled round leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Event

from sqlmodel import Session, col, select

from han5k_review.errors import RuleError
from han5k_review.imaging.mask import StructureMask
from han5k_review.proposing.box import build_box, carry_back, thin
from han5k_review.proposing.learning import Learned, Lesson, describe_settings, learn, propose
from han5k_review.proposing.plan import RoundPlan, Site, plan_round
from han5k_review.store.audit import add_audit
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.proposal_tables import Proposal, ProposalDecision, ProposalRound
from han5k_review.store.study import Study
from han5k_review.store.tables import LabelVersion
from han5k_review.store.vocabulary import LabelSource, ProposalAct
from han5k_review.study import grid_of

_NO_GAIN = "no gain is to be expected there"
_SAME = "nothing would change"
_REFUSED = "the same proposal was refused before"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundStep:
    """Steps done of all: cases read, members learned, and cases looked at; `case` is in hand."""

    done: int
    total: int
    case: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A proposal for one case, before it is stored."""

    site: Site
    mask: StructureMask
    gain: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundReport:
    """What came of a round. `gains`: of each taught case, by a proposal of the others, in Dice.

    `likeness` (-1 to 1) says how far the revisions change the same places. `round_id` is None after
    a dry run; `is_cancelled`: nothing was stored.
    """

    structure: str
    gains: tuple[float, ...] = ()
    lowest_gain: float = 0.0
    likeness: float = 0.0
    is_systematic: bool = False
    made: tuple[Made, ...] = ()
    skipped: dict[str, str] = field(default_factory=dict)
    round_id: int | None = None
    is_cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundWatch:
    """Who hears of the steps of a round, and how it is told to stop."""

    progress: Callable[[RoundStep], None] = lambda step: None
    cancel: Event = field(default_factory=Event)


class _CancelledError(Exception):
    """The round was told to stop."""


def make_round(
    study: Study,
    structure: str,
    *,
    actor: str,
    clock: Callable[[], datetime],
    watch: RoundWatch | None = None,
    dry_run: bool = False,
) -> RoundReport:
    """Learn, propose, and store (unless `dry_run`); RuleError with fewer than three revisions."""
    with reading(study.engine) as session:
        plan = plan_round(session, structure)
        refused = _list_refused(session, structure)
        session.expunge_all()
    work = _Work(study=study, plan=plan, watch=watch or RoundWatch(), refused=refused)
    try:
        report = work.run()
    except _CancelledError:
        return RoundReport(structure=structure, is_cancelled=True)
    if dry_run:
        return report
    study.labels.put_masks([one.mask for one in report.made])
    with transaction(study.engine) as session:
        number = _store(session, plan, report, actor=actor, now=clock())
    return replace(report, round_id=number)


@dataclass(slots=True, kw_only=True)
class _Work:
    """One round at work; `refused`: masks that were refused, by case id."""

    study: Study
    plan: RoundPlan
    watch: RoundWatch
    refused: Collection[tuple[int, str]]
    done: int = 0

    def run(self) -> RoundReport:
        lessons = [self._read_lesson(site) for site in self.plan.taught]
        learned = learn(lessons, lambda done: self._step(""))
        skipped, made = dict(self.plan.skipped), []
        for site in self.plan.open if learned.is_systematic else ():
            found = self._look(site, learned)
            if isinstance(found, str):
                skipped[site.case.name] = found
            else:
                made.append(found)
            self._step(site.case.name)
        return RoundReport(
            structure=self.plan.structure,
            gains=learned.gains,
            lowest_gain=learned.lowest_gain,
            likeness=learned.likeness,
            is_systematic=learned.is_systematic,
            made=tuple(made),
            skipped=skipped,
        )

    def _step(self, case: str) -> None:
        self.done += 1
        total = 2 * len(self.plan.taught) + len(self.plan.open)
        self.watch.progress(RoundStep(done=self.done, total=total, case=case))
        if self.watch.cancel.is_set():
            raise _CancelledError

    def _read(self, site: Site, version: LabelVersion) -> StructureMask:
        return self.study.labels.get_mask(version.mask_sha256, grid_of(site.case))

    def _read_lesson(self, site: Site) -> Lesson:
        if site.revised is None:
            raise RuleError(f"{site.case.name}: a revised contour was expected.")
        volume = self.study.volumes.get_volume(site.case.image_sha256)
        box = build_box(self._read(site, site.drawn), volume)
        lesson = Lesson(box=box, revised=thin(self._read(site, site.revised), box))
        self._step(site.case.name)
        return lesson

    def _look(self, site: Site, learned: Learned) -> Made | str:
        """A proposal, or why there is none."""
        drawn = self._read(site, site.drawn)
        volume = self.study.volumes.get_volume(site.case.image_sha256)
        box = build_box(drawn, volume)
        proposed = propose(learned, box)
        if proposed.lowest_gain <= 0:
            return _NO_GAIN
        mask = carry_back(proposed.found, box, drawn)
        if mask.is_empty or mask.sha256 == drawn.sha256:
            return _SAME
        if (stored_id(site.case), mask.sha256) in self.refused:
            return _REFUSED
        return Made(site=site, mask=mask, gain=proposed.gain)


def _list_refused(session: Session, structure: str) -> set[tuple[int, str]]:
    rows = session.exec(
        select(LabelVersion.case_id, LabelVersion.mask_sha256)
        .join(Proposal, col(Proposal.label_version_id) == col(LabelVersion.id))
        .join(ProposalDecision, col(ProposalDecision.proposal_id) == col(Proposal.id))
        .where(LabelVersion.structure == structure, ProposalDecision.act == ProposalAct.REFUSED)
    )
    return {(case_id, sha256) for case_id, sha256 in rows}


def _store(
    session: Session, plan: RoundPlan, report: RoundReport, *, actor: str, now: datetime
) -> int:
    row = ProposalRound(
        structure=plan.structure,
        settings=describe_settings() | {"likeness": report.likeness},
        revised=[stored_id(site.revised) for site in plan.taught if site.revised is not None],
        gains=list(report.gains),
        lowest_gain=report.lowest_gain,
        skipped=dict(report.skipped),
        actor=actor,
        made_at_utc=now,
    )
    session.add(row)
    session.flush()
    for one in report.made:
        _store_proposal(session, row, one, now)
    add_audit(
        session,
        at_utc=now,
        actor=actor,
        action="propose",
        subject=plan.structure,
        round=row.id,
        revised=row.revised,
        proposals=len(report.made),
    )
    return stored_id(row)


def _store_proposal(session: Session, row: ProposalRound, one: Made, now: datetime) -> None:
    base_id = stored_id(one.site.drawn)
    contour = LabelVersion(
        case_id=stored_id(one.site.case),
        structure=row.structure,
        source=LabelSource.PROPOSAL,
        mask_sha256=one.mask.sha256,
        voxels=one.mask.voxel_count,
        volume_cc=one.mask.volume_cc,
        started_from_id=base_id,
        created_at_utc=now,
    )
    session.add(contour)
    session.flush()
    session.add(
        Proposal(
            round_id=stored_id(row),
            label_version_id=stored_id(contour),
            base_label_version_id=base_id,
            gain=one.gain,
        )
    )
    session.flush()

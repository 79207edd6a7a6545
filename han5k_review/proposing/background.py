"""A round of proposals in the background of a long-lived process.

A round takes ten seconds and about one more for each case, so it needs no process of its own; when
the process ends meanwhile nothing was stored, and a person starts it again.
"""

from __future__ import annotations

from collections import Counter

from han5k_review.background import Desk, Ending, Hand, Steps
from han5k_review.proposing.rounds import RoundReport, RoundStep, RoundWatch, make_round
from han5k_review.texts.counts import say_count


def start_round(desk: Desk, structure: str, *, actor: str) -> Hand:
    """Begin a round on this structure; RuleError while another one of the study runs."""

    def learn(hand: Hand) -> Ending:
        def tell(step: RoundStep) -> None:
            hand.steps = Steps(done=step.done, total=step.total)

        watch = RoundWatch(progress=tell, cancel=hand.cancel)
        report = make_round(desk.study, structure, actor=actor, clock=desk.clock, watch=watch)
        return end_round(report)

    return desk.start(structure, learn, actor=actor)


def end_round(report: RoundReport) -> Ending:
    """What a round came to, in a few sentences."""
    return Ending(text=_describe(report), is_cancelled=report.is_cancelled)


def _describe(report: RoundReport) -> str:
    if report.is_cancelled:
        return f"{report.structure}: cancelled; nothing was stored."
    learned = f"{report.structure}: learned from {say_count(len(report.gains), 'revision')}."
    if not report.is_systematic:
        return f"{learned} No systematic change was found: no proposal is made."
    skipped = Counter(report.skipped.values())
    why = ", ".join(f"{count} ({reason})" for reason, count in skipped.most_common())
    made = f"{learned} {say_count(len(report.made), 'proposal')} made."
    return f"{made} Cases without one: {why}." if why else made

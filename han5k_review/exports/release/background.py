"""A release that is made in the background of a long-lived process.

Releases made so lie in `releases/` of the study, where they are found again.
"""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from han5k_review.background import Desk, Ending, Hand, Steps
from han5k_review.errors import DataError
from han5k_review.exports.release.checksums import SUMS_NAME
from han5k_review.exports.release.making import make_release
from han5k_review.exports.release.plan import plan_release
from han5k_review.exports.release.request import ReleaseRequest
from han5k_review.store.study import Study
from han5k_review.texts.counts import say_count

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRelease:
    """A finished release in the study's folder, as its datasheet tells."""

    folder: Path
    title: str
    version: str
    cases: int
    contours: int


def list_releases(study: Study) -> list[FoundRelease]:
    """The finished releases in `releases/` of the study, by name."""
    found = []
    for sums in sorted(_folder(study).glob(f"*/{SUMS_NAME}")):
        try:
            facts = json.loads((sums.parent / "datasheet.json").read_bytes())
            release = FoundRelease(
                folder=sums.parent,
                title=str(facts["title"]),
                version=str(facts["version"]),
                cases=int(facts["cases"]),
                contours=int(facts["contours"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            continue  # no release of ours, or one that was altered: `verify` tells
        found.append(release)
    return found


def propose_name(study: Study) -> str:
    """A free folder name for the next release."""
    taken = {path.name for path in _folder(study).glob("*")}
    return next(f"release-{n}" for n in range(1, len(taken) + 2) if f"release-{n}" not in taken)


def place_release(study: Study, name: str) -> Path:
    """The folder of this name; DataError for a name that is no plain folder name."""
    if not _NAME.fullmatch(name):
        raise DataError(
            "A folder name of letters, digits, '.', '_' and '-' was expected for the release, "
            f"found {name!r}."
        )
    return _folder(study) / name


def _folder(study: Study) -> Path:
    return study.root / "releases"


def start_release(
    desk: Desk, request: ReleaseRequest, out: Path, *, threads: int, actor: str
) -> Hand:
    """Begin to plan and make a release of this moment; RuleError while another one is made.

    When the process ends in between nothing is released.
    """

    def make(hand: Hand) -> Ending:
        def tell(done: int, total: int) -> None:
            hand.steps = Steps(done=done, total=total)

        with ThreadPoolExecutor(threads, thread_name_prefix="releasing") as executor:
            report = make_release(
                desk.study,
                plan_release(desk.study, request),
                out,
                actor=actor,
                executor=executor,
                progress=tell,
                cancel=hand.cancel.is_set,
                clock=desk.clock,
            )
        if report is None:
            return Ending(is_cancelled=True, text="Nothing of it was kept.")
        return Ending(
            text=f"{say_count(report.contours, 'contour')} of {say_count(report.cases, 'case')} in "
            f"{say_count(report.files, 'file')}. It lies in {report.folder}."
        )

    return desk.start(out.name, make, actor=actor)

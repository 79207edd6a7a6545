"""The demo study: several cases with names, patients, splits, pseudo-labels and references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.anatomy.structure import StructureName
from han5k_review.demo.case import Masks, build_case
from han5k_review.demo.pseudo import build_pseudo_labels
from han5k_review.errors import ConfigError
from han5k_review.imaging.flaws import PseudoError
from han5k_review.imaging.volume import CtVolume
from han5k_review.store.vocabulary import Split

DEMO_SEED = 5030
DEMO_CASES = 8
DEMO_REFERENCES = 7
_TRAIN_WITH_REFERENCES = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DemoEntry:
    """One case of the demo study. `truth` is what its CT was painted from, `reference` the same, or
    empty for a case without references; `errors` says what was done on purpose to each
    pseudo-label.
    """

    name: str
    patient: str
    split: Split
    ct: CtVolume
    pseudo: Masks
    truth: Masks
    reference: Masks
    errors: Mapping[StructureName, PseudoError]


def iterate_demo_cases(
    catalogue: Catalogue,
    *,
    cases: int = DEMO_CASES,
    references_for: int = DEMO_REFERENCES,
    seed: int = DEMO_SEED,
    executor: Executor | None = None,
) -> Iterator[DemoEntry]:
    """The study's cases in order, each of another patient; the same seed gives the same study.

    The first `references_for` cases have references; of those the first two train (of fewer than
    four the first half, rounded up) and the others are held out; cases without references train.
    With an `executor` (processes) they are made side by side, two
    more than are taken. Raises ConfigError for a number of references outside 0 .. cases.
    """
    if not 0 <= references_for <= cases:
        raise ConfigError(
            f"References for 0 to {cases} of the demo's cases were expected, found "
            f"{references_for}."
        )
    if executor is None:
        for number in range(cases):
            yield build_entry(number, catalogue, references_for, seed)
        return
    ahead = [
        executor.submit(build_entry, number, catalogue, references_for, seed)
        for number in range(min(2, cases))
    ]
    for number in range(cases):
        if number + 2 < cases:
            ahead.append(executor.submit(build_entry, number + 2, catalogue, references_for, seed))
        yield ahead.pop(0).result()


def build_entry(number: int, catalogue: Catalogue, references_for: int, seed: int) -> DemoEntry:
    """Case `number` (from 0) of the demo study; top level, so that it can run in a process."""
    case = build_case(seed + number, catalogue)
    rng = np.random.default_rng([seed, number, 1])
    pseudo = build_pseudo_labels(case, catalogue, rng)
    taught = min(_TRAIN_WITH_REFERENCES, (references_for + 1) // 2)
    held_out = taught <= number < references_for
    return DemoEntry(
        name=f"demo-{number + 1:02d}",
        patient=f"DEMO{number + 1:03d}",
        split=Split.HELD_OUT if held_out else Split.TRAIN,
        ct=case.ct,
        pseudo=pseudo.masks,
        truth=case.references,
        reference=case.references if number < references_for else {},
        errors=pseudo.errors,
    )

"""Who reads what: balanced over readers, in random order, by a seed. Pure.

Equal inputs give equal draws. Sources of one case are mixed structure by structure, so that no read
shows one source alone; a repeat lies behind its first read, at a random place.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from han5k_review.protocol.rules import Protocol
from han5k_review.store.vocabulary import PlantedKind, Preset, ReadOrder

Generator = np.random.Generator


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCase:
    """A case to read: structure -> label versions, one per source that has the structure."""

    case_id: int
    name: str
    contours: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedContour:
    """One contour of a read; with `planted`, an error of this kind is made in it.

    In a forced choice it stands on the left and `right_id` on the right; `is_swapped` when the
    second source of the protocol stands on the left.
    """

    structure: str
    label_version_id: int
    planted: PlantedKind | None = None
    right_id: int | None = None
    is_swapped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRead:
    """One read of one case by one reader. `number` names it within the plan.

    A repeat shows what the read with the number `repeats` shows. `manual`: its contours are not
    shown but drawn from nothing.
    """

    number: int
    case_id: int
    reader_id: int
    contours: tuple[PlannedContour, ...]
    is_calibration: bool = False
    repeats: int | None = None
    manual: bool = False


Arrange = Callable[[Sequence[PlannedRead], Generator], Sequence[PlannedRead]]
"""Puts a reader's first reads in order; another rule than chance may take its place."""


def shuffle_reads(reads: Sequence[PlannedRead], rng: Generator) -> Sequence[PlannedRead]:
    """Random order."""
    return [reads[n] for n in rng.permutation(len(reads))]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawInput:
    """What is drawn from; `loads` are the reads that readers have already."""

    protocol: Protocol
    cases: Sequence[OpenCase]
    calibration: Sequence[OpenCase]
    readers: Sequence[int]
    loads: Mapping[int, int] = field(default_factory=dict)
    calibrated: frozenset[int] = frozenset()


def draw_reads(given: DrawInput, arrange: Arrange = shuffle_reads) -> tuple[PlannedRead, ...]:
    """All reads, reader by reader, each in the order in which it is presented.

    Calibration first, for every reader who had none; then the first reads, with the repeats among
    them. Loads differ by at most one read when they did before.
    """
    protocol = given.protocol
    rng = np.random.default_rng([protocol.seed, len(given.cases), len(given.readers)])
    first = [] if protocol.preset is Preset.TRAINING else _draw_first(given, rng)
    first = _take_away(first, protocol, rng)
    planned: list[PlannedRead] = []
    for reader in sorted(given.readers):
        own = [read for read in first if read.reader_id == reader]
        own = _plant(own, protocol, rng)
        ordered = _order(own, protocol, rng, arrange)
        if reader not in given.calibrated:
            planned += _calibrate(given, reader, len(planned))
        planned += _number(_repeat(ordered, protocol, rng), len(planned))
    return tuple(planned)


def _draw_first(given: DrawInput, rng: Generator) -> list[PlannedRead]:
    """First reads, each with a number of its own; readers take turns by their loads."""
    loads = {reader: given.loads.get(reader, 0) for reader in sorted(given.readers)}
    reads: list[PlannedRead] = []
    for place in rng.permutation(len(given.cases)):
        case = given.cases[place]
        seen: list[int] = []
        pairs = given.protocol.is_forced_choice
        for contours in [_pair(case, given.protocol)] if pairs else _mix(case, given.protocol, rng):
            for reader in _choose(loads, seen, given.protocol.reads_per_case, rng):
                loads[reader] += 1
                seen.append(reader)
                reads.append(
                    PlannedRead(
                        number=len(reads),
                        case_id=case.case_id,
                        reader_id=reader,
                        contours=_toss(contours, rng) if pairs else contours,
                    )
                )
    return reads


def _pair(case: OpenCase, protocol: Protocol) -> tuple[PlannedContour, ...]:
    """Both contours of each structure, the first source on the left."""
    return tuple(
        PlannedContour(
            structure=structure,
            label_version_id=case.contours[structure][0],
            right_id=case.contours[structure][1],
        )
        for structure in protocol.structures
        if structure in case.contours
    )


def _toss(pairs: Sequence[PlannedContour], rng: Generator) -> tuple[PlannedContour, ...]:
    """Sides by chance: each pair stands as it is, or the other way round."""
    return tuple(
        replace(
            pair,
            label_version_id=pair.right_id,
            right_id=pair.label_version_id,
            is_swapped=True,
        )
        if pair.right_id is not None and swapped
        else pair
        for pair, swapped in zip(pairs, rng.random(len(pairs)) < 0.5, strict=True)
    )


def _mix(case: OpenCase, protocol: Protocol, rng: Generator) -> list[tuple[PlannedContour, ...]]:
    """One set of contours per source; which source a structure shows in which set is drawn."""
    sets: list[list[PlannedContour]] = [[] for _ in protocol.sources]
    for structure in protocol.structures:
        found = case.contours.get(structure, ())
        places = rng.permutation(len(sets))
        for version, place in zip(found, places, strict=False):
            sets[place].append(PlannedContour(structure=structure, label_version_id=version))
    return [tuple(one) for one in sets if one]


def _take_away(reads: list[PlannedRead], protocol: Protocol, rng: Generator) -> list[PlannedRead]:
    """The arms: a share of each reader's reads is drawn from nothing, spread over the cases.

    Each reader has as many as the share says, to the nearest whole; cases that fewer others draw
    from nothing come first, then chance decides.
    """
    if not protocol.manual_share:
        return reads
    drawn: Counter[int] = Counter()
    taken: set[int] = set()
    readers = sorted({read.reader_id for read in reads})
    for place in rng.permutation(len(readers)):
        own = [read for read in reads if read.reader_id == readers[place]]
        tickets = rng.random(len(own))
        order = sorted(range(len(own)), key=lambda n: (drawn[own[n].case_id], tickets[n]))
        for n in order[: math.floor(protocol.manual_share * len(own) + 0.5)]:
            drawn[own[n].case_id] += 1
            taken.add(own[n].number)
    return [replace(read, manual=read.number in taken) for read in reads]


def _choose(loads: Mapping[int, int], seen: Sequence[int], count: int, rng: Generator) -> list[int]:
    """Different readers with the smallest loads, those who have not read this case before first."""
    tickets = {reader: float(rng.random()) for reader in loads}
    ranked = sorted(loads, key=lambda one: (seen.count(one), loads[one], tickets[one]))
    return ranked[:count]


def _plant(reads: list[PlannedRead], protocol: Protocol, rng: Generator) -> list[PlannedRead]:
    """Errors in a share of one reader's contours that are shown; the kinds take turns."""
    shown = [(r, read) for r, read in enumerate(reads) if not read.manual]
    places = [(r, c) for r, read in shown for c in range(len(read.contours))]
    wanted = round(protocol.planted_share * len(places))
    kinds = [protocol.planted_kinds[n] for n in rng.permutation(len(protocol.planted_kinds))]
    planted = list(reads)
    for turn, chosen in enumerate(rng.permutation(len(places))[:wanted]):
        r, c = places[chosen]
        contours = list(planted[r].contours)
        contours[c] = replace(contours[c], planted=kinds[turn % len(kinds)])
        planted[r] = replace(planted[r], contours=tuple(contours))
    return planted


def _order(
    reads: list[PlannedRead], protocol: Protocol, rng: Generator, arrange: Arrange
) -> list[PlannedRead]:
    """Case by case as arranged; structure by structure each structure is a read of its own."""
    if protocol.order is ReadOrder.CASE_WISE:
        return list(arrange(reads, rng))
    ordered: list[PlannedRead] = []
    for place in rng.permutation(len(protocol.structures)):
        structure = protocol.structures[place]
        split = [
            replace(read, contours=(contour,), number=len(protocol.structures) * n + int(place))
            for n, read in enumerate(reads)
            for contour in read.contours
            if contour.structure == structure
        ]
        ordered += arrange(split, rng)
    return ordered


def _repeat(reads: list[PlannedRead], protocol: Protocol, rng: Generator) -> list[PlannedRead]:
    """The reads with a share of them again, each somewhere behind its first read."""
    wanted = math.ceil(protocol.repeat_share * len(reads) - 1e-9)
    keyed = [(float(place), read) for place, read in enumerate(reads)]
    for place in sorted(rng.permutation(len(reads))[:wanted].tolist()):
        again = replace(reads[place], repeats=reads[place].number)
        keyed.append((float(rng.uniform(place + 0.5, len(reads) + 0.5)), again))
    return [read for _, read in sorted(keyed, key=lambda one: one[0])]


def _number(reads: list[PlannedRead], start: int) -> list[PlannedRead]:
    """Numbers that are the places in the plan."""
    places = {
        read.number: start + place for place, read in enumerate(reads) if read.repeats is None
    }
    return [
        replace(
            read,
            number=start + place,
            repeats=None if read.repeats is None else places[read.repeats],
        )
        for place, read in enumerate(reads)
    ]


def _calibrate(given: DrawInput, reader: int, start: int) -> list[PlannedRead]:
    """Every calibration case for this reader, in the order of the protocol, without errors."""
    reads: list[PlannedRead] = []
    for case in given.calibration:
        contours = tuple(
            PlannedContour(structure=structure, label_version_id=case.contours[structure][0])
            for structure in given.protocol.structures
            if case.contours.get(structure)
        )
        if contours:
            reads.append(
                PlannedRead(
                    number=start + len(reads),
                    case_id=case.case_id,
                    reader_id=reader,
                    contours=contours,
                    is_calibration=True,
                )
            )
    return reads

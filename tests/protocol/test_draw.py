"""The draw is balanced, random, and the same for the same seed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from han5k_review.protocol.draw import DrawInput, OpenCase, draw_reads
from han5k_review.protocol.rules import Protocol
from han5k_review.store.vocabulary import Endpoint, Preset, ReadOrder

STRUCTURES = ("A", "B", "C", "D")
PROTOCOL = Protocol(
    preset=Preset.OWN,
    scale="s",
    structures=STRUCTURES,
    endpoint=Endpoint.AGREEMENT,
    reads_per_case=2,
    repeat_share=0.2,
    planted_share=0.1,
)
READERS = (7, 8, 9)


def make_case(number: int, sources: int = 1) -> OpenCase:
    contours = {
        name: tuple(100 * number + 10 * place + source for source in range(sources))
        for place, name in enumerate(STRUCTURES)
    }
    return OpenCase(case_id=number, name=f"HN-{number}", contours=contours)


GIVEN = DrawInput(
    protocol=PROTOCOL,
    cases=[make_case(n) for n in range(1, 21)],
    calibration=[],
    readers=READERS,
)


def test_the_same_seed_gives_the_same_plan_and_another_seed_another() -> None:
    assert draw_reads(GIVEN) == draw_reads(GIVEN)
    other = replace(GIVEN, protocol=replace(PROTOCOL, seed=2))
    assert draw_reads(other) != draw_reads(GIVEN)


def test_every_case_is_read_twice_by_different_readers_with_equal_loads() -> None:
    first = [read for read in draw_reads(GIVEN) if read.repeats is None]
    readers = {n: [r.reader_id for r in first if r.case_id == n] for n in range(1, 21)}
    assert all(len(set(found)) == len(found) == 2 for found in readers.values())
    loads = Counter(read.reader_id for read in first)
    assert sorted(loads.values()) == [13, 13, 14]


def test_a_repeat_shows_what_was_read_before_and_comes_behind_it() -> None:
    reads = {read.number: read for read in draw_reads(GIVEN)}
    repeats = [read for read in reads.values() if read.repeats is not None]
    assert Counter(read.reader_id for read in repeats) == dict.fromkeys(READERS, 3)
    for again in repeats:
        before = reads[again.repeats or 0]
        assert (again.case_id, again.contours) == (before.case_id, before.contours)
        assert again.reader_id == before.reader_id
        assert again.number > before.number


def test_a_tenth_of_each_readers_contours_has_an_error_and_the_kinds_take_turns() -> None:
    first = [read for read in draw_reads(GIVEN) if read.repeats is None]
    for reader in READERS:
        own = [one for read in first if read.reader_id == reader for one in read.contours]
        kinds = [one.planted for one in own if one.planted is not None]
        assert len(kinds) == round(0.1 * len(own))
        assert len(set(kinds)) == len(kinds)


def test_sources_are_mixed_within_a_read_and_each_is_read() -> None:
    protocol = replace(PROTOCOL, sources=("ai", "reference"), reads_per_case=1, planted_share=0)
    cases = [make_case(n, sources=2) for n in range(1, 21)]
    reads = draw_reads(replace(GIVEN, protocol=protocol, cases=cases))
    first = [read for read in reads if read.repeats is None]
    shown = Counter(one.label_version_id for read in first for one in read.contours)
    assert len(shown) == 20 * len(STRUCTURES) * 2
    assert set(shown.values()) == {1}
    mixed = [len({one.label_version_id % 10 for one in read.contours}) for read in first]
    assert mixed.count(2) > len(mixed) / 2
    assert all(len({r.reader_id for r in first if r.case_id == n}) == 2 for n in range(1, 21))


def test_structure_by_structure_one_structure_ends_before_the_next_begins() -> None:
    protocol = replace(PROTOCOL, order=ReadOrder.STRUCTURE_WISE, repeat_share=0)
    reads = draw_reads(replace(GIVEN, protocol=protocol))
    for reader in READERS:
        names = [read.contours[0].structure for read in reads if read.reader_id == reader]
        blocks = [name for place, name in enumerate(names) if names[place - 1 : place] != [name]]
        assert sorted(blocks) == list(STRUCTURES)


def test_calibration_comes_first_for_those_who_had_none() -> None:
    given = replace(GIVEN, calibration=[make_case(50)], calibrated=frozenset({8}))
    reads = draw_reads(given)
    firsts = {n: next(read for read in reads if read.reader_id == n) for n in READERS}
    assert {n: read.is_calibration for n, read in firsts.items()} == {7: True, 8: False, 9: True}

"""What the metrics benchmark found: the table, who is correct, whether the reach is met."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from han5k_review.metrics import Definition, Panel

FORMS = ("full", "full, all cores", "cropped", "cropped, all cores")
QUICK_FORMS = ("cropped",)
# Whose HD95 a peer's should equal, and how closely (mm) to count as correct. Our `mesh` calls
# MeshMetrics: its row shows that nothing is lost on the way.
MEANT = {
    "surface-distance": (Definition.SURFEL, 1e-6),
    "MONAI": (Definition.VOXEL_MAX, 1e-3),
    "SimpleITK": (Definition.VOXEL_POOLED, 1e-3),
    "MedPy": (Definition.VOXEL_POOLED, 1e-3),
    "seg-metrics": (Definition.VOXEL_POOLED, 1e-3),
    "MeshMetrics": (Definition.MESH, 1e-3),
    "mikan-rs": (Definition.VOXEL_POOLED, 1e-3),
}
CORRECT = (
    "correct: HD95 of each structure equals ours under the definition the peer means (surfel: 1e-6 "
    "mm, others: 1e-3 mm)"
)

Panels = Mapping[Definition, Mapping[str, Panel]]


@dataclass
class Time:
    """Seconds for all structures of a case, from `measured` of them.

    `over`: the peer was stopped, and needs more than that.
    """

    seconds: float
    measured: int
    of: int
    case: int
    over: bool = False


@dataclass
class PeerResult:
    """Times by form; how far the values are off; why a form is missing, of those asked for."""

    asked: tuple[str, ...] = FORMS
    times: dict[str, Time] = field(default_factory=dict)
    compared: int = 0
    worst_hd95_mm: float = float("nan")
    worst_relative: float = float("nan")
    missing: list[str] = field(default_factory=list)


def judge(
    result: PeerResult, name: str, values: Mapping[str, Mapping[str, float]], panels: Panels
) -> None:
    """Compare a peer's numbers with ours under the definition it is meant to follow."""
    ours = panels[MEANT[name][0]]
    result.compared = len(values)
    result.worst_hd95_mm = _worst(v["hd95_mm"] - ours[s].hd95_mm for s, v in values.items())
    result.worst_relative = _worst(
        (found - expected) / max(abs(expected), 1e-12)
        for structure, numbers in values.items()
        for measure_name, found in numbers.items()
        for expected in [getattr(ours[structure], measure_name)]
    )


def _worst(differences: Iterable[float]) -> float:
    """The largest size; inf where one is nan, since `max` would lose it."""
    return max(math.inf if math.isnan(value) else abs(value) for value in differences)


def is_correct(name: str, result: PeerResult) -> bool:
    return result.worst_hd95_mm <= MEANT[name][1]


def print_table(ours: Mapping[str, float], peers: Mapping[str, PeerResult], number: int) -> None:
    print(f"\n{'':17}" + "".join(f"{form:>20}" for form in FORMS) + "   HD95 off by, meant as")
    print(f"{'han5k-review':17}" + "".join(f"{ours[form] * 1e3:17.1f} ms" for form in FORMS))
    for name, result in peers.items():
        cells = "".join(f"{_cell(result, form):>20}" for form in FORMS)
        word = "correct" if is_correct(name, result) else "differs"
        print(f"{name:17}{cells}   {result.worst_hd95_mm:.3g} mm, {MEANT[name][0]}: {word}")
        notes = [_note(form, time, number) for form, time in result.times.items()]
        for words in [*filter(None, notes), *(f"missing: {why}" for why in result.missing)]:
            print(f"{'':19}{words}")
    print(CORRECT)


def _cell(result: PeerResult, form: str) -> str:
    time = result.times.get(form)
    if time is None:
        return "missing" if form in result.asked else "-"
    sign = "> " if time.over else "~" if time.measured < time.of else ""
    return f"{sign}{time.seconds:.3g} s"


def _note(form: str, time: Time, number: int) -> str:
    where = "" if time.case == number else f", measured with case {time.case}"
    if time.over:
        return f"{form}: stopped within {time.measured} of {time.of} structures{where}"
    if time.measured == time.of:
        return ""
    return f"{form}: extrapolated from {time.measured} of {time.of} structures{where}"


def judge_reach(
    ours: Mapping[str, float], peers: Mapping[str, PeerResult], first_s: float
) -> list[tuple[str, bool]]:
    """Each part of the reach as a sentence, and whether it is met.

    Ours is always the cropped masks that `measure_pair` takes, on one thread, also against a peer
    that uses all cores.
    """
    oracle = peers["surface-distance"]
    parts = [
        (
            f"values within {oracle.worst_relative:.1e} of surface-distance, wanted 1e-6",
            oracle.worst_relative <= 1e-6,
        )
    ]
    for form, wanted in (("full", 80), ("cropped", 25)):
        time = oracle.times.get(form)
        ratio = time.seconds / ours["cropped"] if time else 0.0
        parts.append((f"{ratio:.0f} x surface-distance {form}, wanted {wanted}", ratio >= wanted))
    fastest = [
        (time.seconds, f"{name}, {form}")
        for name, result in peers.items()
        if is_correct(name, result)
        for form, time in result.times.items()
    ]
    if fastest:
        seconds, who = min(fastest)
        ratio = seconds / ours["cropped"]
        parts.append((f"{ratio:.1f} x the fastest correct peer ({who}), wanted 5", ratio >= 5))
    whole = [name for name, result in peers.items() if set(result.asked) <= set(result.times)]
    words = f"{len(whole)} of {len(MEANT)} peers in every form that was asked for"
    parts.append((words, len(whole) == len(MEANT)))
    parts.append((f"first call {first_s:.1f} s, wanted 10", first_s < 10))
    return parts

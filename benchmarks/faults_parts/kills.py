"""Kills and other faults under load, as a table: what was acknowledged, and what of it is lost."""

from __future__ import annotations

import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from faults_parts.blows import Blow, fill_disk, list_kills, list_other_blows
from faults_parts.load import working
from faults_parts.record import KINDS
from faults_parts.shim import Shim
from faults_parts.site import POSTGRESQL, SQLITE, Site

ENGINES = (SQLITE, POSTGRESQL)
_CLOCK = "a clock was set back"
_PATIENCE_S = 60.0
_MOMENT_S = 0.2
_SMALL_MB = {SQLITE: 48, POSTGRESQL: 300}
_SHOWN = 8
_HEAD = f"{'engine':11} {'fault':36} {'times':>5} " + " ".join(f"{k + 's':>10}" for k in KINDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much of each."""

    kills: int
    others: int
    readers: int
    reads: int
    runs: int
    acts: int
    seed: int


FULL = Plan(kills=50, others=5, readers=4, reads=120, runs=2, acts=40, seed=1)
QUICK = Plan(kills=6, others=1, readers=3, reads=60, runs=0, acts=8, seed=1)


@dataclass(slots=True)
class Findings:
    """Everything that should not be, and what could not be tried here."""

    wrong: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    kills: int = 0
    acknowledged: int = 0


def run_kills(plan: Plan, engines: tuple[str, ...] = ENGINES) -> int:
    """Print the table and the reach; the exit code."""
    found = Findings()
    with tempfile.TemporaryDirectory(prefix="han5k-faults-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        shim = Shim(folder)
        shim.load()
        if not shim.works:
            found.left_out.append("slow disk and clock jumps (no C compiler)")
        print(f"{_HEAD} {'lost':>5}", flush=True)
        for engine in engines:
            place = folder / engine
            place.mkdir()
            _try_site(engine, place, plan, shim, found)
            _try_full_disk(engine, folder / f"{engine}-disk", plan, found)
    for sentence in found.wrong[:_SHOWN]:
        print(f"wrong: {sentence}")
    for words in found.left_out:
        print(f"not tried here: {words}")
    reach = "missed" if found.wrong else "met"
    print(
        f"reach: {reach} ({found.kills} kills, {found.acknowledged} acknowledged acts, "
        f"{len(found.wrong)} wrong)"
    )
    return 1 if found.wrong else 0


def _try_site(engine: str, place: Path, plan: Plan, shim: Shim, found: Findings) -> None:
    dice = random.Random(plan.seed)
    logs = place / "logs"
    site = Site.build(engine, place, logs, readers=plan.readers, reads=plan.reads, runs=plan.runs)
    try:
        site.start()
        kills = list_kills(engine)
        for number, blow in enumerate(kills):
            times = plan.kills // len(kills) + (number < plan.kills % len(kills))
            _strike(site, blow, times, plan, dice, found)
            found.kills += times
        for blow in list_other_blows(engine, shim):
            if _is_clock(blow):
                _check_whole(site, found)
            _strike(site, blow, plan.others, plan, dice, found)
        found.wrong += [f"{engine}: {one}" for one in site.list_unfinished_runs()]
        _check_whole(site, found, clock_moved=shim.works)
        _conclude(site, found)
    finally:
        site.end()


def _is_clock(blow: Blow) -> bool:
    return blow.name.startswith("clock")


def _try_full_disk(engine: str, place: Path, plan: Plan, found: Findings) -> None:
    """A site of its own on a small disk, which is made wide again before the last look."""
    place.mkdir()
    dice = random.Random(plan.seed)
    try:
        with _small_disk(place, _SMALL_MB[engine]) as widen:
            site = Site.build(
                engine, place, place.with_suffix(".logs"), readers=2, reads=plan.reads, runs=0
            )
            try:
                site.start()
                blow = Blow(name="disk full", strike=lambda s, d: fill_disk(s, d, place))
                _strike(site, blow, max(1, plan.others // 2), plan, dice, found)
                widen()
                _check_whole(site, found)
                _conclude(site, found)
            finally:
                site.end()
    except subprocess.CalledProcessError:
        found.left_out.append(f"disk full on {engine} (mount was refused)")


@contextmanager
def _small_disk(folder: Path, megabytes: int) -> Iterator[Callable[[], object]]:
    def mount(options: str) -> None:
        words = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        subprocess.run(words, check=True, capture_output=True)

    mount(f"size={megabytes}m,mode=755")
    try:
        yield lambda: mount("remount,size=40g")
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def _strike(
    site: Site, blow: Blow, times: int, plan: Plan, dice: random.Random, found: Findings
) -> None:
    """Readers at work, and now and then the fault; afterwards everything acknowledged is looked up.

    The readers end in between only when all of a kind are done: the record is complete then.
    """
    if times == 0:
        return
    before = site.record.count()
    with working(site.hands, site.record):
        for _ in range(times):
            _wait_for_acts(site, dice.randint(1, plan.acts))
            time.sleep(dice.uniform(0, _MOMENT_S))
            blow.strike(site, dice)
        _wait_for_acts(site, 1)
    lost = site.list_losses()
    found.wrong += [f"{site.engine}, {blow.name}: {one}" for one in lost]
    counted = site.record.count()
    cells = " ".join(f"{counted[kind] - before[kind]:10}" for kind in KINDS)
    print(f"{site.engine:11} {blow.name:36} {times:5} {cells} {len(lost):5}", flush=True)
    if not any(counted[kind] > before[kind] for kind in KINDS):
        found.wrong.append(f"{site.engine}, {blow.name}: nothing was acknowledged meanwhile")


def _wait_for_acts(site: Site, acts: int) -> None:
    """Until so many more were acknowledged; after a while without any, the table will say so."""
    wanted = len(site.record.acts) + acts
    end = time.monotonic() + _PATIENCE_S
    while len(site.record.acts) < wanted and time.monotonic() < end:
        time.sleep(0.005)


def _check_whole(site: Site, found: Findings, *, clock_moved: bool = False) -> None:
    """What IT would ask: `doctor`, which reads every file, and the audit trail by its heads."""
    code, said = site.ask("doctor", "--deep")
    problems = [line for line in said.splitlines() if line.startswith("problem:")]
    wrong = [line for line in problems if not (clock_moved and _CLOCK in line)]
    if wrong or (code and not problems):
        found.wrong += [f"{site.engine}, doctor --deep: {one}" for one in wrong or [said[-500:]]]
    code, said = site.ask("audit", "verify", "--heads", str(site.heads))
    last = said.rstrip().splitlines()[-1]
    if code or not last.startswith("intact"):
        found.wrong.append(f"{site.engine}, audit verify: {said[-500:]}")
    print(f"{site.engine:11} doctor --deep: {len(wrong)} problems; audit: {last.split(';')[0]}")


def _conclude(site: Site, found: Findings) -> None:
    found.wrong += [f"{site.engine}: {one}" for one in sorted(set(site.record.refusals))]
    found.acknowledged += sum(site.record.count().values())
    failures = ", ".join(f"{n} x {how}" for how, n in site.record.failures.most_common())
    print(f"{site.engine:11} answers that readers had to ask for again: {failures or 'none'}")

"""What is done to a site while its readers work; each ends when it is mended."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from faults_parts.shim import Shim
from faults_parts.site import POSTGRESQL, Site

_HOUR_S = 3600
_SLOW_US = 400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Blow:
    """One kind of fault; `strike` does it once and returns when everything runs again."""

    name: str
    strike: Callable[[Site, random.Random], None]


def list_kills(engine: str) -> Sequence[Blow]:
    """Who can be killed."""
    kills = [
        Blow(name="kill -9 the web app", strike=_kill_web),
        Blow(name="kill -9 the worker", strike=_kill_worker),
    ]
    if engine == POSTGRESQL:
        kills += [
            Blow(name="kill -9 the database", strike=_kill_database),
            Blow(name="kill -9 a process of the database", strike=_kill_backend),
            Blow(name="kill -9 web app and database", strike=_kill_both),
        ]
    return kills


def list_other_blows(engine: str, shim: Shim) -> Sequence[Blow]:
    """Networks, and with the shim disks and clocks."""
    blows = [
        Blow(name="readers' network cut", strike=_cut_readers),
        Blow(name="readers' network silent", strike=_silence_readers),
    ]
    if engine == POSTGRESQL:
        blows += [
            Blow(name="database's network cut", strike=_cut_database),
            Blow(name="database's network silent", strike=_silence_database),
        ]
    if shim.works:
        blows += [
            Blow(name="slow disk (0.4 s a sync)", strike=lambda s, d: _slow_disk(s, d, shim)),
            Blow(name="clock jumps ahead and back", strike=lambda _s, d: _move_clock(d, shim)),
        ]
    return blows


def fill_disk(site: Site, dice: random.Random, disk: Path) -> None:
    """No byte is left for a second or two; then there is room again."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(b"0" * 65536):
                pass
        except OSError:
            pass
    time.sleep(dice.uniform(1, 2))
    filler.unlink()
    site.start()


def _kill_web(site: Site, _dice: random.Random) -> None:
    site.kill_web()
    site.start()


def _kill_worker(site: Site, _dice: random.Random) -> None:
    site.kill_worker()
    site.start()


def _kill_database(site: Site, _dice: random.Random) -> None:
    if site.database is not None:
        site.database.kill()
    site.start()


def _kill_backend(site: Site, _dice: random.Random) -> None:
    if site.database is not None:
        site.database.kill_backend()
    site.start()


def _kill_both(site: Site, _dice: random.Random) -> None:
    site.kill_web()
    _kill_database(site, _dice)


def _cut_readers(site: Site, dice: random.Random) -> None:
    for _ in range(5):
        site.web_wire.cut()
        time.sleep(dice.uniform(0.02, 0.2))


def _silence_readers(site: Site, _dice: random.Random) -> None:
    site.web_wire.be_silent(True)
    time.sleep(1)
    site.web_wire.cut()
    site.web_wire.be_silent(False)


def _cut_database(site: Site, dice: random.Random) -> None:
    if site.database_wire is None:
        return
    for _ in range(5):
        site.database_wire.cut()
        time.sleep(dice.uniform(0.02, 0.2))


def _silence_database(site: Site, _dice: random.Random) -> None:
    if site.database_wire is None:
        return
    site.database_wire.be_silent(True)
    time.sleep(1)
    site.database_wire.cut()
    site.database_wire.be_silent(False)


def _slow_disk(site: Site, dice: random.Random, shim: Shim) -> None:
    shim.slow_disk(_SLOW_US)
    time.sleep(dice.uniform(1, 3))
    site.kill_web()  # most likely in the middle of a sync
    shim.slow_disk(0)
    site.start()


def _move_clock(dice: random.Random, shim: Shim) -> None:
    """A day ahead (every sign-in has expired), then back by hours, then right again."""
    for offset_h in (26, dice.uniform(-5, -1), 0):
        shim.set_clock(int(offset_h * _HOUR_S))
        time.sleep(dice.uniform(1, 2))

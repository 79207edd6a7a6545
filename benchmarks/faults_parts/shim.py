"""Clocks that jump and disks that are slow: a small library that is loaded into the processes."""

from __future__ import annotations

import mmap
import os
import shutil
import struct
import subprocess
from pathlib import Path

_SOURCE = Path(__file__).with_name("shim.c")


class Shim:
    """What the processes of one site are told of the time, and how long a sync takes them.

    Without a C compiler nothing is loaded, and `works` is False.
    """

    def __init__(self, folder: Path) -> None:
        """Compile into `folder`, which every account may read."""
        library, chosen = folder / "shim.so", folder / "shim.bin"
        compiler = shutil.which("cc")
        self.works = compiler is not None
        self._environment: dict[str, str] = {}
        if compiler is None:
            return
        words = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(_SOURCE), "-ldl"]
        subprocess.run(words, check=True)
        chosen.write_bytes(bytes(16))
        for path in (library, chosen):
            path.chmod(0o755)
        with chosen.open("r+b") as file:
            self._numbers = mmap.mmap(file.fileno(), 16)
        self._environment = {"LD_PRELOAD": str(library), "HAN5K_FAULT_SHIM": str(chosen)}

    def load(self) -> None:
        """Let processes that start from now on have it; this one has it not."""
        os.environ.update(self._environment)

    def set_clock(self, offset_s: int) -> None:
        """From now on their time of day is this many seconds from the true one."""
        struct.pack_into("<q", self._numbers, 0, offset_s)

    def slow_disk(self, sync_us: int) -> None:
        """From now on each sync takes them this many microseconds longer."""
        struct.pack_into("<q", self._numbers, 8, sync_us)

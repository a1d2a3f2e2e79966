"""A working folder as an operator has it: a source, a configuration, and a board to write to."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from contextlib import chdir, closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from customer_orders.cli import main
from customer_orders.demo import changes, sample
from customer_orders.demo.board import BOARD_ID, BOARD_NAME, KEY_COLUMN, seed
from customer_orders.demo.folder import LIMITS
from customer_orders.demo.tables import TABLE, orders_table
from customer_orders.emulator import Emulator

COMMAND = (sys.executable, "-m", "customer_orders")
PIPELINE, PLANNER = "emulator-demo", "emulator-planner"
#: `failed` and its like, in no order: `selected` is their sum.
OUTCOMES = ("created", "updated", "moved", "unchanged", "skipped", "failed", "pending")
#: Seconds that make waiting for lost answers and dead processes short.
QUICK = {
    "call_cap": 0.6,
    "client_timeout": 5.0,
    "index_lag": 0.1,
    "send_within": 1.0,
    "lock_stale": 0.8,
}


def change_sample(path: Path) -> tuple[changes.SourceChange, ...]:
    """Make the demo's changes in a SQLite file."""
    return changes.change(sample.sqlite_url(path), orders_table(TABLE))


CONFIGURATION = """\
[source]
url = "sqlite:///source.db"
table = "ORDERS_UNIFIED"

[ledger]
url = "{ledger}"

[monday]
token = "emulator-demo"
url = "{url}"
plan = "enterprise"

[[board]]
id = "{board}"
name = "{name}"
key_column = "{key}"

[time]
{time}

[customers]
{customers}
"""

ITEMS = """
query ($board: ID!) {
  boards(ids: [$board]) {
    items_page(limit: 500) {
      cursor
      items {
        id
        name
        group { title }
        column_values { text column { title type } }
        subitems { id name column_values { text column { title } } }
      }
    }
  }
}
"""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An item as a person's program reads it from the board."""

    id: str
    name: str
    group: str
    #: Title -> text; a blank cell is None.
    cells: Mapping[str, str | None]
    #: (Size, Order Qty) of each subitem.
    sizes: tuple[tuple[str, str], ...]


class Place:
    """The folder, and its emulator in a thread. Use as a context manager."""

    def __init__(
        self,
        folder: Path,
        *,
        lines: Iterable[sample.Row] | None = None,
        emulated: Mapping[str, Any] | None = None,
        boards: Iterable[Mapping[str, Any]] = (),
        deployed: bool = True,
        ledger_url: str = "sqlite:///ledger.db",
    ) -> None:
        self.folder = folder
        self.source = folder / "source.db"
        self.ledger = folder / "ledger.db"
        self.config = folder / "customer_orders.toml"
        sample.write_sqlite(self.source, sample.rows(70) if lines is None else lines)
        state = seed(settings={**LIMITS, **(emulated or {})})
        state["boards"] += boards
        self._emulator = Emulator(state=state)
        self.monday = self._emulator.monday
        self._deployed = deployed
        self.ledger_url = ledger_url

    def __enter__(self) -> Place:
        self.url = self._emulator.__enter__()
        self.config.write_text(self.configuration(), encoding="utf-8")
        if self._deployed:
            self.call("deploy")
        return self

    def __exit__(self, *_: object) -> None:
        self._emulator.__exit__(None, None, None)

    def configuration(self) -> str:
        """The configuration of a place in which all is well."""
        customers = "\n".join(
            f"{json.dumps(name)} = {json.dumps(list(names), ensure_ascii=False)}"
            for name, names in sample.CUSTOMERS.items()
        )
        return CONFIGURATION.format(
            url=self.url,
            ledger=self.ledger_url,
            board=BOARD_ID,
            name=BOARD_NAME,
            key=KEY_COLUMN,
            time="\n".join(f"{name} = {seconds}" for name, seconds in QUICK.items()),
            customers=customers,
        )

    def other(self, *edits: tuple[str, str], more: str = "") -> tuple[str, str]:
        """A second configuration, edited; gives the options that choose it."""
        text = self.configuration()
        for old, new in edits:
            assert old in text, old
            text = text.replace(old, new)
        file = self.folder / "other.toml"
        file.write_text(text + more, encoding="utf-8")
        return "--config", file.name

    def run(self, *arguments: str, code: int = 0, **environment: str) -> Ended:
        """The installed command in a process of its own."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=_environment(environment),
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        ended = Ended(code=done.returncode, out=done.stdout, err=done.stderr)
        return _ended(ended, code, verbose="-v" in arguments)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """The installed command in a process that goes on."""
        return subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=_environment({}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def call(self, *arguments: str, code: int = 0) -> Ended:
        """The same command in this process: quicker, for what is not about processes."""
        return _ended(call(self.folder, *arguments), code, verbose="-v" in arguments)

    def apply(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """`apply --json` in this process; whatever happened, its counts add up."""
        run: dict[str, Any] = self.call("apply", "--json", *arguments, code=code).json
        return counted(run)

    def sql(self, statement: str, *values: Any, database: str = "source.db") -> list[Any]:
        """Ask or change the source, or another database of the folder."""
        with closing(sqlite3.connect(self.folder / database)) as connection, connection:
            return connection.execute(statement, values).fetchall()

    def query(self, text: str, token: str = PIPELINE, **variables: Any) -> Any:
        """GraphQL over HTTP, with nothing of the product's code."""
        document = {"query": text, "variables": variables}
        answer = json.loads(_post(self.url, document, {"Authorization": token}))
        assert not answer.get("errors"), answer
        return answer["data"]

    def admin(self, room: str, content: Any = None) -> Any:
        """A room of the emulator's own, such as `stats` or `faults`."""
        url = f"{self.url.removesuffix('/v2')}/_emulator/{room}"
        if content is not None:
            return json.loads(_post(url, content, {}))
        with urllib.request.urlopen(url, timeout=30) as answer:
            return json.loads(answer.read())

    def mutations(self) -> int:
        """Mutations that the board has seen."""
        return sum(self.admin("stats")["mutations"].values())

    def board(self, board_id: str = BOARD_ID) -> list[Shown]:
        """Every active item of a board, read through the API."""
        (board,) = self.query(ITEMS, board=board_id)["boards"]
        assert board["items_page"]["cursor"] is None, "more than a page"
        return [_shown(item) for item in board["items_page"]["items"]]

    def wait_for(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        """Until the condition holds."""
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, "it did not happen"
            time.sleep(0.01)


def counted(run: dict[str, Any]) -> dict[str, Any]:
    """The run itself, once `selected` is the sum of outcomes, per customer and in total."""
    for counts in (run["items"], run["subitems"], *run["customers"].values()):
        assert set(counts) == {"selected", *OUTCOMES}
        assert counts["selected"] == sum(counts[word] for word in OUTCOMES)
    for word in ("selected", *OUTCOMES):
        assert run["items"][word] == sum(c[word] for c in run["customers"].values())
    return run


def call(folder: Path, *arguments: str) -> Ended:
    """The command in this process, standing in a folder."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    before, sys.argv = sys.argv, ["customer-orders", *arguments]
    try:
        with chdir(folder), redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as end:
        code = int(end.code or 0)
    else:
        code = 0
    finally:
        sys.argv = before
        structlog.reset_defaults()
        structlog.contextvars.clear_contextvars()
    texts = []
    for stream in (out, err):
        stream.seek(0)
        texts.append(stream.read())
    return Ended(code=code, out=texts[0], err=texts[1])


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", **more}


def _ended(ended: Ended, code: int, *, verbose: bool = False) -> Ended:
    assert ended.code == code, f"exit {ended.code}\n{ended.out}\n{ended.err}"
    assert verbose or "Traceback" not in ended.err, ended.err
    return ended


def _post(url: str, content: Any, headers: Mapping[str, str]) -> bytes:
    request = urllib.request.Request(
        url,
        data=json.dumps(content).encode(),
        headers={"Content-Type": "application/json", "API-Version": "2026-10", **headers},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        body: bytes = answer.read()
    return body


def _shown(item: Mapping[str, Any]) -> Shown:
    sizes = [
        {cell["column"]["title"]: cell["text"] for cell in subitem["column_values"]}
        for subitem in item["subitems"] or ()
    ]
    return Shown(
        id=item["id"],
        name=item["name"],
        group=item["group"]["title"],
        cells={c["column"]["title"]: c["text"] or None for c in item["column_values"]},
        sizes=tuple((size["Size"], size["Order Qty"]) for size in sizes),
    )

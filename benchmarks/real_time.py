"""Whole processes in real time: ours and `drt`, over HTTP, against an emulator without limits."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from emulated import BOARD, CUSTOMERS, LIFTED, SIZES, SUBITEMS, Lot, board

#: What is compared with, and where the benchmark installs it: apart from the project.
DRT, DRT_HOME = "drt-core==1.2.1", Path("build/drt")
TOKEN = "emulator-benchmark"
ALIASES = 25
#: Cores of this machine, where it tells.
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
#: The source of ours, and the creates that `drt` is handed ready-made.
LINES_TABLE, CREATES_TABLE = "ORDERS", "CREATES"
SETTINGS = """\
[source]
url = "sqlite:///orders.db"
table = "{table}"
key = ["NUMBER"]
anchor = []
seasons = ["SEASON"]
sizes = {{ after = "SEASON", before = "TOTAL QTY" }}
po = "NUMBER"

[ledger]
url = "sqlite:///ledger.db"

[monday]
token = "{token}"
url = "{url}"
plan = "enterprise"
reserve_daily_calls = 0.0

[[board]]
id = "{board}"
name = "Orders"

[mapping]
profile = "none"
name = "{{STYLE}} {{NUMBER}}"
group = ["{{CUSTOMER}} {{SEASON}}"]
columns = {{ STYLE = {{ from = "STYLE" }}, "ORDER QTY" = {{ from = "TOTAL QTY" }} }}

[customers]
{customers}
"""
#: The same mutation, of as many rows as drt hands to the template.
TEMPLATE = """\
{"query": "mutation (
{%- for row in rows %}$b{{ loop.index0 }}: ID!, $n{{ loop.index0 }}: String!, \
$v{{ loop.index0 }}: JSON!{{ ", " if not loop.last }}{% endfor %}) {
{%- for row in rows %} op{{ loop.index0 }}: create_item(board_id: $b{{ loop.index0 }}, \
item_name: $n{{ loop.index0 }}, column_values: $v{{ loop.index0 }}) { id }{% endfor %} }",
"variables": {
{%- for row in rows %}"b{{ loop.index0 }}": "BOARD", "n{{ loop.index0 }}": \
{{ row.name | tojson_safe }}, "v{{ loop.index0 }}": {{ row.cells | tojson_safe }}\
{{ ", " if not loop.last }}{% endfor %}}}"""


@dataclass(frozen=True, kw_only=True)
class Used:
    """What a process took of the machine."""

    #: Seconds of CPU of its own, and of the system for it.
    user: float
    system: float
    #: Megabytes at its largest.
    peak: float

    @property
    def cpu(self) -> float:
        """Seconds of CPU in all."""
        return self.user + self.system


def run(arguments: Sequence[str | Path], folder: Path, **more: str) -> Used:
    """Run a command to its end in a folder. Raises CalledProcessError when it fails.

    Python keeps what it compiled beside the folder's files, as an installed program's is kept.
    """
    more = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "compiled"), **more}
    with (folder / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            arguments, cwd=folder, env=os.environ | more, stdout=output, stderr=output
        )
        _, status, usage = os.wait4(process.pid, 0)
    if code := os.waitstatus_to_exitcode(status):
        text = (folder / "output.txt").read_text("utf-8", errors="replace")
        raise subprocess.CalledProcessError(code, [str(a) for a in arguments], text[-2_000:])
    return Used(user=usage.ru_utime, system=usage.ru_stime, peak=usage.ru_maxrss / 1024)


@contextmanager
def emulator(folder: Path) -> Iterator[str]:
    """An empty board without limits in a process of its own. Yields its URL."""
    state = board() | {"settings": LIFTED}
    state["boards"][0]["items_limit"] = 10**6
    (folder / "monday.json").write_text(json.dumps(state), "utf-8")
    command = [sys.executable, "-m", "customer_orders", "emulator", "--port", "0"]
    with subprocess.Popen(
        [*command, "--state", folder / "monday.json"], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            apart(process.pid)
            yield str(json.loads(line)["url"])
        finally:
            process.terminate()


def apart(server: int) -> None:
    """The server on the first core, all else on the others: neither slows the other down."""
    if len(CORES) > 1:
        os.sched_setaffinity(server, CORES[:1])
        os.sched_setaffinity(0, CORES[1:])


def made(folder: Path) -> tuple[int, int]:
    """Items and subitems on the boards that the emulator has saved."""
    boards = json.loads((folder / "monday.json").read_text("utf-8"))["boards"]
    count = {each["id"]: len(each.get("items", ())) for each in boards}
    return count[BOARD], count[SUBITEMS]


def write_source(folder: Path, lot: Lot) -> int:
    """The order lines, and beside them one row for each create. Returns how many creates."""
    with sqlite3.connect(folder / "orders.db") as connection:
        sizes = ", ".join(f'"{size}" INT' for size in SIZES)
        lines = f'NUMBER, "CUSTOMER NAME", STYLE, SEASON, {sizes}, "TOTAL QTY" INT'
        connection.execute(f"CREATE TABLE {LINES_TABLE} ({lines})")
        connection.execute(f"CREATE TABLE {CREATES_TABLE} (name, cells)")
        creates = 0
        for row in lot.rows():
            number, _, style, _, *quantities, total = row
            marks = ", ".join("?" * len(row))
            connection.execute(f"INSERT INTO {LINES_TABLE} VALUES ({marks})", row)
            cells = json.dumps({"text_1": style, "num_1": str(total), "key_1": number})
            name = f"{style} {number}"
            many = [(name, cells)] * (1 + sum(quantity != "" for quantity in quantities))
            connection.executemany(f"INSERT INTO {CREATES_TABLE} VALUES (?, ?)", many)
            creates += len(many)
    return creates


def write_ours(folder: Path, url: str) -> None:
    """Our configuration."""
    customers = "\n".join(f'"{name}" = []' for name in CUSTOMERS)
    values = {"table": LINES_TABLE, "token": TOKEN, "url": url, "board": BOARD}
    text = SETTINGS.format(**values, customers=customers)
    (folder / "customer_orders.toml").write_text(text, "utf-8")


def write_drt(folder: Path, url: str) -> Mapping[str, str]:
    """A project of drt: one sync with our limits off. Returns its environment.

    Everything is JSON, which is YAML too.
    """
    destination = {
        "type": "rest_api",
        "url": url,
        "method": "POST",
        "headers": {"Content-Type": "application/json", "Authorization": TOKEN},
        "body_mode": "batch",
        "max_records_per_request": ALIASES,
        "batch_template": TEMPLATE.replace("BOARD", BOARD).replace("\n", " "),
    }
    sync = {
        "name": "creates",
        "model": f"SELECT name, cells FROM {CREATES_TABLE}",
        "destination": destination,
        "sync": {"batch_size": 1_000, "rate_limit": {"requests_per_second": 0}},
    }
    profile = {"local": {"type": "sqlite", "database": str(folder / "orders.db")}}
    project = {"name": "benchmark", "version": "0.1", "profile": "local"}
    files = {"drt_project.yml": project, "syncs/creates.yml": sync, ".drt/profiles.yml": profile}
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(content), "utf-8")
    return {"HOME": str(folder), "DRT_TELEMETRY_DISABLED": "1", "DO_NOT_TRACK": "1"}


def drt() -> Path:
    """The command `drt`, installed the first time in a virtual environment of its own."""
    command = DRT_HOME / "bin" / "drt"
    if not command.exists():
        venv.create(DRT_HOME, with_pip=True)
        install = [DRT_HOME / "bin" / "python", "-m", "pip", "install", "--quiet", DRT]
        subprocess.run(install, check=True, stdout=sys.stderr)
    return command.absolute()

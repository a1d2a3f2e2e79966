"""How fast the emulator is and what it holds: `make bench-emulator` prints one table.

The emulator runs as a process of its own, on a core of its own where there are two, and is driven
over HTTP: 100,000 items on ten boards, made by 25 aliased creates a request with 46 values each,
then pages of 500 items with all their cells. Limits are lifted, saving is on as in the demo.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console
from rich.table import Table

ITEMS, BOARDS, ALIASES, PAGE = 100_000, 10, 25, 500
IN_FLIGHT = 4
PAGES = 40
#: 46 columns of the kinds that order lines need.
TYPES = ("text",) * 20 + ("numbers",) * 10 + ("date",) * 8 + ("status",) * 4 + ("dropdown",) * 4
LABELS = [f"Label {number}" for number in range(20)]
UNLIMITED = {
    "complexity_per_minute": 10**12,
    "complexity_per_request": 10**9,
    "requests_per_minute": 10**9,
    "calls_per_day": 10**9,
    "ip_requests_per_10_seconds": 10**9,
}
SERVE = "import sys, pathlib; from customer_orders.emulator import serve; "
SERVE += "serve(pathlib.Path(sys.argv[1]))"
READ = """query ($board: ID!) { boards(ids: [$board]) { items_page(limit: 500) {
  cursor items { id name column_values { id text value } } } } }"""


def main() -> int:
    """Run everything and print the table; 1 when a target is missed."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state.json"
        state.write_text(json.dumps(seed()))
        with subprocess.Popen(
            [sys.executable, "-c", SERVE, state], stdout=subprocess.PIPE
        ) as server:
            cores_of_their_own(server.pid)
            assert server.stdout is not None
            url = json.loads(server.stdout.readline())["url"]
            creates, pages = asyncio.run(drive(url))
            server.terminate()
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return show(creates, statistics.median(pages) * 1000, max(pages) * 1000, peak)


def seed() -> dict[str, Any]:
    """Ten empty boards of 46 columns."""
    columns = [column(number, kind) for number, kind in enumerate(TYPES)]
    boards = [{"id": str(n), "name": f"Board {n}", "columns": columns} for n in range(BOARDS)]
    return {"boards": boards, "settings": UNLIMITED}


def column(number: int, kind: str) -> dict[str, Any]:
    settings = {"labels": LABELS} if kind in ("status", "dropdown") else {}
    return {
        "id": f"{kind}_{number}",
        "title": f"Column {number}",
        "type": kind,
        "settings": settings,
    }


def cores_of_their_own(server: int) -> None:
    """The server on the first core, this driver on the others."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) > 1:
        os.sched_setaffinity(server, cores[:1])
        os.sched_setaffinity(0, cores[1:])


async def drive(url: str) -> tuple[float, list[float]]:
    """Creates a second, and the seconds that each page took."""
    async with aiohttp.ClientSession(headers={"Authorization": "emulator-token"}) as session:
        bodies = requests()
        begun = time.perf_counter()
        await asyncio.gather(*(create(session, url, bodies) for _ in range(IN_FLIGHT)))
        creates = ITEMS / (time.perf_counter() - begun)
        return creates, [await read(session, url, page % BOARDS) for page in range(PAGES)]


async def create(session: aiohttp.ClientSession, url: str, bodies: Iterator[bytes]) -> None:
    """Send what is left, one after the other."""
    for body in bodies:
        async with session.post(url, data=body) as answer:
            content = await answer.json()
            assert "errors" not in content, content["errors"][0]


async def read(session: aiohttp.ClientSession, url: str, board: int) -> float:
    """Seconds for one page, from the request to its last byte."""
    body = {"query": READ, "variables": {"board": str(board)}}
    begun = time.perf_counter()
    async with session.post(url, json=body) as answer:
        content = await answer.read()
    seconds = time.perf_counter() - begun
    items = json.loads(content)["data"]["boards"][0]["items_page"]["items"]
    assert (len(items), len(items[0]["column_values"])) == (PAGE, len(TYPES))
    return seconds


def requests() -> Iterator[bytes]:
    """Bodies of 25 creates each, until there are 100,000 items."""
    names = ", ".join(f"$name{n}: String!, $values{n}: JSON!" for n in range(ALIASES))
    aliases = " ".join(
        f"item{n}: create_item(board_id: $board, item_name: $name{n}, column_values: $values{n}) "
        "{ id }"
        for n in range(ALIASES)
    )
    document = f"mutation ($board: ID!, {names}) {{ {aliases} }}"
    for first in range(0, ITEMS, ALIASES):
        variables = {"board": str(first * BOARDS // ITEMS)}
        for n in range(ALIASES):
            variables[f"name{n}"] = f"Item {first + n}"
            variables[f"values{n}"] = json.dumps(values(first + n))
        yield json.dumps({"query": document, "variables": variables}).encode()


def values(item: int) -> dict[str, Any]:
    """46 values, all written as the documents ask for."""
    written = {
        "text": lambda n: f"value {item} of {n}",
        "numbers": lambda n: str(item + n),
        "date": lambda n: {"date": f"2026-{1 + item % 12:02}-{1 + n % 28:02}"},
        "status": lambda n: {"label": LABELS[(item + n) % len(LABELS)]},
        "dropdown": lambda n: {"labels": [LABELS[(item + n) % len(LABELS)]]},
    }
    return {f"{kind}_{n}": written[kind](n) for n, kind in enumerate(TYPES)}


def show(creates: float, page: float, slowest: float, peak: float) -> int:
    """The table; 1 when a target is missed."""
    rows = [
        ("creates a second", f"{creates:,.0f}", "above 4,000", creates > 4_000),
        ("items_page of 500, median ms", f"{page:.0f}", "under 60", page < 60),
        ("  slowest, maybe during a save", f"{slowest:.0f}", "", True),
        ("peak MB with 100,000 items", f"{peak:.0f}", "under 800", peak < 800),
    ]
    table = Table("measured", "figure", "target", "met")
    for name, figure, target, met in rows:
        table.add_row(name, figure, target, "" if not target else "yes" if met else "NO")
    Console().print(table)
    return 0 if all(met for *_, met in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

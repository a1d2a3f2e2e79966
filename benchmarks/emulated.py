"""The whole program against an emulated account, in virtual time: a month takes seconds."""

from __future__ import annotations

import asyncio
import csv
import logging
import random
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar
from unittest.mock import patch

import looptime
import structlog

from customer_orders import pipeline
from customer_orders.config import Settings
from customer_orders.emulator import Monday
from customer_orders.ledger import Ledger
from customer_orders.monday import Response, governor, session
from customer_orders.plan import Filters

Result = TypeVar("Result")
#: Midnight, UTC.
MIDNIGHT = 1_800_057_600.0
DAY = 86_400.0
TOKEN = "emulator-benchmark"
BOARD, SUBITEMS = "9000000001", "9000000002"
SIZES = ("S", "M", "L", "XL", "2XL")
CUSTOMERS = ("TORVANE", "BRELLIN", "OSKERRY", "VALDUNE")
#: Where each customer's lines end in a hundred: one large, some small.
ENDS = (70, 90, 98, 100)
SOURCE = {
    "key": ["NUMBER"],
    "anchor": [],
    "seasons": ["SEASON"],
    "sizes": {"after": "SEASON", "before": "TOTAL QTY"},
    "po": "NUMBER",
}
MAPPING = {
    "profile": "none",
    "name": "{STYLE} {NUMBER}",
    "group": ["{CUSTOMER} {SEASON}"],
    "columns": {"STYLE": {"from": "STYLE"}, "ORDER QTY": {"from": "TOTAL QTY"}},
}
#: No limit is felt.
LIFTED = {
    "complexity_per_minute": 10**12,
    "complexity_per_request": 10**12,
    "requests_per_minute": 10**9,
    "concurrency": 10**6,
    "calls_per_day": 10**9,
    "ip_requests_per_10_seconds": 10**9,
}


class VirtualClock:
    """The loop's own time, as seconds since 1970."""

    def now(self) -> float:
        return MIDNIGHT + asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class InProcess:
    """Stands in for `HTTPTransport`: straight into the emulator's core."""

    def __init__(self, monday: Monday) -> None:
        self._monday = monday

    def __call__(self, _url: str, _token: str, *, timeout: float, connect: float) -> InProcess:
        return self

    async def __aenter__(self) -> InProcess:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Response:
        answer = await self._monday.post(body, {**headers, "Authorization": TOKEN})
        names = {name.lower(): value for name, value in answer.headers.items()}
        return Response(status=answer.status, headers=names, body=answer.body)


async def in_place(call: Callable[..., Result], *args: Any, **named: Any) -> Result:
    """Stands in for `asyncio.to_thread`: a thread would make time pass at random."""
    return call(*args, **named)


@dataclass(frozen=True)
class Lot:
    """Order lines, some of them changed since the first load."""

    lines: int
    #: Lines whose quantities are others than at first.
    changed: int = 0

    def write(self, file: Path) -> None:
        """The source as a CSV file."""
        header = ["NUMBER", "CUSTOMER NAME", "STYLE", "SEASON", *SIZES, "TOTAL QTY"]
        with file.open("w", newline="", encoding="utf-8") as opened:
            writer = csv.writer(opened)
            writer.writerow(header)
            writer.writerows(self.rows())

    def rows(self) -> Iterator[Sequence[Any]]:
        """Number, customer, style, season, a cell for each size, and the total."""
        return (self._row(number) for number in range(self.lines))

    def _row(self, number: int) -> Sequence[Any]:
        more = int(number < self.changed)
        # Four sizes, and each fourth line five: 4.25 of them a line.
        sizes = [100 + number % 50 + more] * (5 if number % 4 == 0 else 4)
        place = number % 100
        ends = zip(CUSTOMERS, ENDS, strict=True)
        customer = next(name for name, end in ends if place < end)
        cells = [*sizes, *[""] * (len(SIZES) - len(sizes))]
        return [f"L{number:06}", customer, "STYLE", "2026 SPRING", *cells, sum(sizes)]


def settings(folder: Path, plan: str, reserve: float = 0.0) -> Settings:
    """A small mapping; the other numbers of `[monday]` are the program's own defaults."""
    monday = {"token": TOKEN, "url": "http://127.0.0.1/v2", "plan": plan}
    return Settings.model_validate(
        {
            "source": SOURCE | {"file": str(folder / "orders.csv")},
            "ledger": {"url": f"sqlite:///{folder}/ledger.db"},
            "monday": monday | {"reserve_daily_calls": reserve},
            "board": [{"id": BOARD, "name": "Orders"}],
            "mapping": MAPPING,
            "customers": {name: [] for name in CUSTOMERS},
            "report": {"folder": str(folder / "reports")},
        }
    )


def board() -> dict[str, Any]:
    """The emulator's first state: one empty board."""
    named = {"text_1": "STYLE", "num_1": "ORDER QTY", "key_1": "LINE KEY"}
    kinds = {"text_1": "text", "num_1": "numbers", "key_1": "text"}
    columns = [{"id": i, "title": title, "type": kinds[i]} for i, title in named.items()]
    below = {"id": "subitems", "title": "Subitems", "type": "subtasks"}
    sizes = {"id": "size_1", "title": "Size", "type": "dropdown"}
    return {
        "users": [{"id": "100", "name": "Ours", "token": TOKEN}],
        "boards": [
            {
                "id": BOARD,
                "name": "Orders",
                "columns": [*columns, below | {"settings": {"boardIds": [SUBITEMS]}}],
                "subitems_board": SUBITEMS,
            },
            {
                "id": SUBITEMS,
                "name": "Subitems of Orders",
                "columns": [sizes, {"id": "qty_1", "title": "Order Qty", "type": "numbers"}],
            },
        ],
    }


class Emulated:
    """One account, one ledger, one source, and the virtual time that they share."""

    def __init__(self, folder: Path, plan: str, reserve: float = 0.0, **limits: Any) -> None:
        """`reserve` is the share of the day's calls that is left for others."""
        self.folder = folder
        self.settings = settings(folder, plan, reserve)
        self.clock = VirtualClock()
        chosen = {"plan": plan, **limits}
        self.monday = Monday(board(), settings=chosen, clock=self.clock, source=random.Random(7))
        self.ledger = Ledger(self.settings.ledger_url, clock=self.clock.now)
        if not self.ledger.path.exists():
            self.ledger.deploy()

    def limit(self, **limits: Any) -> None:
        """Other limits from now on, with nothing used of them."""
        state = self.monday.save()
        state["settings"] = {"plan": self.settings.monday.plan}
        self.monday.load(state, limits)

    async def plan(self, lot: Lot) -> Any:
        """What `plan` says of these lines."""
        lot.write(self.folder / "orders.csv")
        return (await pipeline.plan(self.settings, Filters(), force=True)).estimate

    async def apply(self, lot: Lot) -> Any:
        """One run, as `apply` makes it; a run that ends with an error is an error here."""
        lot.write(self.folder / "orders.csv")
        return await pipeline.apply(self.settings, Filters(), force=True)

    async def next_day(self) -> None:
        """Sleep until 00:00 UTC."""
        now = self.clock.now()
        await self.clock.sleep((now // DAY + 1) * DAY - now)

    @contextmanager
    def seams(self) -> Iterator[None]:
        """The program with virtual time, this ledger and this account in place of real ones."""

        @contextmanager
        def deployed(_url: str) -> Iterator[Ledger]:
            yield self.ledger

        with ExitStack() as stack:
            stack.enter_context(patch.object(asyncio, "to_thread", in_place))
            stack.enter_context(patch.object(pipeline, "deployed", deployed))
            stack.enter_context(patch.object(session, "HTTPTransport", InProcess(self.monday)))
            stack.enter_context(
                patch.object(governor, "time", SimpleNamespace(time=self.clock.now))
            )
            stack.callback(self.ledger.close)
            yield


def virtually(work: Coroutine[Any, Any, Result]) -> Result:
    """What the work comes to on a loop whose time passes only when everybody waits."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        with asyncio.Runner(loop_factory=looptime.new_event_loop) as runner:
            return runner.run(work)
    finally:
        structlog.configure(**before)

"""One history: a seed becomes source, changes, trouble, runs, and in the end a judgement."""

from __future__ import annotations

import asyncio
import contextvars
import random
import shutil
import sqlite3
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import looptime
import pyarrow as pa
from sqlalchemy import event
from trouble import Crash, Process, Wire, faults, on_statement, people, to_thread
from world import BOARD, OURS, SIZES, Order, Source, board, settings

from customer_orders import pipeline
from customer_orders.emulator import Monday
from customer_orders.ledger import Ledger
from customer_orders.model import Unchanged
from customer_orders.monday import Client, Governor, Session
from customer_orders.monday.session import board_api
from customer_orders.plan import Filters
from customer_orders.report import Run
from customer_orders.source import OrderRows

Json = dict[str, Any]
EPOCH = 1_800_000_000.0
CRASH_RATE = 0.004
#: Longer than any call and the lag of the index, so that a lost ledger finds all that was made.
QUIET = 400.0


class VirtualClock:
    """The loop's own time, as seconds since 1970."""

    def now(self) -> float:
        return EPOCH + asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass
class Verdict:
    """What a history came to."""

    seed: int
    runs: int = 0
    crashes: int = 0
    takeovers: int = 0
    trouble: Counter[str] = field(default_factory=Counter)
    #: What is wrong in the end; empty when all is well.
    faults: list[str] = field(default_factory=list)


class History:
    """The world of one seed."""

    def __init__(self, seed: int, folder: Path, template: Path) -> None:
        self.rng = random.Random(seed)
        self.verdict = Verdict(seed)
        self.folder = folder
        self.ledger = folder / "ledger.db"
        shutil.copy(template, self.ledger)
        self.template = template
        self.settings = settings(str(folder))
        self.source = Source(self.rng)
        self.clock = VirtualClock()

    async def play(self) -> Verdict:
        """Three days or more of trouble, then calm until nothing is left to do, then judge."""
        self.monday = Monday(
            board(),
            settings={
                "latency_per_request": 0.1,
                "latency_per_mutation": 0.3,
                "index_lag_seconds": 30,
            },
            clock=self.clock,
            source=random.Random(self.rng.random()),
        )
        for day in range(self.rng.randint(3, 4)):
            if day:
                self.source.change()
            await self._day()
        await self._calm()
        self.verdict.faults += list(self._judge())
        return self.verdict

    async def _day(self) -> None:
        before = self.folder / "before.db"
        copy_ledger(self.ledger, before)
        faults(self.monday, self.rng, self.verdict.trouble)
        if self.rng.random() < 0.2:
            await self._takeover()
        else:
            await self._run(CRASH_RATE)
        if self.rng.random() < 0.3:
            await people(self.monday, self.rng, self.verdict.trouble)
        await asyncio.sleep(self.rng.choice((1.0, 100.0, QUIET)))
        if self.rng.random() < 0.1:
            await self._lose_ledger(before)

    async def _lose_ledger(self, before: Path) -> None:
        """The ledger is gone, or the one from before the last run is back.

        An old ledger gets a run before the source changes again: a size that was made after it
        and is no longer ordered then is known to nobody but `verify`.
        """
        await asyncio.sleep(QUIET)
        restored = self.rng.random() < 0.5
        self.verdict.trouble["ledger_restored" if restored else "ledger_deleted"] += 1
        replace_ledger(self.ledger, before if restored else self.template)
        if restored:
            await self._run(0.0)

    async def _calm(self) -> None:
        self.monday.faults.clear()
        for _ in range(8):
            await asyncio.sleep(QUIET)
            run = await self._run(0.0)
            if run and not run.error and not run.mutations and not run.items.get("pending"):
                return
        self.verdict.faults.append("never converged")

    async def _run(self, crash_rate: float) -> Run | None:
        process = Process(random.Random(self.rng.random()), crash_rate)
        return await self._end(self._start(process), process)

    def _start(self, process: Process) -> asyncio.Task[Run]:
        self.verdict.runs += 1
        context = contextvars.copy_context()
        context.run(Process.current.set, process)
        context.run(CURRENT.set, (self, process))
        coroutine = pipeline.apply(self.settings, Filters())
        return asyncio.create_task(coroutine, context=context)

    async def _end(self, task: asyncio.Task[Run], process: Process) -> Run | None:
        try:
            run = await task
        except Crash:
            self.verdict.crashes += 1
            await self._bury()
            return None
        finally:
            process.dead = True
        self._count(run)
        return run

    async def _bury(self) -> None:
        """What the dead process left waiting ends; what monday had begun goes on."""
        mine = asyncio.all_tasks() - self.monday._running - {asyncio.current_task()}
        for task in mine:
            task.cancel()
        await asyncio.gather(*mine, return_exceptions=True)

    async def _takeover(self) -> None:
        """A process is paused beyond its lock, another takes over, and the first wakes up."""
        self.verdict.takeovers += 1
        first = Process(random.Random(self.rng.random()), 0.0)
        task = self._start(first)
        await asyncio.sleep(self.rng.uniform(0.1, 20))
        first.running.clear()
        await asyncio.sleep(self.settings.time.lock_stale + 5)
        await self._run(0.0)
        first.running.set()
        await self._end(task, first)

    def _count(self, run: Run) -> None:
        """Invariant 3: a run that reached its end counted every line of the source once."""
        counted = sum(run.items.values())
        if not run.error and counted != len(self.source.orders):
            self.verdict.faults.append(f"{counted} of {len(self.source.orders)} lines counted")
        if run.items.get("failed"):
            self.verdict.faults.append(f"failed lines: {run.failures}")

    def _judge(self) -> Iterator[str]:
        """Board and snapshot against source (design.md, invariants 1, 2, 6 and 9)."""
        board_items, board_subitems = self.monday.save()["boards"]
        by_key = _grouped(board_items["items"], lambda item: item["values"].get("key_1"))
        sizes = _grouped(board_subitems["items"], lambda subitem: subitem["parent"])
        types, names = _labels(board_items, "drop_1"), _labels(board_subitems, "size_1")
        known = _known(self.ledger)
        for order in self.source.orders.values():
            copies = by_key.pop(order.uuid, [])
            if len(copies) != 1:
                yield f"{order.number}: {len(copies)} items"
                continue
            yield from _judge_item(order, copies[0], types)
            yield from _judge_sizes(order, sizes.get(copies[0]["id"], []), names)
            if known.pop(order.uuid, None) != order.row_hash:
                yield f"{order.number}: the snapshot does not say that it was delivered"
        yield from (f"item of no line: {key}" for key in by_key if key)
        yield from (f"snapshot of no line: {uuid}" for uuid in known)


def _judge_item(order: Order, item: Json, types: Mapping[int, str]) -> Iterator[str]:
    shown = {"name": item["name"]} | item["values"]
    shown["drop_1"] = types[shown["drop_1"][0]]
    for column, value in order.shown().items():
        if shown.get(column) != value:
            yield f"{order.number}: {column} is {shown.get(column)}, not {value}"


def _judge_sizes(order: Order, subitems: list[Json], names: Mapping[int, str]) -> Iterator[str]:
    shown: dict[str, str] = {}
    for subitem in subitems:
        size = names[subitem["values"]["size_1"][0]]
        if size in shown:
            yield f"{order.number}: size {size} stands twice"
        shown[size] = subitem["values"]["qty_1"]
    wanted = {size: str(pieces) for size, pieces in order.shown_sizes().items()}
    for size in sorted(shown.keys() | wanted.keys()):
        if shown.get(size, "none") != wanted.get(size, "0"):
            yield f"{order.number}: size {size} is {shown.get(size)}, not {wanted.get(size, '0')}"


def _grouped(rows: list[Json], key: Callable[[Json], Any]) -> dict[Any, list[Json]]:
    """The active rows by a key."""
    groups: defaultdict[Any, list[Json]] = defaultdict(list)
    for row in rows:
        if row.get("state", "active") == "active":
            groups[key(row)].append(row)
    return dict(groups)


def _labels(board_of: Json, column_id: str) -> dict[int, str]:
    column = next(c for c in board_of["columns"] if c["id"] == column_id)
    return {label["id"]: label["label"] for label in column["settings"].get("labels", ())}


def _known(ledger: Path) -> dict[str, str | None]:
    with closing(sqlite3.connect(ledger)) as connection:
        query = "select record_uuid, row_hash from orders_unified_snapshot"
        return dict(connection.execute(query).fetchall())


def copy_ledger(ledger: Path, copy: Path) -> None:
    """A whole copy, with what is still in the write-ahead log."""
    with closing(sqlite3.connect(ledger)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    shutil.copy(ledger, copy)


def replace_ledger(ledger: Path, kept: Path) -> None:
    """Put another ledger in its place."""
    for beside in ledger.parent.glob("ledger.db-*"):
        beside.unlink()
    shutil.copy(kept, ledger)


CURRENT: contextvars.ContextVar[tuple[History, Process]] = contextvars.ContextVar("current")


@contextmanager
def _deployed(url: str) -> Iterator[Ledger]:
    history, _ = CURRENT.get()
    ledger = Ledger(url, clock=history.clock.now)
    event.listen(ledger._engine, "before_cursor_execute", on_statement)
    try:
        yield ledger
    finally:
        ledger.close()


@asynccontextmanager
async def _connect(configured: Any) -> AsyncIterator[Session]:
    history, process = CURRENT.get()
    wire = Wire(history.monday, OURS, process, history.verdict.trouble)
    client = Client(wire, Governor("enterprise"), version="2026-10")
    api = board_api(configured, client)
    boards = {BOARD: await api.board(BOARD)}
    yield Session(client=client, api=api, user=await api.me(), boards=boards)


def _read(*_: Any) -> OrderRows:
    return OrderRows(table=pa.table({}), sizes=SIZES)


def _detect(_rows: Any, known: pa.Table, _columns: Any, version: str, **_: Any) -> Any:
    history, _ = CURRENT.get()
    columns = ("record_uuid", "row_hash", "mapping_version")
    rows = zip(*(known[name].to_pylist() for name in columns), strict=True)
    by_uuid = {uuid: (row_hash, at) for uuid, row_hash, at in rows}
    lines = list(history.source.lines(by_uuid, version))
    return SimpleNamespace(
        rows=len(history.source.orders),
        dropped=0,
        rows_by_customer=Counter(o.customer for o in history.source.orders.values()),
        unchanged=[
            Unchanged(customer=order.customer, po=None, season=None, lines=1, subitems=0)
            for order in history.source.orders.values()
            if order.uuid not in {line.record_uuid for line in lines}
        ],
        known=[line.record_uuid for line in lines if line.record_uuid in by_uuid],
        missing=[],
        lines=lambda: iter(lines),
        held=lambda: iter(()),
    )


@contextmanager
def simulated() -> Iterator[None]:
    """Put the simulation's seams in place: threads, connection, ledger clock, source, detection."""
    seams = [
        (asyncio, "to_thread", to_thread),
        (pipeline, "deployed", _deployed),
        (pipeline, "connect", _connect),
        (pipeline.source, "read", _read),
        (pipeline, "detect", _detect),
    ]
    real = [(owner, name, getattr(owner, name)) for owner, name, _ in seams]
    for owner, name, seam in seams:
        setattr(owner, name, seam)
    try:
        yield
    finally:
        for owner, name, value in real:
            setattr(owner, name, value)


def play(seed: int, folder: Path, template: Path) -> Verdict:
    """Play the history of one seed in virtual time."""
    with simulated(), asyncio.Runner(loop_factory=looptime.new_event_loop) as runner:
        runner.get_loop().set_exception_handler(lambda *_: None)
        return runner.run(History(seed, folder, template).play())

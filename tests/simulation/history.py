"""One history: a script is played in virtual time, with the real pipeline, and judged."""

from __future__ import annotations

import asyncio
import contextvars
import random
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import looptime
import pyarrow as pa
from judge import Books, Fault, Judge
from planner import Planner
from points import watched
from script import LONGEST_PAUSE, Day, Script
from stage import BEFORE, EMPTY, Stage
from trouble import Crash, Places, Process, Wire, to_thread
from world import BOARD, OURS, RECHECK, SIZES, Source, board, settings

from customer_orders import draft, pipeline
from customer_orders.delivery import Stop
from customer_orders.emulator import Monday
from customer_orders.ledger import Ledger, runs
from customer_orders.model import Unchanged
from customer_orders.monday import Client, Copies, Governor, Session
from customer_orders.monday.session import board_api
from customer_orders.plan import Filters
from customer_orders.report import Run, closing
from customer_orders.source import OrderRows

EPOCH = 1_800_000_000.0
#: Longer than any call and the lag of the index, so that a lost ledger finds all that was made.
QUIET = 400.0
#: Complete reads after which a line that is gone is archived, where that is drawn.
LINE_GONE_AFTER = 2
#: Runs within which a quiet history must come to rest.
PATIENCE = 8


class VirtualClock:
    """The loop's own time, as seconds since 1970."""

    def now(self) -> float:
        return EPOCH + asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass
class Verdict:
    """What a history came to."""

    script: Script
    runs: int = 0
    crashes: int = 0
    takeovers: int = 0
    trouble: Counter[str] = field(default_factory=Counter)
    #: Most duplicates at the end of any day.
    peak: int = 0
    #: Lines that stand refused in the end, and what was archived by hand.
    refused: int = 0
    places: Places = field(default_factory=Places)
    #: What is wrong in the end; empty when all is well.
    faults: list[Fault] = field(default_factory=list)


class History:
    """The world of one script."""

    def __init__(self, script: Script, stage: Stage, aim: str | None) -> None:
        self.script = script
        self.stage = stage
        self.verdict = Verdict(script, places=Places(aim=aim))
        rules = {"size_gone": script.size_gone, "line_gone": script.line_gone}
        self.settings = settings(
            str(stage.folder), script.aliases, **rules, line_gone_after=LINE_GONE_AFTER
        )
        self.source = Source(random.Random(script.seed), script.lines)
        self.clock = VirtualClock()
        self.ids = random.Random(script.seed)
        stage.restore(EMPTY)
        stage.ledger.clock = self.clock.now

    async def play(self) -> Verdict:
        """Days of trouble, then calm until nothing is left to do, then judge; repair, and judge."""
        self.monday = self._monday()
        self.planner = Planner(self.monday, self.verdict.trouble)
        for day in self.script.days:
            await self._day(day)
            self.source.change()
        await self.planner.mend_labels()
        await self._calm(Filters())
        judge = self._judge()
        self.verdict.faults += judge.faults(self.source)
        self.verdict.refused = len(judge.books.refused)
        await self._calm(Filters(repair=True))
        self.verdict.faults += self._judge(repaired=True).faults(self.source)
        return self.verdict

    def _monday(self) -> Monday:
        chosen = {
            "latency_per_request": 0.1,
            "latency_per_mutation": 0.3,
            "index_lag_seconds": 30,
            "idempotency_budget_bytes": self.script.remembers,
            "idempotency_caches_errors": self.script.remembers_errors,
        }
        monday = Monday(
            board(), settings=chosen, clock=self.clock, source=random.Random(self.script.seed)
        )
        if self.stage.monday is not None:
            monday.documents = self.stage.monday.documents
        self.stage.monday = monday
        return monday

    async def _day(self, day: Day) -> None:
        rng = random.Random(day.seed)
        self.stage.keep(BEFORE)
        for name, rule in day.faults:
            self.verdict.trouble[name] += 1
            self.monday.faults.add(rule)
        if day.pause_after is None:
            await self._run(rng, day)
        else:
            await self._takeover(rng, day)
        self.monday.faults.clear()
        for act in day.people:
            await self.planner.act(act, rng)
        await asyncio.sleep(day.rest)
        standing = len(list(self._judge().duplicates(self.source.orders.values())))
        self.verdict.peak = max(self.verdict.peak, standing)
        if day.ledger != "kept":
            await self._lose_ledger(day)

    async def _lose_ledger(self, day: Day) -> None:
        """The ledger is gone, or the one from before the last run is back.

        Nothing is under way then: what comes late is unknown to another ledger. An old ledger
        gets its runs, with every label, before the source changes again: a size that was made
        after it and is no longer ordered then, an item that was archived after it, and a cell that
        was changed and is changed back, are known to `verify` alone.
        """
        await self.planner.mend_labels()
        await asyncio.sleep(RECHECK)
        await self._survive(day)
        await asyncio.sleep(QUIET)
        self.verdict.trouble[f"ledger_{day.ledger}"] += 1
        self.stage.restore(BEFORE if day.ledger == "restored" else EMPTY)
        for _ in range(LINE_GONE_AFTER):
            await self._survive(day)

    async def _survive(self, day: Day) -> None:
        """A run without trouble; once more when it died at the crash point that was aimed at."""
        if await self._run(random.Random(day.seed), None) is None:
            await asyncio.sleep(QUIET)  # its lock has to grow stale
            await self._run(random.Random(day.seed), None)

    async def _calm(self, filters: Filters) -> None:
        """Without trouble, past the re-check time: soon nothing is left to do."""
        await asyncio.sleep(QUIET)
        await self._run(random.Random(0), None, filters)
        await asyncio.sleep(RECHECK)
        for _ in range(PATIENCE):
            run = await self._run(random.Random(0), None, filters)
            await asyncio.sleep(QUIET)
            if run and not run.error and not run.traffic.mutations and not run.items.get("pending"):
                return
        self.verdict.faults.append(Fault("unconverged", f"after {PATIENCE} quiet runs"))

    async def _run(
        self, rng: random.Random, day: Day | None, filters: Filters | None = None
    ) -> Run | None:
        process = self._process(rng, day)
        return await self._end(self._start(process, filters), process)

    def _process(self, rng: random.Random, day: Day | None) -> Process:
        rates = (day.crash_rate, day.loss) if day else (0.0, 0.0)
        return Process(random.Random(rng.random()), self.verdict.places, *rates)

    def _start(self, process: Process, filters: Filters | None = None) -> asyncio.Task[Run]:
        self.verdict.runs += 1
        context = contextvars.copy_context()
        context.run(Process.current.set, process)
        context.run(CURRENT.set, (self, process))
        coroutine = pipeline.apply(self.settings, filters or Filters())
        return asyncio.create_task(coroutine, context=context)

    async def _end(self, task: asyncio.Task[Run], process: Process) -> Run | None:
        try:
            run = await task
        except Crash:
            self.verdict.crashes += 1
            await self._bury(process)
            return None
        except Exception as exc:
            # A run ends with its error; anything else is a fault of the program.
            self.verdict.faults.append(Fault("wrong", f"{type(exc).__name__}: {exc}"))
            return None
        finally:
            process.dead = True
        self._count(run)
        return run

    async def _bury(self, process: Process) -> None:
        """What the dead process left waiting ends; what monday had begun goes on."""
        mine = process.tasks - self.monday._running
        for task in mine:
            task.cancel()
        await asyncio.gather(*mine, return_exceptions=True)

    async def _takeover(self, rng: random.Random, day: Day) -> None:
        """A process stands still beyond its lock, another takes over, and the first wakes up."""
        self.verdict.takeovers += 1
        first, second = self._process(rng, day), self._process(rng, None)
        task = self._start(first)
        first.pause_before = day.pause_before
        await asyncio.sleep(LONGEST_PAUSE if day.pause_before else day.pause_after or 0.0)
        first.awake.clear()
        await asyncio.sleep(self.settings.time.lock_stale + 5)
        other = self._start(second)
        await asyncio.sleep(day.wakes_after)
        first.pause_before = None
        first.awake.set()
        await self._end(other, second)
        await self._end(task, first)

    def _count(self, run: Run) -> None:
        """Invariant 3: a run that reached its end counted every line of the source once."""
        counted = sum(run.items.values())
        if not run.error and counted != len(self.source.orders):
            text = f"{counted} of {len(self.source.orders)} lines counted"
            self.verdict.faults.append(Fault("wrong", text))

    def _judge(self, *, repaired: bool = False) -> Judge:
        books = Books.read(self.stage.ledger)
        line_gone = self.script.line_gone == "archive"
        state = self.monday.save()
        return Judge(state, books, self.planner, line_gone=line_gone, repaired=repaired)


CURRENT: contextvars.ContextVar[tuple[History, Process]] = contextvars.ContextVar("current")


@contextmanager
def _deployed(_url: str) -> Iterator[Ledger]:
    history, _ = CURRENT.get()
    yield history.stage.ledger


@asynccontextmanager
async def _connect(configured: Any) -> AsyncIterator[Session]:
    history, process = CURRENT.get()
    wire = Wire(history.monday, OURS, process, history.verdict.trouble)
    client = Client(wire, Governor("enterprise"), version="2026-10")
    api = board_api(configured, client)
    boards = {BOARD: await api.board(BOARD)}
    copies = Copies(client)
    user, account = await api.me()
    yield Session(client=client, api=api, copies=copies, user=user, account=account, boards=boards)


@asynccontextmanager
async def _stopping() -> AsyncIterator[Stop]:
    """Nobody sends signals; two processes in one would leave their handlers behind."""
    yield Stop()


def _read(*_: Any) -> OrderRows:
    return OrderRows(table=pa.table({}), sizes=SIZES, scope="all of it")


def _detect(_rows: Any, known: pa.Table, _columns: Any, version: str, *, every_line: bool) -> Any:
    history, _ = CURRENT.get()
    columns = ("record_uuid", "row_hash", "mapping_version", "review")
    rows = zip(*(known[name].to_pylist() for name in columns), strict=True)
    by_uuid = {uuid: (None if again else row_hash, at) for uuid, row_hash, at, again in rows}
    lines = list(history.source.detected(by_uuid, version, every_line=every_line))
    looked_at = {line.record_uuid for line in lines}
    orders = history.source.orders.values()
    return SimpleNamespace(
        rows=len(orders),
        dropped=0,
        rows_by_customer=Counter(o.customer for o in orders),
        unchanged=[
            Unchanged(customer=order.customer, po=None, season=None, lines=1, subitems=0)
            for order in orders
            if order.uuid not in looked_at
        ],
        known=[line.record_uuid for line in lines if line.record_uuid in by_uuid],
        missing=sorted(by_uuid.keys() - {order.uuid for order in orders}),
        lines=lambda: iter(lines),
        held=lambda: iter(()),
    )


def _uuid4() -> uuid.UUID:
    history, _ = CURRENT.get()
    return uuid.UUID(int=history.ids.getrandbits(128), version=4)


def _token_hex(size: int) -> str:
    history, _ = CURRENT.get()
    return history.ids.randbytes(size).hex()


@contextmanager
def simulated() -> Iterator[None]:
    """Put the simulation's seams in place: threads, connection, ledger, source, detection, ids."""
    seams = [
        (asyncio, "to_thread", to_thread),
        (pipeline, "deployed", _deployed),
        (pipeline, "connect", _connect),
        (pipeline, "stopping", _stopping),
        (draft.source, "read", _read),
        (draft, "detect", _detect),
        (uuid, "uuid4", _uuid4),
        (runs.secrets, "token_hex", _token_hex),
        # Files of reports are tested elsewhere, and take a sixth of the time.
        (closing, "write", lambda *_: None),
    ]
    real = [(owner, name, getattr(owner, name)) for owner, name, _ in seams]
    for owner, name, seam in seams:
        setattr(owner, name, seam)
    try:
        yield
    finally:
        for owner, name, value in real:
            setattr(owner, name, value)


def _loop() -> asyncio.AbstractEventLoop:
    loop: asyncio.AbstractEventLoop = looptime.new_event_loop()
    loop.set_task_factory(watched(Process.current))
    loop.set_exception_handler(lambda *_: None)
    return loop


def play(script: Script, stage: Stage, aim: str | None = None) -> Verdict:
    """Play a script; `aim` names a crash point where the first process that passes it dies."""
    with simulated(), asyncio.Runner(loop_factory=_loop) as runner:
        return runner.run(History(script, stage, aim).play())

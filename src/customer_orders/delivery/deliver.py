"""Sends what is ready, several requests at a time, and records what became of each operation.

What is certain is recorded at once. What is not known stays `sending`, and is settled by evidence
before anything else is sent for its line: a replay that monday marks as cached, or a look at the
board. docs/delivery.md tells why.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import structlog

from customer_orders.config import Settings
from customer_orders.delivery.courier import Courier
from customer_orders.delivery.queue import PAGE, Queue
from customer_orders.delivery.recheck import Recheck
from customer_orders.delivery.settle import Settling
from customer_orders.delivery.stop import Stop
from customer_orders.errors import (
    CustomerOrdersError,
    Forbidden,
    MondayError,
    NoAnswer,
    RequestRefused,
    Throttled,
    Unreachable,
)
from customer_orders.ledger import Ledger, claiming, knowledge, rechecks
from customer_orders.ledger.claiming import Request
from customer_orders.ledger.locks import Lock
from customer_orders.ledger.recording import Tally
from customer_orders.ledger.results import Claimed, Reopen, Result
from customer_orders.monday import (
    LONGEST_WAIT,
    Answer,
    Reservation,
    Session,
)

#: Longest pause between attempts to reach monday, in seconds.
LONGEST_PAUSE = 30.0

log = structlog.get_logger()


class Watcher(Protocol):
    """Whoever wants to know how far delivery is."""

    def moved(self, tally: Tally) -> None:
        """Some operations are finished, or open again."""
        ...


class Delivery:
    """The work of one run on one board whose lock is held."""

    def __init__(
        self,
        ledger: Ledger,
        session: Session,
        held: Lock,
        settings: Settings,
        stop: Stop,
        watcher: Watcher | None = None,
    ) -> None:
        self._stop = stop
        self._courier = Courier(ledger, session, held, settings, self._stop)
        self._courier.recorded = self._recorded
        self._settling = Settling(self._courier)
        self._governor = session.client.governor
        self._watcher = watcher
        self._queue = Queue()
        #: Lines whose row hash was cleared by this run.
        self._doubted: set[str] = set()

    async def catch_up(self, *, sends: bool = True) -> int:
        """Settle what earlier runs left unknown, and look again at what ever was.

        Where nothing may be sent, it is settled by a look alone, and copies stay for now. Returns
        how many operations were unknown. Raises the error that made it impossible.
        """
        settled = await self._settling.settle(replays=sends)
        if sends:
            await self._recheck()
        return settled

    async def deliver(self, run_id: str) -> None:
        """Send until nothing of the run is ready and nothing is unknown.

        Raises the error that ended the run early; everything known by then is recorded.
        """
        courier = self._courier
        links, lines = await asyncio.to_thread(
            claiming.take_over_links, courier.ledger, courier.held, run_id
        )
        self._tell(Tally(delivered=links, lines=lines))
        while True:
            self._queue = Queue()
            await self._send_ready(run_id)
            self._stop.check()
            self._queue = Queue()
            if not await self._settling.settle():
                break
        await self._recheck()

    async def _recheck(self) -> None:
        """Look at the targets that were ever unknown, until their re-check time has passed."""
        courier, now = self._courier, self._courier.ledger.clock()
        board = courier.board.id
        doubted = await asyncio.to_thread(rechecks.doubted, courier.ledger, board)
        if not doubted:
            return
        lines = sorted({d.operation.record_uuid for d in doubted if d.operation.record_uuid})
        delivered = await asyncio.to_thread(knowledge.delivered_items, courier.ledger, lines)
        recheck = Recheck(courier.session, courier.settings, board, self._stop)
        seen = await recheck.look(doubted, delivered)
        log.info("looked again", operations=len(doubted), late=len(seen.stale))
        await asyncio.to_thread(
            rechecks.rechecked,
            courier.ledger,
            courier.held,
            doubted,
            now,
            seen.stale,
            seen.findings,
        )

    async def _send_ready(self, run_id: str) -> None:
        """Keep the allowed number of requests under way until nothing more is ready."""
        under_way: set[asyncio.Task[None]] = set()
        pace = self._courier.pace
        try:
            while True:
                while not self._stop.reason and len(under_way) < pace.lanes:
                    task = await self._start(run_id, alone=not under_way)
                    if task is None:
                        break
                    under_way.add(task)
                if not under_way:
                    return
                done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _start(self, run_id: str, *, alone: bool) -> asyncio.Task[None] | None:
        """Claim the next request and send it; None when there is none, or the run is to stop.

        The budget comes first, so that a claimed request leaves at once.
        """
        chosen = await self._next(run_id, alone=alone)
        if not chosen:
            return None
        try:
            price = self._courier.price(chosen[0])
            reserving = self._governor.reserve(price, len(chosen), writes=True)
            reservation = await self._stop.unless(reserving)
        except CustomerOrdersError as exc:
            self._stop.ask(exc)
            return None
        try:
            self._stop.check()
            self._queue.put_back(chosen[reservation.count :])
            request = await self._claim(chosen[: reservation.count])
        except CustomerOrdersError as exc:
            await reservation.release()
            self._stop.ask(exc)
            return None
        return asyncio.create_task(self._send(request, reservation))

    async def _next(self, run_id: str, *, alone: bool) -> list[Claimed]:
        """The operations of the next request.

        While others are under way, a part-filled request waits for what they make ready.
        """
        queue, most = self._queue, self._courier.pace.size
        while queue.hungry and not queue.full(most):
            args = (self._courier.ledger, self._courier.board.id, run_id, queue.last, PAGE)
            queue.add(await asyncio.to_thread(claiming.page, *args))
        return queue.take(most) if alone or queue.full(most) else []

    async def _claim(self, chosen: Sequence[Claimed]) -> Request:
        courier = self._courier
        lines = set(claiming.lines_of(chosen))
        request = await asyncio.to_thread(
            claiming.take,
            courier.ledger,
            courier.held,
            chosen,
            user=courier.session.user,
            compose=courier.compose,
            doubted=lines <= self._doubted,
        )
        self._doubted |= lines
        return request

    async def _send(self, request: Request, reservation: Reservation) -> None:
        """Send a request and record what became of it; a failure of either ends the run."""
        try:
            async with reservation:
                lost = await self._exchange(request, reservation)
            if lost and not self._stop.reason and self._settling.may_replay(request):
                await self._settling.replay(request)
        except CustomerOrdersError as exc:
            self._stop.ask(exc)

    async def _exchange(self, request: Request, held: Reservation) -> bool:
        """Returns whether the answer was lost, so that a replay may tell."""
        courier = self._courier
        try:
            answer = await courier.send(request, held)
        except NoAnswer as exc:
            await courier.unknown(request, exc.message, exc.status)
            self._queue.recorded(request.operations, {}, Tally())
            courier.achieved_nothing(exc)
            return exc.status is None
        except MondayError as exc:
            await self._nothing_done(request, exc)
        else:
            await self._answered(request, answer)
        return False

    async def _answered(self, request: Request, answer: Answer) -> None:
        courier = self._courier
        results = courier.results(request, answer)
        await courier.record(request, results, {"document": request.operations[0].operation.action})
        left = tuple(c for c in request.operations if c.id not in results)
        if left:
            rest = replace(request, operations=left)
            await courier.unknown(rest, "the answer does not say", answer.status)
        if not courier.judge(request, results):
            courier.achieved_nothing(NoAnswer("monday answers, and carries nothing out"))

    async def _nothing_done(self, request: Request, exc: MondayError) -> None:
        """The request as a whole was not carried out: open it again, smaller, later or never."""
        log.warning("request not carried out", request=request.id, code=exc.code, why=exc.message)
        courier = self._courier
        results: dict[int, Result] = {c.id: Reopen(reason=exc.message) for c in request.operations}
        match exc:
            case Throttled(retry_in=wait) if wait <= LONGEST_WAIT:
                pass  # the governor waits
            case Unreachable():
                self._governor.pause(min(2.0**courier.fruitless, LONGEST_PAUSE))
            case RequestRefused() | Forbidden() if less := courier.narrowed(request, exc):
                results = less
            case _:
                self._stop.ask(exc)
        await courier.record(request, results, {"code": exc.code, "error": exc.message})
        courier.achieved_nothing(exc)

    def _recorded(self, request: Request, results: Mapping[int, Result], tally: Tally) -> None:
        self._queue.recorded(request.operations, results, tally)
        self._tell(tally)

    def _tell(self, tally: Tally) -> None:
        if self._watcher:
            self._watcher.moved(tally)

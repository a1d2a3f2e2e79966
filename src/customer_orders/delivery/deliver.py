"""Sends what is ready, several requests at a time, and records what became of each operation.

What an answer means is decided in one place, `_results`: done, refused, certainly not done, or not
known. What is not known stays `sending` and is settled by looking (settle.py) before anything else
is sent for its line.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog

from customer_orders.config import Settings
from customer_orders.delivery.settle import look_up
from customer_orders.errors import (
    CustomerOrdersError,
    MondayError,
    NoAnswer,
    RequestRefused,
    Throttled,
    Unauthorized,
    Unreachable,
)
from customer_orders.ledger import Ledger, sending
from customer_orders.ledger.locks import Lock
from customer_orders.ledger.results import Claimed, Done, Refusal, Reopen, Result
from customer_orders.ledger.sending import Request, Tally
from customer_orders.monday import (
    LONGEST_WAIT,
    AliasError,
    Answer,
    Category,
    Mutation,
    Reservation,
    Session,
    mutation,
)
from customer_orders.plan import MUTATION_COST

#: Requests in a row that achieved nothing before the run gives up; what is open stays open.
FRUITLESS = 20
#: Look-ups in a row that found nothing done before the run gives up.
IN_VAIN = 5
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
        watcher: Watcher | None = None,
    ) -> None:
        self._ledger = ledger
        self._client = session.client
        self._api = session.api
        self._user = session.user
        self._board = session.boards[held.board]
        self._held = held
        self._settings = settings
        self._watcher = watcher
        self._most = settings.monday.aliases
        self._fruitless = 0
        self._in_vain = 0
        #: The failure that ends the run, once what is under way has been recorded.
        self._stop: CustomerOrdersError | None = None
        self._stopping = asyncio.Event()

    async def deliver(self, run_id: str) -> None:
        """Send until nothing of the run is ready and nothing is unknown.

        Raises the error that ended the run early; everything known by then is recorded.
        """
        taken = await asyncio.to_thread(sending.take_over_links, self._ledger, self._held, run_id)
        self._tell(Tally(delivered=taken))
        while True:
            await self._send_ready(run_id)
            if self._stop:
                raise self._stop
            if not await self.settle():
                return
            if self._in_vain >= IN_VAIN:
                raise NoAnswer(
                    f"{IN_VAIN} times in a row nothing of what was sent was found done",
                    hint="what is open stays open; run it again when monday answers",
                )

    async def settle(self) -> int:
        """Look up every operation whose outcome is not known. Returns how many there were.

        Waits until the calls can no longer be running and the index has caught up (api.md 4).
        """
        unknown = await asyncio.to_thread(sending.unsettled, self._ledger, self._board.id)
        if not unknown:
            return 0
        lag = self._settings.time.index_lag
        due = max(self._over(request) for request in unknown) + lag
        wait = max(due - self._ledger.clock(), 0.0)
        log.info("settling", requests=len(unknown), wait_seconds=round(wait, 1))
        await asyncio.sleep(wait)
        self._in_vain += 1
        for request in unknown:
            results = await look_up(request, self._api, self._board, self._settings)
            await self._record(request, results, {"settled": "by look-up"})
            self._judge(request, results)
        return sum(len(request.operations) for request in unknown)

    def _over(self, request: Request) -> float:
        """When the call of a request can no longer be running."""
        time = self._settings.time
        left = request.last_send + time.send_within
        if request.unknown_since is not None:
            left = min(left, request.unknown_since)
        return max(left, self._held.taken_over) + time.call_cap

    async def _send_ready(self, run_id: str) -> None:
        """Keep the allowed number of requests under way until nothing more is ready."""
        under_way: set[asyncio.Task[None]] = set()
        try:
            while True:
                while not self._stop and len(under_way) < self._settings.monday.in_flight:
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

        While others are under way, a part-filled request waits for what they make ready.
        """
        # A request that is dearer than a whole minute would never be let through.
        affordable = self._client.governor.complexity_per_minute // MUTATION_COST
        most = max(min(self._most, affordable), 1)
        ready = await asyncio.to_thread(sending.ready, self._ledger, self._held, run_id, most)
        if ready < (1 if alone else most):
            return None
        reservation = await self._reserve(ready * MUTATION_COST)
        if reservation is None:
            return None
        request = None
        try:
            if not self._stop:
                request = await self._take(run_id, ready)
        except CustomerOrdersError as exc:
            self._end(exc)
        finally:
            reservation.resize(len(request.operations) * MUTATION_COST if request else 0)
            if request is None:
                await reservation.release()
        return asyncio.create_task(self._send(request, reservation)) if request else None

    async def _reserve(self, cost: float) -> Reservation | None:
        """A place in every budget; None when the run is to stop before there is one."""
        reserving = asyncio.create_task(self._client.governor.reserve(cost))
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({reserving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return reserving.result() if reserving.done() else None
        finally:
            reserving.cancel()
            stopping.cancel()

    async def _take(self, run_id: str, most: int) -> Request | None:
        return await asyncio.to_thread(
            sending.take,
            self._ledger,
            self._held,
            run_id,
            most=most,
            user=self._user,
            compose=self._compose,
        )

    def _mutations(self, claimed: Sequence[Claimed]) -> list[Mutation]:
        return [
            mutation(
                c.operation,
                self._board,
                group_id=c.group_id,
                item_id=c.item_id,
                subitem_id=c.subitem_id,
            )
            for c in claimed
        ]

    def _compose(self, claimed: Sequence[Claimed]) -> bytes:
        return self._client.compose(self._mutations(claimed), [c.alias for c in claimed])

    async def _send(self, request: Request, reservation: Reservation) -> None:
        """Send a request and record what became of it; a failure of either ends the run."""
        try:
            await self._exchange(request, reservation.cost)
        except CustomerOrdersError as exc:
            self._end(exc)
        finally:
            await reservation.release()

    async def _exchange(self, request: Request, cost: float) -> None:
        count = len(request.operations)
        within = self._settings.time.send_within
        if self._ledger.clock() - request.last_send > within:
            # We stood still: another process may have taken the board over and be settling this.
            why = f"not sent within {within:.0f} s of its claim"
            return await self._nothing_done(request, Unreachable(why))
        document = self._mutations(request.operations[:1])[0].document
        try:
            answer = await self._client.send(
                request.body, request.id, document=document, cost=cost, count=count
            )
        except NoAnswer as exc:
            log.warning("outcome not known", request=request.id, operations=count, why=exc.message)
            await self._unknown(request, exc.message)
            self._achieved_nothing(exc)
        except MondayError as exc:
            await self._nothing_done(request, exc)
        else:
            await self._answered(request, answer)

    async def _unknown(self, request: Request, reason: str) -> None:
        recheck = self._settings.time.recheck
        await asyncio.to_thread(
            sending.mark_unknown, self._ledger, self._held, request, reason, recheck
        )

    async def _nothing_done(self, request: Request, exc: MondayError) -> None:
        """The request as a whole was not carried out: open it again, smaller, later or never."""
        log.warning("request not carried out", request=request.id, code=exc.code, why=exc.message)
        results: dict[int, Result] = {c.id: Reopen(reason=exc.message) for c in request.operations}
        match exc:
            case Throttled(retry_in=wait) if wait <= LONGEST_WAIT:
                pass  # the governor waits
            case Unreachable():
                self._client.governor.pause(min(2.0**self._fruitless, LONGEST_PAUSE))
            case RequestRefused() if len(request.operations) > 1:
                # Halved until the operation that is to blame stands alone.
                self._most = max(len(request.operations) // 2, 1)
            case RequestRefused():
                results = {c.id: _refusal(exc.code, exc.message) for c in request.operations}
            case _:
                self._end(exc)
        await self._record(request, results, {"code": exc.code, "error": exc.message})
        self._achieved_nothing(exc)

    async def _answered(self, request: Request, answer: Answer) -> None:
        results = self._results(request, answer)
        await self._record(request, results, {"replayed": answer.replayed})
        if len(results) < len(request.operations):
            await self._unknown(request, "the answer does not say")
        self._judge(request, results)
        if not any(isinstance(result, Done | Refusal) for result in results.values()):
            self._achieved_nothing(NoAnswer("monday answers, and carries nothing out"))

    def _judge(self, request: Request, results: Mapping[int, Result]) -> None:
        """Larger requests again after one that got through, smaller ones after one in vain."""
        if any(isinstance(result, Done | Refusal) for result in results.values()):
            self._fruitless = self._in_vain = 0
            self._most = min(self._most * 2, self._settings.monday.aliases)
        else:
            self._most = max(len(request.operations) // 2, 1)

    def _achieved_nothing(self, exc: CustomerOrdersError) -> None:
        self._fruitless += 1
        if self._fruitless >= FRUITLESS:
            self._end(exc)

    def _end(self, exc: CustomerOrdersError) -> None:
        """Claim nothing more; what is under way is still recorded."""
        self._stop = self._stop or exc
        self._stopping.set()

    def _results(self, request: Request, answer: Answer) -> dict[int, Result]:
        """What each alias came to; an alias that is left out is not known."""
        results: dict[int, Result] = {}
        for claimed in request.operations:
            value = answer.data.get(claimed.alias)
            error = answer.errors.get(claimed.alias)
            if isinstance(value, Mapping) and value.get("id"):
                known = claimed.subitem_id or claimed.item_id
                monday_id = str(value["id"])
                results[claimed.id] = Done(monday_id=monday_id if _makes(claimed) else known or "")
            elif error is not None and (result := self._alias_result(error)):
                results[claimed.id] = result
        return results

    def _alias_result(self, error: AliasError) -> Result | None:
        match error.category:
            case Category.THROTTLE | Category.LOCK:
                wait = error.retry_in
                self._client.governor.pause(min(wait, LONGEST_WAIT))
                if wait > LONGEST_WAIT:
                    self._end(Throttled(error.message, code=error.code, retry_in=wait))
                return Reopen(reason=error.message)
            case Category.AUTH:
                self._end(
                    Unauthorized(
                        f"monday does not let this token write: {error.message}",
                        code=error.code,
                        hint="give the token's user the right to edit the board; nothing was lost",
                    )
                )
                return Reopen(reason=error.message)
            case Category.UNKNOWN:
                return None
            case category:
                return _refusal(error.code, error.message, category)

    async def _record(
        self, request: Request, results: Mapping[int, Result], detail: Mapping[str, object]
    ) -> None:
        tally = await asyncio.to_thread(
            sending.record, self._ledger, self._held, request, results, detail
        )
        self._tell(tally)

    def _tell(self, tally: Tally) -> None:
        if self._watcher:
            self._watcher.moved(tally)


def _makes(claimed: Claimed) -> bool:
    """Whether the operation makes something, so that the answer's id is a new one."""
    return claimed.operation.action in ("create", "ensure_group")


HINTS = {
    Category.DATA: "mend the value in the source or the mapping; the line is planned again then",
    Category.GONE: "a person archived or deleted the item; `customer-orders verify` shows it",
}


def _refusal(code: str, message: str, category: Category = Category.DATA) -> Refusal:
    return Refusal(category=category, code=code, error=message, hint=HINTS[category])

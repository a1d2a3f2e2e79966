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
from customer_orders.ledger.sending import Claimed, Done, Refusal, Reopen, Request, Result, Tally
from customer_orders.monday import (
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
#: Longest pause between attempts to reach monday, in seconds.
LONGEST_PAUSE = 30.0
#: A wait that the server asks for beyond this ends the run: the day's calls are used up.
LONGEST_WAIT = 120.0

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
        #: The failure that ends the run, once what is under way has been recorded.
        self._stop: CustomerOrdersError | None = None

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

    async def settle(self) -> int:
        """Look up every operation whose outcome is not known. Returns how many there were.

        Waits until the calls can no longer be running and the index has caught up (api.md 4).
        """
        unknown = await asyncio.to_thread(sending.unsettled, self._ledger, self._board.id)
        if not unknown:
            return 0
        time = self._settings.time
        last = max(max(r.last_send for r in unknown), self._held.taken_over)
        due = last + time.call_cap + time.index_lag
        wait = max(due - self._ledger.clock(), 0.0)
        log.info("settling", requests=len(unknown), wait_seconds=round(wait, 1))
        await asyncio.sleep(wait)
        for request in unknown:
            results = await look_up(request, self._api, self._board, self._settings)
            await self._record(request, results, {"settled": "by look-up"})
        return sum(len(request.operations) for request in unknown)

    async def _send_ready(self, run_id: str) -> None:
        """Keep the allowed number of requests under way until nothing more is ready."""
        under_way: set[asyncio.Task[None]] = set()
        while True:
            while not self._stop and len(under_way) < self._settings.monday.in_flight:
                reservation = await self._client.governor.reserve(self._most * MUTATION_COST)
                request = await self._take(run_id, alone=not under_way)
                reservation.resize(len(request.operations) * MUTATION_COST if request else 0)
                if request is None:
                    await reservation.release()
                    break
                under_way.add(asyncio.create_task(self._send(request, reservation)))
            if not under_way:
                return
            done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()

    async def _take(self, run_id: str, *, alone: bool) -> Request | None:
        """The next request. While others are under way, a part-filled one waits for them."""
        return await asyncio.to_thread(
            sending.take,
            self._ledger,
            self._held,
            run_id,
            most=self._most,
            at_least=1 if alone else self._most,
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
        document = self._mutations(request.operations[:1])[0].document
        count = len(request.operations)
        try:
            answer = await self._client.send(
                request.body, request.id, document=document, cost=reservation.cost, count=count
            )
        except NoAnswer as exc:
            log.warning("outcome not known", request=request.id, operations=count, why=exc.message)
            await self._unknown(request, exc.message)
        except MondayError as exc:
            await self._nothing_done(request, exc)
        else:
            await self._answered(request, answer)
        finally:
            await reservation.release()

    async def _unknown(self, request: Request, reason: str) -> None:
        recheck = self._settings.time.recheck
        await asyncio.to_thread(
            sending.mark_unknown, self._ledger, self._held, request, reason, recheck
        )

    async def _nothing_done(self, request: Request, exc: MondayError) -> None:
        """The request as a whole was not carried out: open it again, smaller, later or never."""
        log.warning("request not carried out", request=request.id, code=exc.code, why=exc.message)
        self._fruitless += 1
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
                self._stop = exc
        if self._fruitless >= FRUITLESS:
            self._stop = self._stop or exc
        await self._record(request, results, {"code": exc.code, "error": exc.message})

    async def _answered(self, request: Request, answer: Answer) -> None:
        results = self._results(request, answer)
        await self._record(request, results, {"replayed": answer.replayed})
        if len(results) < len(request.operations):
            await self._unknown(request, "the answer does not say")
        if any(isinstance(result, Done) for result in results.values()):
            self._fruitless = 0
            self._most = min(self._most * 2, self._settings.monday.aliases)

    def _results(self, request: Request, answer: Answer) -> dict[int, Result]:
        """What each alias came to; an alias that is left out is not known."""
        results: dict[int, Result] = {}
        for claimed in request.operations:
            value = answer.data.get(claimed.alias)
            error = answer.errors.get(claimed.alias)
            if error is not None:
                result = self._alias_result(error)
                if result is not None:
                    results[claimed.id] = result
            elif isinstance(value, Mapping) and value.get("id"):
                known = claimed.subitem_id or claimed.item_id
                monday_id = str(value["id"])
                results[claimed.id] = Done(monday_id=monday_id if _makes(claimed) else known or "")
        return results

    def _alias_result(self, error: AliasError) -> Result | None:
        match error.category:
            case Category.THROTTLE | Category.LOCK:
                self._client.governor.pause(error.retry_in)
                self._fruitless += 1
                return Reopen(reason=error.message)
            case Category.AUTH:
                self._stop = Unauthorized(
                    f"monday does not let this token write: {error.message}",
                    code=error.code,
                    hint="give the token's user the right to edit the board; nothing was lost",
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

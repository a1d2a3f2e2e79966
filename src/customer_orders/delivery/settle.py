"""Settles what nobody answered, by evidence alone: a marked replay, or what the board shows."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import structlog

from customer_orders.delivery.courier import Courier
from customer_orders.delivery.look_up import look_up
from customer_orders.errors import MondayError, NoAnswer
from customer_orders.ledger import claiming, recording
from customer_orders.ledger.claiming import Request
from customer_orders.ledger.recording import Evidence
from customer_orders.ledger.results import Done, Reopen, Result
from customer_orders.monday import Answer

#: HTTP status of a replay while the first send is under way (monday's documents, idempotency).
CONFLICT = 409

log = structlog.get_logger()


class Settling:
    """The requests of one board whose outcome is not known."""

    def __init__(self, courier: Courier) -> None:
        self._courier = courier
        #: Request id -> what an unmarked replay said was done; the board has the last word.
        self._said: dict[str, dict[int, Done]] = {}

    async def settle(self, *, replays: bool = True) -> int:
        """Find out what became of every operation that is `sending`. Returns how many there were.

        First waits until the calls can no longer be running. What a replay does not settle is
        looked up, when the index has caught up too.
        """
        unknown = await self._unknown()
        count = sum(len(request.operations) for request in unknown)
        if unknown:
            await self._wait(unknown)
            for request in unknown:
                if replays and self.may_replay(request):
                    await self.replay(request)
            unknown = await self._unknown()
        if unknown:
            await self._wait(unknown, self._courier.settings.time.index_lag)
            found = [await self._look_up(request) for request in unknown]
            if not any(found):
                self._courier.looked_in_vain()
        return count

    async def _unknown(self) -> list[Request]:
        """What is `sending`; of what a dead process left, nobody had said that it is unknown."""
        courier = self._courier
        found = await asyncio.to_thread(recording.unsettled, courier.ledger, courier.board.id)
        for request in found:
            if request.unknown_since is None:
                await courier.unknown(request, "its process ended before the answer")
        return found

    def _over(self, request: Request) -> float:
        """When the last call of a request can no longer be running."""
        time, now = self._courier.settings.time, self._courier.ledger.clock()
        # What was sent by a clock that was ahead was sent by now.
        left = min(request.last_send, now) + time.send_within
        if request.unknown_since is not None and request.unknown_since >= request.last_send:
            left = min(left, request.unknown_since)
        return max(left, self._courier.held.taken_over) + time.call_cap

    async def _wait(self, unknown: Sequence[Request], lag: float = 0.0) -> None:
        due = max(self._over(request) for request in unknown) + lag
        wait = max(due - self._courier.ledger.clock(), 0.0)
        log.info("settling", requests=len(unknown), wait_seconds=round(wait, 1))
        await self._courier.stop.unless(asyncio.sleep(wait))

    def may_replay(self, request: Request) -> bool:
        """Whether a replay can tell: monday caches answers for 30 minutes, by user and app.

        After a 5xx nobody promises that the cached answer is the one of a whole execution.
        """
        courier = self._courier
        # By a clock that was ahead it is not known how long ago it was.
        age = courier.ledger.clock() - request.first_send
        young = 0 <= age < courier.settings.time.replay
        return request.status is None and young and request.user == courier.session.user

    async def replay(self, request: Request) -> None:
        """Send the same bytes under the same key once more.

        A marked answer settles the request. An unmarked one means that monday carried it out now,
        and perhaps before as well: what it says counts, but the board is looked at first.
        """
        answer = await self._replayed(request)
        if answer is None:
            return
        results = self._courier.results(request, answer)
        if answer.replayed:
            detail = {"settled": "by replay"}
            await self._courier.record(request, results, detail, Evidence.REPLAY)
            self._courier.judge(request, results)
            left = tuple(c for c in request.operations if c.id not in results)
            request = replace(request, operations=left)
        else:
            self._said[request.id] = {i: r for i, r in results.items() if isinstance(r, Done)}
        if request.operations:
            await self._courier.unknown(request, "a replay does not tell", answer.status)

    async def _replayed(self, request: Request) -> Answer | None:
        """The answer to a replay, if it says anything: a limit, a lock or a conflict does not."""
        courier = self._courier
        cost = sum(courier.price(claimed) for claimed in request.operations)
        reserving = courier.session.client.governor.reserve(cost, writes=True)
        async with await courier.stop.unless(reserving) as held:
            args = (courier.ledger, courier.held, request)
            again = await asyncio.to_thread(claiming.take_again, *args)
            try:
                return await courier.send(again, held)
            except NoAnswer as exc:
                # 409: the first send is still being worked on; a later replay may tell.
                status = None if exc.status == CONFLICT else exc.status
                await courier.unknown(again, exc.message, status)
            except MondayError as exc:
                log.info("replay says nothing", request=request.id, code=exc.code, why=exc.message)
        return None

    async def _look_up(self, request: Request) -> bool:
        """Settle a request by what the board shows. Returns whether anything of it was done."""
        courier = self._courier
        looking = look_up(request, courier.session.api, courier.board, courier.settings)
        shown = await courier.stop.unless(looking)
        said = self._said.pop(request.id, {})
        results: dict[int, Result] = {
            # What monday said was done counts, even where the index is behind.
            i: said.get(i, result) if isinstance(result, Reopen) else result
            for i, result in shown.items()
        }
        await courier.record(request, results, {"settled": "by look-up"}, Evidence.BOARD)
        return courier.judge(request, results)

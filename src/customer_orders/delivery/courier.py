"""Carries one board's requests to monday, and what became of them into the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import structlog

from customer_orders.config import Settings
from customer_orders.delivery.answers import lacks_label_right, narrowed, results_of
from customer_orders.delivery.pace import Pace
from customer_orders.delivery.stop import Stop
from customer_orders.errors import (
    CustomerOrdersError,
    Forbidden,
    NoAnswer,
    RequestRefused,
    Throttled,
    Unauthorized,
    Unreachable,
)
from customer_orders.ledger import Ledger, recording
from customer_orders.ledger.claiming import Request
from customer_orders.ledger.locks import Lock
from customer_orders.ledger.recording import Evidence, Tally
from customer_orders.ledger.results import Claimed, Done, Refusal, Result, WithoutCell
from customer_orders.monday import (
    DOCUMENTS,
    LONGEST_WAIT,
    AliasError,
    Answer,
    Category,
    Mutation,
    Reservation,
    Session,
    mutation,
)

#: Requests in a row that achieved nothing before the run gives up; what is open stays open.
FRUITLESS = 20
#: Look-ups in a row that found nothing done before the run gives up.
IN_VAIN = 5

log = structlog.get_logger()


class Recorder(Protocol):
    """Whoever has to know what was recorded."""

    def __call__(self, request: Request, results: Mapping[int, Result], tally: Tally) -> None:
        """The results are in the ledger."""
        ...


class Courier:
    """One board whose lock is held: the session, the ledger, and how well it goes."""

    def __init__(
        self, ledger: Ledger, session: Session, held: Lock, settings: Settings, stop: Stop
    ) -> None:
        self.ledger = ledger
        self.session = session
        self.held = held
        self.settings = settings
        self.stop = stop
        self.board = session.boards[held.board]
        self.key_column = settings.key_column(held.board)
        self.pace = Pace(settings.monday)
        self.fruitless = 0
        self._in_vain = 0
        self.recorded: Recorder = lambda request, results, tally: None

    def compose(self, claimed: Sequence[Claimed]) -> bytes:
        """The bytes of a request."""
        mutations = [self._mutation(c) for c in claimed]
        return self.session.client.compose(mutations, [c.alias for c in claimed])

    def _mutation(self, claimed: Claimed) -> Mutation:
        return mutation(
            claimed.operation,
            self.board,
            group_id=claimed.group_id,
            item_id=claimed.item_id,
            subitem_id=claimed.subitem_id,
        )

    def price(self, claimed: Claimed) -> float:
        """What an operation costs, as far as it is known."""
        return self.session.client.price(_document(claimed))

    async def send(self, request: Request, held: Reservation) -> Answer:
        """The answer to a claimed request.

        Raises what `Client.send` raises, and Unreachable when the claim is too old: this process
        stood still, and another may have taken the board over and be settling the request.
        """
        within = self.settings.time.send_within / 2
        if self.ledger.clock() - request.last_send > within:
            raise Unreachable(f"not sent within {within:g} s of its claim")
        loop, count = asyncio.get_running_loop(), len(request.operations)
        document, begun = _document(request.operations[0]), loop.time()
        sending = self.session.client.send(
            request.body, request.id, document=document, held=held, count=count
        )
        try:
            answer = await sending
        except Throttled:
            self.pace.crowded(request.last_send, self.ledger.clock())
            raise
        self.pace.answered(count, loop.time() - begun)
        return answer

    def results(self, request: Request, answer: Answer) -> dict[int, Result]:
        """What the answer says of each operation; limits and rights are heeded at once."""
        by_alias = {claimed.alias: claimed for claimed in request.operations}
        for alias, error in answer.errors.items():
            claimed = by_alias.get(alias)
            if not (claimed and lacks_label_right(claimed, error, self.board)):
                self._heed(request, error)
        return results_of(request, answer, self.board, self.key_column)

    def narrowed(self, request: Request, exc: RequestRefused | Forbidden) -> dict[int, Result]:
        """What becomes of a request that was refused as a whole; empty when the run must stop."""
        return narrowed(request, exc, self.board, self.key_column)

    def _heed(self, request: Request, error: AliasError) -> None:
        """Wait where monday asks for it; stop where it asks for too long, or says no to us."""
        if error.category in (Category.THROTTLE, Category.LOCK):
            self.pace.crowded(request.last_send, self.ledger.clock())
            self.session.client.governor.pause(min(error.retry_in, LONGEST_WAIT))
            if error.retry_in > LONGEST_WAIT:
                self.stop.ask(Throttled(error.message, code=error.code, retry_in=error.retry_in))
        elif error.category is Category.AUTH:
            self.stop.ask(
                Unauthorized(
                    f"monday does not let this token write: {error.message}",
                    code=error.code,
                    hint="give the token's user the right to edit the board; nothing was lost",
                )
            )

    async def record(
        self,
        request: Request,
        results: Mapping[int, Result],
        detail: Mapping[str, Any],
        evidence: Evidence = Evidence.ANSWER,
    ) -> None:
        """Store the results, and tell whoever has to know."""
        tally = await asyncio.to_thread(
            recording.record, self.ledger, self.held, request, results, detail, evidence
        )
        self.recorded(request, results, tally)

    async def unknown(self, request: Request, reason: str, status: int | None = None) -> None:
        """Store that nobody knows what became of a request."""
        log.warning(
            "outcome not known", request=request.id, operations=len(request.operations), why=reason
        )
        recheck = self.settings.time.recheck
        await asyncio.to_thread(
            recording.mark_unknown, self.ledger, self.held, request, reason, recheck, status
        )

    def judge(self, request: Request, results: Mapping[int, Result]) -> bool:
        """Whether anything was achieved: larger requests again, or smaller ones."""
        achieved = any(isinstance(r, Done | Refusal | WithoutCell) for r in results.values())
        if achieved:
            self.fruitless = self._in_vain = 0
            self.pace.achieved(len(request.operations))
        else:
            self.pace.in_vain(len(request.operations))
        return achieved

    def achieved_nothing(self, exc: CustomerOrdersError) -> None:
        """Count it; too many in a row end the run."""
        self.fruitless += 1
        if self.fruitless >= FRUITLESS:
            self.stop.ask(exc)

    def looked_in_vain(self) -> None:
        """Count a round of look-ups, until one finds something done."""
        self._in_vain += 1
        if self._in_vain >= IN_VAIN:
            raise NoAnswer(
                f"{IN_VAIN} times in a row nothing of what was sent was found done",
                hint="what is open stays open; run it again when monday answers",
            )


def _document(claimed: Claimed) -> str:
    return DOCUMENTS[claimed.operation.kind, claimed.operation.action]

"""Requests to monday: composed, sent inside the budgets, read. Only queries are tried again."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog

from customer_orders.errors import (
    CustomerOrdersError,
    MondayError,
    NoAnswer,
    RequestRefused,
    Throttled,
    Unauthorized,
    Unreachable,
)
from customer_orders.monday.documents import document, fanned_out, variables
from customer_orders.monday.governor import Governor, Reservation
from customer_orders.monday.outcomes import Answer, Category, read_answer
from customer_orders.monday.transport import Transport
from customer_orders.plan import MUTATION_COST

#: A query costs little; this is what is reserved for it until one was answered.
QUERY_COST = 10_000
#: Look-ups that share a request.
PACKED = 5
#: Times a query is sent before its failure is the run's.
QUERY_ATTEMPTS = 5
#: A wait that the server asks for beyond this, in seconds, is not waited: the day's calls are used.
LONGEST_WAIT = 120.0

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Mutation:
    """One mutation: a document of `documents/` and its variables."""

    document: str
    variables: Mapping[str, Any]


@dataclass(kw_only=True)
class Usage:
    """What was sent, for the report."""

    calls: int = 0
    mutations: int = 0
    #: Calls that carried mutations, and what they cost as far as monday told.
    requests: int = 0
    complexity: float = 0.0
    #: Mutations by document.
    by_document: Counter[str] = field(default_factory=Counter)

    def add(self, document: str, count: int, cost: float) -> None:
        """Count a call with mutations that left, whatever became of it."""
        self.requests += 1
        self.mutations += count
        self.by_document[document] += count
        self.complexity += cost


class Client:
    """monday, through one transport and one governor."""

    def __init__(self, transport: Transport, governor: Governor, *, version: str) -> None:
        self._transport = transport
        self.governor = governor
        self._version = version
        self.usage = Usage()
        #: Document -> what one of it cost, as monday said last.
        self.prices: dict[str, float] = {}
        governor.look = self._look

    def price(self, document: str) -> float:
        """What one mutation of a document costs, as far as it is known."""
        return self.prices.get(document, MUTATION_COST)

    async def query(self, name: str, **values: Any) -> Mapping[str, Any]:
        """The data of a query document.

        Waits and tries again when monday says so or does not answer. Raises Unauthorized,
        RequestRefused, Unreachable, or the last failure when it stays.
        """
        return await self._ask(name, document(name), values, 1)

    async def query_each(self, name: str, calls: Sequence[Mapping[str, Any]]) -> list[Any]:
        """The first field of a query document, once for each call: several share a request."""
        found: list[Any] = []
        for start in range(0, len(calls), PACKED):
            packed = calls[start : start + PACKED]
            aliases = tuple(f"op{place}" for place in range(len(packed)))
            text, values = fanned_out(name, aliases), variables(name, aliases, packed)
            data = await self._ask(name, text, values, len(packed))
            found += [data[alias] for alias in aliases]
        return found

    async def _ask(
        self, name: str, text: str, values: Mapping[str, Any], count: int
    ) -> Mapping[str, Any]:
        body = _bytes(text, values)
        for attempt in range(1, QUERY_ATTEMPTS + 1):
            try:
                cost = self.prices.get(name, QUERY_COST) * count
                async with await self.governor.reserve(cost) as held:
                    answer = await self._post(body, held)
                self.prices[name] = max((answer.cost or QUERY_COST) / count, 1)
                return _whole(answer)
            except (Throttled, NoAnswer) as exc:
                wait = exc.retry_in if isinstance(exc, Throttled) else float(2**attempt)
                if attempt == QUERY_ATTEMPTS or wait > LONGEST_WAIT:
                    raise
                log.warning("query tried again", document=name, attempt=attempt, why=exc.message)
                if isinstance(exc, Throttled):
                    self.governor.pause(wait)
                else:
                    await asyncio.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    async def _look(self) -> None:
        """Ask what is left of the minute. Without an answer nothing is learned."""
        with suppress(CustomerOrdersError):
            async with self.governor.light() as held:
                await self._post(_bytes(document("left"), {}), held)

    def compose(self, mutations: Sequence[Mutation], aliases: Sequence[str]) -> bytes:
        """The bytes of one request; all mutations have the same document."""
        name = mutations[0].document
        calls = [mutation.variables for mutation in mutations]
        return _bytes(fanned_out(name, tuple(aliases)), variables(name, aliases, calls))

    async def send(
        self, body: bytes, key: str, *, document: str, held: Reservation, count: int
    ) -> Answer:
        """Send a stored request once, under its Idempotency-Key; its place is reserved already.

        Raises Throttled, Unauthorized, RequestRefused or Unreachable when nothing was done, and
        NoAnswer when nobody knows.
        """
        try:
            answer = await self._post(body, held, {"Idempotency-Key": key})
        finally:
            if held.left is not None:
                self.usage.add(document, count, held.cost)
        if answer.cost and not answer.errors and not answer.replayed:
            self.prices[document] = answer.cost / count
        return answer

    async def carry_out(self, call: Mutation) -> Answer:
        """Send one mutation by itself, under a key of its own; look before calling again.

        Raises what `send` raises.
        """
        body = self.compose([call], ["op0"])
        async with await self.governor.reserve(self.price(call.document), writes=True) as held:
            return await self.send(
                body, str(uuid.uuid4()), document=call.document, held=held, count=1
            )

    async def _post(
        self, body: bytes, held: Reservation, more: Mapping[str, str] | None = None
    ) -> Answer:
        headers = {"API-Version": self._version, **(more or {})}
        self.governor.left(held)
        try:
            response = await self._transport.post(body, headers)
        except Unreachable:
            self.governor.stayed(held)
            raise
        finally:
            self.usage.calls += held.left is not None
        try:
            answer = read_answer(response)
        except Throttled as exc:
            self.governor.refused(held, response.headers)
            self.governor.pause(min(exc.retry_in, LONGEST_WAIT))
            raise
        except CustomerOrdersError:
            self.governor.settle(held, None, response.headers)
            raise
        self.governor.settle(held, 0 if answer.replayed else answer.cost, response.headers)
        return answer


def _bytes(text: str, values: Mapping[str, Any]) -> bytes:
    return json.dumps({"query": text, "variables": values}, ensure_ascii=False).encode()


def _whole(answer: Answer) -> Mapping[str, Any]:
    """The data of a query; a part that failed is a failure of the whole."""
    for path, error in answer.errors.items():
        if error.category is Category.THROTTLE:
            raise Throttled(error.message, code=error.code, retry_in=error.retry_in)
        if error.category is Category.UNKNOWN:
            raise NoAnswer(f"{error.code}: {error.message}")
        kind: type[MondayError] = (
            Unauthorized if error.category is Category.AUTH else RequestRefused
        )
        raise kind(f"reading {path} was refused: {error.message}", code=error.code)
    return answer.data

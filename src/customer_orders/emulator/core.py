"""The emulated monday: a plain class that turns a posted body into an answer.

No sockets and no globals; the clock and the source of chance are handed in, so that a simulation
in virtual time repeats exactly and a port runs in real time. What happens to one request stands
in `exchange.py`.
"""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from collections import Counter
from typing import TYPE_CHECKING, Any

from customer_orders.emulator.answers import Answer, refused
from customer_orders.emulator.boards import Boards
from customer_orders.emulator.clock import RealClock
from customer_orders.emulator.documents import Documents
from customer_orders.emulator.errors import Refusal
from customer_orders.emulator.exchange import Exchange
from customer_orders.emulator.faults import FaultPlan
from customer_orders.emulator.idempotency import Idempotency
from customer_orders.emulator.limits import Limits
from customer_orders.emulator.resolvers import bound_schema
from customer_orders.emulator.search import Search
from customer_orders.emulator.seed import load_state
from customer_orders.emulator.settings import Settings
from customer_orders.emulator.stats import Stats
from customer_orders.emulator.structure import Structure

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator, Mapping

    from customer_orders.emulator.clock import Clock


class Monday:
    """One account of monday.com.

    `data` is the JSON that `state.py` describes; `settings` go over those in it.
    """

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
        clock: Clock | None = None,
        source: random.Random | None = None,
    ) -> None:
        self.clock = clock or RealClock()
        self.random = source or random.Random()  # noqa: S311 - ids and faults, no secrets
        self.documents = Documents(bound_schema())
        self._running: set[asyncio.Task[Answer]] = set()
        #: Grows with everything that changes the state, so that a saver knows when to save.
        self.changes = 0
        self.load(data or {}, settings)

    def load(self, data: Mapping[str, Any], settings: Mapping[str, Any] | None = None) -> None:
        """Replace everything: state, settings, limits, kept answers, faults and statistics."""
        chosen = Settings()
        if "plan" in data.get("account", {}):
            chosen.change({"plan": data["account"]["plan"]})
        chosen.change({**data.get("settings", {}), **(settings or {})})
        state = load_state(data, self.clock.now())
        self.settings = chosen
        self.state = state
        self.boards = Boards(state, chosen, self.clock, self.random)
        self.structure = Structure(self.boards)
        self.search = Search(self.boards, chosen)
        self.limits = Limits(chosen, self.clock)
        self.idempotency = Idempotency(chosen, self.clock)
        self.faults = FaultPlan(self.random)
        self.stats = Stats()
        self.jobs: dict[str, dict[str, Any]] = {}
        #: Writing requests in flight, by board.
        self.writing: Counter[str] = Counter()
        self.changes += 1

    def save(self) -> dict[str, Any]:
        """The state as JSON, fit for `load`."""
        return {**self.state.to_json(), "settings": self.settings.to_json()}

    def saved(self) -> Iterator[str]:
        """The text of `save` board by board, so that a big state is not in memory twice."""
        yield json.dumps({**self.state.head(), "settings": self.settings.to_json()})[:-1]
        before = ', "boards": ['
        for board in self.state.boards.values():
            yield before + json.dumps(board.to_json(), ensure_ascii=False)
            before = ", "
        yield "]}"

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Answer one request. Raises ConnectionDropped when a fault leaves it without an answer.

        The work goes on when the caller is cancelled, as a server's does when its client gives up.
        """
        lowered = {name.lower(): value for name, value in headers.items()}
        return await asyncio.shield(self.spawn(self._answer(body, lowered)))

    def spawn(self, work: Coroutine[Any, Any, Answer]) -> asyncio.Task[Answer]:
        """Run work that outlives its request."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _answer(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        request_id = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        exchange = Exchange(self, body, headers, request_id)
        limits, stats = self.limits, self.stats
        exceeded = None
        limits.in_flight += 1
        stats.calls += 1
        stats.peak_concurrency = max(stats.peak_concurrency, limits.in_flight)
        try:
            answer = await exchange.answer()
        except Refusal as refusal:
            exceeded = refusal.code
            if refusal.status == 429:
                stats.rate_limited[refusal.code or ""] += 1
            answer = refused(refusal, request_id)
        finally:
            limit_headers = limits.headers(exchange.kind, exceeded)
            limits.in_flight -= 1
        stats.statuses[str(answer.status)] += 1
        answer.headers.update(limit_headers)
        answer.headers["API-Version"] = exchange.version
        answer.headers["x-request-id"] = request_id
        return answer

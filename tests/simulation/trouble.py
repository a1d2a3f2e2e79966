"""A process that may die or stand still, and its bad network."""

from __future__ import annotations

import asyncio
import contextvars
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from points import running
from script import READING

from customer_orders.emulator import ConnectionDropped, Monday
from customer_orders.errors import NoAnswer, Unreachable
from customer_orders.monday import Response

Result = TypeVar("Result")
CLIENT_TIMEOUT = 65.0


class Crash(BaseException):
    """The process dies; nothing of it runs on."""


@dataclass
class Places:
    """Crash points that were passed, and those where a process died."""

    passed: set[str] = field(default_factory=set)
    hit: set[str] = field(default_factory=set)
    #: The point where the first process that passes it dies.
    aim: str | None = None


class Process:
    """One run of the program: it may die at any crash point, or be paused."""

    current: contextvars.ContextVar[Process] = contextvars.ContextVar("process")

    def __init__(self, rng: random.Random, places: Places, crash_rate: float, loss: float) -> None:
        self.rng = rng
        self.places = places
        self.crash_rate = crash_rate
        self.loss = loss
        self.dead = False
        #: Its tasks that are not done, and those of monday that it set off.
        self.tasks: set[asyncio.Task[Any]] = set()
        #: Ledger call before which it stands still.
        self.pause_before: str | None = None
        self.awake = asyncio.Event()
        self.awake.set()

    def living(self) -> None:
        """A dead process gets no further."""
        if self.dead:
            raise Crash

    def point(self, place: str) -> None:
        """A place where the process may die."""
        self.living()
        self.places.passed.add(place)
        aimed = place == self.places.aim
        if aimed or (self.crash_rate and self.rng.random() < self.crash_rate):
            self.places.aim = None if aimed else self.places.aim
            self.places.hit.add(place)
            self.dead = True
            raise Crash


async def to_thread(call: Callable[..., Result], *args: Any, **named: Any) -> Result:
    """Stands in for `asyncio.to_thread`: the same call, in place, with crash points around."""
    process = Process.current.get()
    if call.__name__ == process.pause_before:
        process.awake.clear()
    await process.awake.wait()
    process.point(f"before {running()}")
    if call.__name__ == "_detect":
        await asyncio.sleep(READING)
    result = call(*args, **named)
    process.point(f"after {running()}")
    return result


def on_statement(*_: Any) -> None:
    """Before any ledger statement, and before a commit."""
    process = Process.current.get(None)
    if process is not None:
        process.point(f"statement {running()}")


class Wire:
    """The transport of one process: straight into the emulator's core, with a bad network."""

    def __init__(self, monday: Monday, token: str, process: Process, hit: Counter[str]) -> None:
        self._monday = monday
        self._token = token
        self._process = process
        self._hit = hit

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Response:
        await self._process.awake.wait()
        self._process.living()
        roll = self._process.rng.random()
        if roll < self._process.loss / 2:
            self._hit["unreachable"] += 1
            raise Unreachable("no route")
        try:
            async with asyncio.timeout(CLIENT_TIMEOUT):
                answer = await self._monday.post(body, {**headers, "Authorization": self._token})
        except (ConnectionDropped, TimeoutError) as exc:
            raise NoAnswer("the connection broke") from exc
        await self._process.awake.wait()
        self._process.living()
        if roll > 1 - self._process.loss / 2:
            self._hit["answer_lost"] += 1
            raise NoAnswer("the answer was lost")
        names = {name.lower(): value for name, value in answer.headers.items()}
        return Response(status=answer.status, headers=names, body=answer.body)

"""Trouble: faults of the network and of monday, crashes at any ledger statement, pauses, people."""

from __future__ import annotations

import asyncio
import contextvars
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from world import BOARD, PLANNER

from customer_orders.emulator import ConnectionDropped, Monday
from customer_orders.errors import NoAnswer, Unreachable
from customer_orders.monday import Response

Result = TypeVar("Result")
CLIENT_TIMEOUT = 65.0

#: Rules that the emulator draws from; the weights are in `faults`.
RULES: dict[str, dict[str, Any]] = {
    "drop_before": {"kind": "drop_before"},
    "apply_then_drop": {"kind": "apply_then_drop"},
    "apply_then_502": {"kind": "apply_then_status", "status": 502, "body": "html"},
    "apply_then_504": {"kind": "apply_then_status", "status": 504},
    "some_then_500": {"kind": "apply_first_n_then", "n": 2, "status": 500},
    "some_then_drop": {"kind": "apply_first_n_then", "n": 3, "status": None},
    "status_500": {"kind": "status", "status": 500},
    "locked_423": {"kind": "status", "status": 423},
    "throttled_minute": {"kind": "rate_limit", "shape": "minute", "retry_after": 7},
    "throttled_complexity": {"kind": "rate_limit", "shape": "complexity", "retry_after": 11},
    "throttled_html": {"kind": "rate_limit", "shape": "html", "retry_after": 3},
    "throttled_in_200": {"kind": "rate_limit", "shape": "field", "retry_after": 5},
    "slow": {"kind": "slow", "seconds": 70.0},
    "cut_body": {"kind": "cut_body"},
    "late": {"kind": "late", "seconds": 20.0},
}


class Crash(BaseException):
    """The process dies; nothing of it runs on."""


class Process:
    """One run of the program: it may crash at any point, or be paused."""

    current: contextvars.ContextVar[Process] = contextvars.ContextVar("process")

    def __init__(self, rng: random.Random, crash_rate: float) -> None:
        self.rng = rng
        self.crash_rate = crash_rate
        self.dead = False
        self.running = asyncio.Event()
        self.running.set()

    def point(self) -> None:
        """A place where the process may die; a dead one gets no further."""
        if not self.dead and self.rng.random() < self.crash_rate:
            self.dead = True
        if self.dead:
            raise Crash

    async def inline(self, call: Callable[..., Result], *args: Any, **named: Any) -> Result:
        """Stands in for `asyncio.to_thread`: the same call, in place, with crash points around."""
        await self.running.wait()
        self.point()
        result = call(*args, **named)
        self.point()
        return result


async def to_thread(call: Callable[..., Result], *args: Any, **named: Any) -> Result:
    """Whoever is running runs the call itself."""
    return await Process.current.get().inline(call, *args, **named)


def on_statement(*_: Any) -> None:
    """Before any ledger statement."""
    process = Process.current.get(None)
    if process is not None:
        process.point()


class Wire:
    """The transport of one process: straight into the emulator's core, with a bad network."""

    def __init__(self, monday: Monday, token: str, process: Process, hit: Counter[str]) -> None:
        self._monday = monday
        self._token = token
        self._process = process
        self._hit = hit

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Response:
        await self._process.running.wait()
        self._process.point()
        roll = self._process.rng.random()
        if self._process.crash_rate and roll < 0.01:
            self._hit["unreachable"] += 1
            raise Unreachable("no route")
        try:
            async with asyncio.timeout(CLIENT_TIMEOUT):
                answer = await self._monday.post(body, {**headers, "Authorization": self._token})
        except (ConnectionDropped, TimeoutError) as exc:
            raise NoAnswer("the connection broke") from exc
        await self._process.running.wait()
        self._process.point()
        if self._process.crash_rate and roll > 0.98:
            self._hit["answer_lost"] += 1
            raise NoAnswer("the answer was lost")
        names = {name.lower(): value for name, value in answer.headers.items()}
        return Response(status=answer.status, headers=names, body=answer.body)


def faults(monday: Monday, rng: random.Random, hit: Counter[str]) -> None:
    """Draw up a plan of trouble for the next run."""
    for name in rng.sample(sorted(RULES), rng.randrange(4)):
        count = rng.randint(1, 3)
        hit[name] += count
        operation = rng.choice(
            ("*", "create_item", "create_subitem", "change_multiple_column_values")
        )
        monday.faults.add(
            {**RULES[name], "count": count, "skip": rng.randrange(4), "operation": operation}
        )


async def people(monday: Monday, rng: random.Random, hit: Counter[str]) -> None:
    """A planner writes into a column of their own, or moves an item to another group."""
    items = [i for i in monday.save()["boards"][0]["items"] if i.get("state", "active") == "active"]
    if not items:
        return
    item = rng.choice(items)
    if rng.random() < 0.5:
        hit["foreign_edit"] += 1
        edit = {"board_id": BOARD, "item_id": item["id"], "column_values": '{"text_9": "checked"}'}
        change = f"change_multiple_column_values({_arguments(edit)})"
    else:
        hit["moved_by_person"] += 1
        group = rng.choice(monday.save()["boards"][0]["groups"])["id"]
        change = f"move_item_to_group({_arguments({'item_id': item['id'], 'group_id': group})})"
    body = json.dumps({"query": f"mutation {{ {change} {{ id }} }}"}).encode()
    with suppress(ConnectionDropped):
        await monday.post(body, {"Authorization": PLANNER})


def _arguments(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name}: {json.dumps(value)}" for name, value in values.items())

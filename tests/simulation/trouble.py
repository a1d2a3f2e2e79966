"""A process that may die or stand still, its bad network, and planners at the board."""

from __future__ import annotations

import asyncio
import contextvars
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from points import running
from script import READING
from world import BOARD, PLANNER, SUBITEMS

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


@dataclass
class Planner:
    """A person at the board, and what must be forgiven on their account."""

    monday: Monday
    hit: Counter[str]
    #: (item id, column id) -> value that the person wrote into a column of ours.
    edited: dict[tuple[str, str], str] = field(default_factory=dict)
    #: Ids of items and subitems that the person archived or deleted.
    archived: set[str] = field(default_factory=set)
    #: (item id, column id) -> value that the person wrote into a column of others.
    written: dict[tuple[str, str], str] = field(default_factory=dict)
    #: Keys that the person made up, and those that the person wrote over.
    keys: set[str] = field(default_factory=set)
    lost_keys: set[str] = field(default_factory=set)

    async def act(self, what: str, rng: random.Random) -> None:
        """Do one thing to something that stands on the board."""
        boards = self.monday.save()["boards"]
        place = 1 if what in ("cut_qty", "archive_size", "delete_size") else 0
        items = [i for i in boards[place]["items"] if i.get("state", "active") == "active"]
        if not items:
            return
        self.hit[f"person_{what}"] += 1
        item = rng.choice(items)
        chosen = item["id"]
        match what:
            case "note":
                await self._note(BOARD, chosen, "text_9", "checked")
            case "cut_qty":
                await self._note(SUBITEMS, chosen, "cut_1", "7")
            case "edit":
                self.edited[chosen, "text_1"] = "by hand"
                await self._write(BOARD, chosen, "text_1", "by hand")
            case "rename":
                self.edited[chosen, "name"] = "by hand"
                await self._write(BOARD, chosen, "name", "by hand")
            case "wrong_key":
                self.keys.add("typed wrong")
                self.lost_keys.add(item["values"].get("key_1"))
                await self._write(BOARD, chosen, "key_1", "typed wrong")
            case "make":
                self.keys.add("made up")
                values = json.dumps({"key_1": "made up"})
                await self._do("create_item", board_id=BOARD, item_name="M", column_values=values)
            case "move":
                group = rng.choice(boards[0]["groups"])["id"]
                await self._do("move_item_to_group", item_id=chosen, group_id=group)
            case "archive" | "archive_size" | "delete" | "delete_size":
                self.archived.add(chosen)
                await self._do(f"{what.removesuffix('_size')}_item", item_id=chosen)
            case "delete_group":
                await self._delete_group(boards[0], rng)
            case "duplicate":
                await self._do("duplicate_item", board_id=BOARD, item_id=chosen)

    async def _delete_group(self, board: dict[str, Any], rng: random.Random) -> None:
        groups = [g["id"] for g in board["groups"] if g["state"] == "active"]
        if len(groups) > 1:
            gone = rng.choice(groups)
            self.archived |= {i["id"] for i in board["items"] if i["group"] == gone}
            await self._do("delete_group", board_id=BOARD, group_id=gone)

    async def _note(self, board: str, item: str, column: str, value: str) -> None:
        self.written[item, column] = value
        await self._write(board, item, column, value)

    async def _write(self, board: str, item: str, column: str, value: str) -> None:
        values = json.dumps({column: value})
        change = "change_multiple_column_values"
        await self._do(change, board_id=board, item_id=item, column_values=values)

    async def _do(self, field_name: str, **values: str) -> None:
        arguments = ", ".join(f"{name}: {json.dumps(value)}" for name, value in values.items())
        text = f"mutation {{ {field_name}({arguments}) {{ id }} }}"
        with suppress(ConnectionDropped):
            body = json.dumps({"query": text}).encode()
            await self.monday.post(body, {"Authorization": PLANNER})

"""A monday whose time only moves when a test moves it, and a client that speaks to it directly."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import pytest

from customer_orders.emulator import Monday

SEED: dict[str, Any] = {
    "users": [
        {"id": "1", "token": "emulator-token"},
        {"id": "2", "token": "emulator-clerk", "can_change_structure": False},
    ],
    "boards": [
        {
            "id": "10",
            "name": "Orders",
            "subitems_board": "11",
            "columns": [
                {"id": "note", "title": "Note", "type": "text"},
                {"id": "story", "title": "Story", "type": "long_text"},
                {"id": "price", "title": "Price", "type": "numbers"},
                {"id": "due", "title": "Due", "type": "date"},
                {
                    "id": "state",
                    "title": "State",
                    "type": "status",
                    "settings": {"labels": ["Open", "Done"]},
                },
                {
                    "id": "size",
                    "title": "Size",
                    "type": "dropdown",
                    "settings": {"labels": ["S", "M"]},
                },
                {"id": "ticked", "title": "Ticked", "type": "checkbox"},
                {"id": "mirror", "title": "Mirror", "type": "mirror"},
                {"id": "number", "title": "Number", "type": "item_id"},
                {"id": "subitems", "title": "Subitems", "type": "subtasks"},
            ],
            "groups": [{"id": "first", "title": "First"}, {"id": "second", "title": "Second"}],
        },
        {
            "id": "11",
            "name": "Subitems of Orders",
            "columns": [{"id": "quantity", "title": "Quantity", "type": "numbers"}],
        },
        {"id": "12", "name": "Plain"},
    ],
}


class HandClock:
    """Time stands still until `advance` is called; sleepers wake when their time has come."""

    def __init__(self) -> None:
        self.time = 1_790_000_000.0
        self.sleepers: list[tuple[float, asyncio.Event]] = []

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.Event()
        self.sleepers.append((self.time + seconds, woken))
        await woken.wait()

    async def advance(self, seconds: float) -> None:
        self.time += seconds
        for due, woken in self.sleepers:
            if due <= self.time:
                woken.set()
        await settled()


async def settled() -> None:
    """Let every task run until it waits."""
    for _ in range(20):
        await asyncio.sleep(0)


class Client:
    """Posts a document and keeps the last answer's status and headers."""

    def __init__(self, monday: Monday, token: str = "emulator-token") -> None:
        self.monday = monday
        self.token = token
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""

    async def __call__(
        self, document: str, *, key: str | None = None, **variables: Any
    ) -> dict[str, Any]:
        headers = {"Authorization": self.token}
        if key is not None:
            headers["Idempotency-Key"] = key
        body = json.dumps({"query": document, "variables": variables}).encode()
        answer = await self.monday.post(body, headers)
        self.status, self.headers, self.body = answer.status, answer.headers, answer.body
        try:
            content: dict[str, Any] = json.loads(answer.body)
        except ValueError:
            return {}
        return content

    async def create(self, name: str = "A", **values: Any) -> dict[str, Any]:
        """create_item with these column values; the whole answer."""
        return await self(CREATE, name=name, values=json.dumps(values))

    async def item_id(self, name: str = "A", **values: Any) -> str:
        """The id of a new item, which must succeed."""
        return (await self.create(name, **values))["data"]["create_item"]["id"]

    async def change(self, item: str, **values: Any) -> dict[str, Any]:
        """change_multiple_column_values; the whole answer."""
        return await self(CHANGE, item=item, values=json.dumps(values))

    async def cell(self, item: str, column: str) -> dict[str, Any]:
        """One cell as it reads back."""
        content = await self(CELL, item=item, column=column)
        return content["data"]["items"][0]["column_values"][0]


CREATE = """mutation ($name: String!, $values: JSON) {
  create_item(board_id: 10, item_name: $name, column_values: $values) { id }
}"""
CHANGE = """mutation ($item: ID!, $values: JSON!) {
  change_multiple_column_values(board_id: 10, item_id: $item, column_values: $values) { id }
}"""
CELL = """query ($item: ID!, $column: String!) {
  items(ids: [$item]) { column_values(ids: [$column]) {
    id type text value
    ... on NumbersValue { number }
    ... on StatusValue { index label }
    ... on DropdownValue { values { id label } }
    ... on DateValue { date time }
    ... on CheckboxValue { checked }
  } }
}"""


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def monday(clock: HandClock) -> Monday:
    return Monday(SEED, clock=clock, source=random.Random(7))


@pytest.fixture
def connect() -> type[Client]:
    """For tests with a board of their own."""
    return Client


@pytest.fixture
def post(monday: Monday) -> Client:
    return Client(monday)


@pytest.fixture
def clerk(monday: Monday) -> Client:
    """A user who may not change the board's structure."""
    return Client(monday, "emulator-clerk")

"""Second copies of an item or subitem: who made them, and whether anybody works on them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from customer_orders.errors import RequestRefused
from customer_orders.monday.boards import CHUNK
from customer_orders.monday.client import Client, Mutation

#: Columns that monday fills by itself, or that hold nothing of their own.
AUTOMATIC = frozenset(
    {
        "auto_number",
        "button",
        "creation_log",
        "formula",
        "item_id",
        "last_updated",
        "mirror",
        "name",
        "progress",
        "subtasks",
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Copy:
    """An active item or subitem that stands beside the one in the ledger."""

    monday_id: str
    #: Id of the user who made it.
    creator: str
    #: Seconds since 1970; monday gives whole seconds.
    created: float
    #: Whether it has a value in a column that is not ours, a subitem or an update.
    foreign: bool


class Copies:
    """What is done about second copies. Nothing here makes anything; all of it may be repeated."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def read(self, monday_ids: Sequence[str], ours: Collection[str]) -> list[Copy]:
        """The active ones among them; `ours` are the ids of the columns that we write."""
        found: list[Copy] = []
        for start in range(0, len(monday_ids), CHUNK):
            ids = list(monday_ids[start : start + CHUNK])
            data = await self._client.query("read_copies", ids=ids)
            shown = [item for item in data["items"] or () if item and item["state"] == "active"]
            found += [_copy(item, ours) for item in shown]
        return found

    async def archive(self, monday_id: str) -> None:
        """Take a copy off the board. Raises RequestRefused when monday says no."""
        await self._send(Mutation(document="archive_item", variables={"item": monday_id}))

    async def clear(self, board_id: str, monday_id: str, column_id: str) -> None:
        """Empty one cell of a copy, so that it bears our key no more. Raises RequestRefused."""
        values = {"values": json.dumps({column_id: None}), "make_labels": False}
        where = {"board": board_id, "item": monday_id}
        await self._send(Mutation(document="change_values", variables=where | values))

    async def _send(self, call: Mutation) -> None:
        answer = await self._client.carry_out(call)
        for error in answer.errors.values():
            raise RequestRefused(f"monday refused it: {error.message}", code=error.code)


def _copy(shown: Mapping[str, Any], ours: Collection[str]) -> Copy:
    cells = [
        cell
        for cell in shown["column_values"]
        if cell["id"] not in ours and cell["type"] not in AUTOMATIC
    ]
    below = [s for s in shown["subitems"] or () if s["state"] == "active"]
    return Copy(
        monday_id=shown["id"],
        creator=str(shown["creator_id"]),
        created=dt.datetime.fromisoformat(shown["created_at"]).timestamp(),
        foreign=any(map(_filled, cells)) or bool(below) or bool(shown["updates"]),
    )


def _filled(cell: Mapping[str, Any]) -> bool:
    return bool(cell["text"]) or cell["value"] not in (None, "", "{}", "null")

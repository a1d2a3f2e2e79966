"""Boards and items as they are read: columns by title, cells in canonical form."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any

from customer_orders.errors import BoardError
from customer_orders.model import LABELLED, Board, BoardColumn, ShownItem, ShownSubitem
from customer_orders.monday.client import Client, Mutation
from customer_orders.monday.values import decode

#: Items that `items(ids)` takes, and keys in one look-up (monday's documents).
CHUNK = 100
#: Items on one page of a scan, the most that monday gives.
PAGE = 500


class BoardAPI:
    """What is read of boards, in terms of the configured columns."""

    def __init__(
        self, client: Client, *, columns: Sequence[str], subitem_columns: Sequence[str]
    ) -> None:
        """Only the named columns are read: mirrors and formulas have a budget of their own."""
        self._client = client
        self._columns = columns
        self._subitem_columns = subitem_columns

    async def me(self) -> tuple[str, str]:
        """Ids of the token's user and account. Raises Unauthorized."""
        me = (await self._client.query("me"))["me"]
        return str(me["id"]), str(me["account"]["id"])

    async def board(self, board_id: str) -> Board:
        """A live board with its board of subitems. Raises BoardError."""
        shown = await self._read_board(board_id)
        below = _subitems_board(shown)
        subitems = await self._read_board(below) if below else None
        groups: defaultdict[str, list[str]] = defaultdict(list)
        for group in shown["groups"]:
            if not (group["archived"] or group["deleted"]):
                groups[group["title"]].append(group["id"])
        return Board(
            id=board_id,
            name=shown["name"],
            columns=_columns(shown, self._columns),
            subitem_columns=_columns(subitems, self._subitem_columns) if subitems else {},
            groups={title: tuple(ids) for title, ids in groups.items()},
            items_count=shown["items_count"] or 0,
            items_limit=shown["items_limit"] or 0,
            subitems_board=below or "",
        )

    async def find(self, board: Board, key_column: str, keys: Sequence[str]) -> list[ShownItem]:
        """Active items whose key column holds one of the keys; oldest first."""
        column = {"board": board.id, "key_column": board.columns[key_column].id}
        calls = [
            {**column, "keys": list(keys[start : start + CHUNK]), **self._ids(board)}
            for start in range(0, len(keys), CHUNK)
        ]
        pages = await self._client.query_each("find_items", calls)
        found = [item for page in pages for item in await self._all(board, page)]
        return sorted(found, key=lambda item: int(item.monday_id))

    async def scan(self, board: Board) -> AsyncIterator[ShownItem]:
        """Every active item of a board, 500 a page."""
        data = await self._client.query("scan_items", ids=[board.id], **self._ids(board))
        boards = [shown for shown in data["boards"] or () if shown]
        if not boards:
            raise _not_there(board.id)
        async for item in self._pages(board, boards[0]["items_page"]):
            yield item

    async def under_keys(
        self, board: Board, key_column: str, keys: Collection[str]
    ) -> dict[str, list[ShownItem]]:
        """Key -> active items that bear it, oldest first; by scan where that takes fewer pages.

        A scan is not behind, as the index of a look-up may be.
        """
        if board.items_count / PAGE < len(keys) / CHUNK:
            shown = [item async for item in self.scan(board)]
        else:
            shown = await self.find(board, key_column, sorted(keys))
        found: defaultdict[str, list[ShownItem]] = defaultdict(list)
        for item in sorted(shown, key=lambda item: int(item.monday_id)):
            if (key := item.values.get(key_column)) in keys:
                found[key or ""].append(item)
        return dict(found)

    async def read(self, board: Board, monday_ids: Sequence[str]) -> list[ShownItem]:
        """Active items by id; archived and deleted ones are left out."""
        calls = [
            {"ids": list(monday_ids[start : start + CHUNK]), **self._ids(board)}
            for start in range(0, len(monday_ids), CHUNK)
        ]
        pages = await self._client.query_each("read_items", calls)
        shown = [item for page in pages for item in page or ()]
        return [_item(item, board) for item in shown if item and item["state"] == "active"]

    async def link(self, monday_id: str) -> str | None:
        """The address of an item's page; None when it no longer stands on a board."""
        data = await self._client.query("item_link", ids=[monday_id])
        shown = [item for item in data["items"] or () if item and item["state"] == "active"]
        return str(shown[0]["url"]) if shown else None

    def ours(self, board: Board, *, subitems: bool) -> list[str]:
        """Ids of the columns, of items or of subitems, that the configuration names."""
        return self._ids(board)["sizes" if subitems else "columns"]

    async def make_key_column(self, board: Board, title: str) -> None:
        """Make the text column that holds line keys. Sent once; look before calling again."""
        call = Mutation(document="create_key_column", variables={"board": board.id, "title": title})
        answer = await self._client.carry_out(call)
        for error in answer.errors.values():
            raise BoardError(
                f'the column "{title}" was not made: {error.message}',
                hint="the token needs the right to change the board's structure",
            )

    async def _read_board(self, board_id: str) -> Mapping[str, Any]:
        data = await self._client.query("board", ids=[board_id])
        boards = [board for board in data["boards"] or () if board]
        if not boards or boards[0]["state"] != "active":
            raise _not_there(board_id)
        if boards[0]["hierarchy_type"] not in (None, "classic"):
            raise BoardError(
                f'board {board_id} "{boards[0]["name"]}" is a {boards[0]["hierarchy_type"]} board',
                hint="only classic boards, with subitems on a board of their own, are supported",
            )
        return dict(boards[0])

    async def _all(self, board: Board, page: Mapping[str, Any]) -> list[ShownItem]:
        return [item async for item in self._pages(board, page)]

    async def _pages(self, board: Board, page: Mapping[str, Any]) -> AsyncIterator[ShownItem]:
        while True:
            for item in page["items"]:
                yield _item(item, board)
            if not page["cursor"]:
                return
            data = await self._client.query("next_items", cursor=page["cursor"], **self._ids(board))
            page = data["next_items_page"]

    def _ids(self, board: Board) -> dict[str, list[str]]:
        return {
            "columns": [board.columns[t].id for t in self._columns if t in board.columns],
            "sizes": [
                board.subitem_columns[t].id
                for t in self._subitem_columns
                if t in board.subitem_columns
            ],
        }


def _not_there(board_id: str) -> BoardError:
    return BoardError(
        f"board {board_id} is not there, or the token may not see it",
        hint="check the id under [[board]] and the token's rights",
    )


def _subitems_board(shown: Mapping[str, Any]) -> str | None:
    for column in shown["columns"]:
        ids = (column["settings"] or {}).get("boardIds") if column["type"] == "subtasks" else None
        if ids:
            return str(ids[0])
    return None


def _columns(shown: Mapping[str, Any], wanted: Collection[str]) -> dict[str, BoardColumn]:
    """Title -> column. Raises BoardError where a wanted title stands twice."""
    found: dict[str, BoardColumn] = {}
    for column in shown["columns"]:
        if column["archived"]:
            continue
        if column["title"] in found and column["title"] in wanted:
            raise BoardError(
                f'board {shown["id"]} "{shown["name"]}" has two columns called "{column["title"]}"',
                hint="rename one of them; columns are found by their title",
            )
        labels, inactive = _labels(column)
        found[column["title"]] = BoardColumn(
            id=column["id"],
            title=column["title"],
            type=column["type"],
            labels=frozenset(labels),
            inactive_labels=inactive,
            label_ids=labels,
        )
    return found


def _labels(column: Mapping[str, Any]) -> tuple[dict[str, int], frozenset[str]]:
    """Active label -> id, and the deactivated ones."""
    settings = column["settings"] or {}
    labels = settings.get("labels") or () if column["type"] in LABELLED else ()
    named = [label for label in labels if label.get("label")]
    active = {x["label"]: int(x["id"]) for x in named if not x.get("is_deactivated")}
    return active, frozenset(x["label"] for x in named if x.get("is_deactivated"))


def _item(shown: Mapping[str, Any], board: Board) -> ShownItem:
    titles = {column.id: title for title, column in board.columns.items()}
    sizes = {column.id: title for title, column in board.subitem_columns.items()}
    return ShownItem(
        monday_id=shown["id"],
        board=shown["board"]["id"],
        group=shown["group"]["title"],
        name=shown["name"],
        values={titles[cell["id"]]: decode(cell) for cell in shown["column_values"]},
        subitems=tuple(
            ShownSubitem(
                monday_id=subitem["id"],
                name=subitem["name"],
                values={sizes[cell["id"]]: decode(cell) for cell in subitem["column_values"]},
            )
            for subitem in shown["subitems"] or ()
            if subitem["state"] == "active"
        ),
    )

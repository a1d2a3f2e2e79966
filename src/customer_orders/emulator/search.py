"""Reading many items: rules, order, the search by column values, and cursors.

docs/querying-board-items.md, reference/items-page.md and reference/items-page-by-column-values.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from customer_orders.emulator.errors import ApiError, invalid_argument
from customer_orders.emulator.state import Board, Column, Item
from customer_orders.emulator.trail import View
from customer_orders.emulator.values import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from customer_orders.emulator.boards import Boards
    from customer_orders.emulator.settings import Settings

PAGE_LIMIT = 500
IDS_LIMIT = 100
#: Searchable by items_page_by_column_values; `name` works in practice.
SEARCHABLE = (
    *("checkbox", "country", "date", "dropdown", "email", "hour", "link", "long_text", "name"),
    *("numbers", "people", "phone", "status", "text", "timeline", "world_clock"),
)
ONE_VALUE = ("date", "dropdown")


class Page(NamedTuple):
    """An ItemsResponse."""

    items: Sequence[Item]
    cursor: str | None


class _Rest(NamedTuple):
    """What a cursor stands for; it lives 60 minutes from the first request."""

    items: list[Item]
    start: int
    expires: float


class Search:
    """Answers the three queries that page through items."""

    def __init__(self, boards: Boards, settings: Settings) -> None:
        self.boards = boards
        self.settings = settings
        self._cursors: dict[str, _Rest] = {}

    def items_page(
        self,
        board: Board,
        limit: int,
        cursor: str | None = None,
        query: Mapping[str, Any] | None = None,
        group_id: str | None = None,
    ) -> Page:
        """`Board.items_page` and `Group.items_page`: query_params or cursor, never both."""
        if cursor is not None:
            if query is not None:
                raise invalid_argument("query_params and cursor cannot be used together")
            return self.next_page(cursor, limit)
        query = query or {}
        candidates = self._candidates(board, query.get("ids"), group_id)
        lagging = bool(query.get("rules") or query.get("groups"))
        lagging = lagging or self.settings.index_lag_on_scans
        if not lagging and not query.get("order_by"):
            return self._first_page(list(candidates), limit)
        test = _all_rules(board, query)
        found = [
            (item, view)
            for item in candidates
            if (view := self.boards.trail.seen(item, lagging=lagging)) is not None and test(view)
        ]
        for order in reversed(query.get("order_by") or []):
            key = _sort_key(board, order["column_id"])
            found.sort(key=key, reverse=order.get("direction") == "desc")
        return self._first_page([item for item, _ in found], limit)

    def by_column_values(
        self,
        board: Board,
        columns: Sequence[Mapping[str, Any]] | None,
        limit: int,
        cursor: str | None,
    ) -> Page:
        """Columns are joined by AND, the values of one column by OR."""
        if cursor is not None:
            if columns:
                raise invalid_argument("columns and cursor cannot be used together")
            return self.next_page(cursor, limit)
        tests = [self._column_test(board, each) for each in columns or ()]
        found = []
        for item in board.items():
            view = self.boards.trail.seen(item, lagging=True)
            if view is not None and all(test(view) for test in tests):
                found.append(item)
        return self._first_page(found, limit)

    def next_page(self, cursor: str, limit: int) -> Page:
        rest = self._cursors.get(cursor)
        if rest is None or rest.expires <= self.boards.clock.now():
            message = (
                "The cursor provided for pagination has expired. Please refresh your query "
                "and obtain a new cursor to continue fetching items"
            )
            raise ApiError("CursorExpiredError", message)
        return self._page(rest, limit)

    def _first_page(self, items: list[Item], limit: int) -> Page:
        now = self.boards.clock.now()
        for old in [key for key, rest in self._cursors.items() if rest.expires <= now]:
            del self._cursors[old]
        return self._page(_Rest(items, 0, now + self.settings.cursor_seconds), limit)

    def _page(self, rest: _Rest, limit: int) -> Page:
        if not 1 <= limit <= PAGE_LIMIT:
            raise invalid_argument(f"limit must be between 1 and {PAGE_LIMIT}", limit=limit)
        end = rest.start + limit
        cursor = None
        if end < len(rest.items):
            cursor = "MSw" + self.boards.new_code() + self.boards.new_code()
            self._cursors[cursor] = rest._replace(start=end)
        items = [item for item in rest.items[rest.start : end] if item.state == "active"]
        return Page(items, cursor)

    def _candidates(
        self, board: Board, ids: Sequence[str] | None, group_id: str | None
    ) -> Iterable[Item]:
        items = board.items() if group_id is None else self.boards.group(board, group_id).active()
        if ids is None:
            return items
        if len(ids) > IDS_LIMIT:
            raise invalid_argument(f"at most {IDS_LIMIT} ids")
        wanted = set(map(str, ids))
        return (item for item in items if item.id in wanted)

    def _column_test(self, board: Board, query: Mapping[str, Any]) -> Callable[[View], bool]:
        column = self.boards.column(board, query["column_id"])
        values = [each or "" for each in query["column_values"]]
        if column.type not in SEARCHABLE:
            raise invalid_argument(
                "column type is not supported by this query", column_id=column.id
            )
        if column.type in ONE_VALUE and len(values) > 1:
            raise invalid_argument("this column takes one value", column_id=column.id)
        if column.type == "dropdown":
            # monday matches part of a dropdown's text.
            return lambda view: _cell_text(column, view).find(values[0]) >= 0
        if column.type == "long_text":
            return lambda view: _cell_text(column, view) in values
        folded = {each.casefold() for each in values}
        return lambda view: _cell_text(column, view).casefold() in folded


def duplicates(board: Board, column_id: str) -> dict[str, list[str]]:
    """Ids of the active items that share a text in this column; monday itself allows it."""
    column = board.columns[column_id]
    ids: dict[str, list[str]] = {}
    for item in board.items():
        ids.setdefault(_cell_text(column, View(item.name, "", item.values)), []).append(item.id)
    return {text: shared for text, shared in ids.items() if text and len(shared) > 1}


def _cell_text(column: Column, view: View) -> str:
    if column.type == "name":
        return view.name
    stored = view.values.get(column.id)
    return "" if stored is None else kind_of(column.type).text(column, stored) or ""


def _all_rules(board: Board, query: Mapping[str, Any]) -> Callable[[View], bool]:
    """Rules and nested groups joined by the operator, `and` when none is given."""
    tests = [_rule(board, each) for each in query.get("rules") or ()]
    tests += [_all_rules(board, each) for each in query.get("groups") or ()]
    if not tests:
        return lambda view: True
    join = any if query.get("operator") == "or" else all
    return lambda view: join(test(view) for test in tests)


def _rule(board: Board, rule: Mapping[str, Any]) -> Callable[[View], bool]:
    column_id, operator = rule["column_id"], rule.get("operator", "any_of")
    wanted = rule.get("compare_value")
    values = wanted if isinstance(wanted, list) else [wanted]
    read = _reader(board, column_id)
    compare = _OPERATORS.get(operator)
    if compare is None:
        raise invalid_argument(f"the emulator does not know the operator {operator}")
    return lambda view: compare(read(view), values)


class _Read(NamedTuple):
    """A cell as rules compare it: by its ids (labels, group) and by its text."""

    ids: tuple[str, ...]
    text: str
    number: float | None


def _reader(board: Board, column_id: str) -> Callable[[View], _Read]:
    if column_id == "group":
        return lambda view: _Read((view.group_id,), view.group_id, None)
    column = board.columns.get(column_id)
    if column is None:
        raise ApiError(
            "InvalidColumnIdException",
            "This column ID doesn't exist for the board",
            error_data={"column_id": column_id, "board_id": board.id},
        )

    def read(view: View) -> _Read:
        text = _cell_text(column, view)
        stored = view.values.get(column.id)
        if column.type in ("status", "dropdown"):
            ids = stored if isinstance(stored, list) else [] if stored is None else [stored]
            return _Read(tuple(map(str, ids)), text, None)
        number = float(text) if column.type == "numbers" and text else None
        return _Read((), text, number)

    return read


def _any_of(cell: _Read, values: list[Any]) -> bool:
    texts = ["" if each is None else str(each) for each in values]
    if cell.ids:
        return any(each in cell.ids for each in texts) or cell.text in texts
    if cell.number is not None:
        return any(_number(each) == cell.number for each in values)
    return cell.text.casefold() in [each.casefold() for each in texts]


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _order(cell: _Read, value: Any) -> int | None:
    """-1, 0 or 1; None when the two cannot be compared."""
    if not cell.text:
        return None
    if cell.number is not None:
        other = _number(value)
        return None if other is None else (cell.number > other) - (cell.number < other)
    text = str(value)
    return (cell.text > text) - (cell.text < text)


def _first(values: list[Any]) -> str:
    return str(values[0]).casefold() if values else ""


def _between(cell: _Read, values: list[Any]) -> bool:
    low, high = _order(cell, values[0]), _order(cell, values[-1])
    return low is not None and high is not None and low >= 0 >= high


_OPERATORS: dict[str, Callable[[_Read, list[Any]], bool]] = {
    "any_of": _any_of,
    "not_any_of": lambda cell, values: not _any_of(cell, values),
    "is_empty": lambda cell, _: not cell.text,
    "is_not_empty": lambda cell, _: bool(cell.text),
    "greater_than": lambda cell, values: _order(cell, values[0]) == 1,
    "greater_than_or_equals": lambda cell, values: _order(cell, values[0]) in (0, 1),
    "lower_than": lambda cell, values: _order(cell, values[0]) == -1,
    "lower_than_or_equal": lambda cell, values: _order(cell, values[0]) in (-1, 0),
    "between": _between,
    "contains_text": lambda cell, values: _first(values) in cell.text.casefold(),
    "not_contains_text": lambda cell, values: _first(values) not in cell.text.casefold(),
    "contains_terms": lambda cell, values: all(
        term in cell.text.casefold() for term in _first(values).split()
    ),
    "starts_with": lambda cell, values: cell.text.casefold().startswith(_first(values)),
    "ends_with": lambda cell, values: cell.text.casefold().endswith(_first(values)),
}


def _sort_key(board: Board, column_id: str) -> Callable[[tuple[Item, View]], Any]:
    if column_id == "__creation_log__":
        return lambda pair: pair[0].created_at
    if column_id == "__last_updated__":
        return lambda pair: pair[0].updated_at
    read = _reader(board, column_id)

    def key(pair: tuple[Item, View]) -> tuple[bool, float, str]:
        cell = read(pair[1])
        return (not cell.text, cell.number or 0.0, cell.text.casefold())

    return key

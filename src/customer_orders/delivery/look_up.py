"""Finds out by looking what became of a request that nobody answered.

Only what the board shows counts, and only after the call can no longer be running: what is there
was done, and what was read is taken for delivered; what is absent or old was not done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from customer_orders.config import Settings
from customer_orders.delivery.answers import HINTS
from customer_orders.ledger.claiming import Request
from customer_orders.ledger.results import Claimed, Done, Refusal, Reopen, Result
from customer_orders.model import Board, ShownItem
from customer_orders.monday import BoardAPI, Category
from customer_orders.plan import Action, Operation, Target

ABSENT = Reopen(reason="looked up: not on the board")
OLD = Reopen(reason="looked up: the board shows the old value")
GONE = Refusal(
    category=Category.GONE,
    code="looked up",
    error="the item is no longer on the board",
    hint=HINTS[Category.GONE],
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shown:
    """What the board shows of a request."""

    #: Title -> ids of the groups.
    groups: Mapping[str, Sequence[str]]
    by_key: Mapping[str, ShownItem]
    by_id: Mapping[str, ShownItem]
    size_column: str

    def result(self, claimed: Claimed) -> Result:
        """What became of one operation."""
        planned = claimed.operation
        if planned.kind is Target.GROUP:
            found = self.groups.get(planned.group)
            return Done(monday_id=found[0]) if found else ABSENT
        if planned.kind is Target.ITEM and planned.action is Action.CREATE:
            made = self.by_key.get(planned.record_uuid or "")
            return _taken_over(made) if made else ABSENT
        if planned.kind is Target.COPY:
            holder = claimed.item_id if planned.below else planned.payload["monday_id"]
            return _copy_result(planned, self.by_id.get(holder or ""))
        item = self.by_id.get(claimed.item_id or "")
        if planned.action.removes:
            return _removal_result(claimed, item)
        if item is None:
            return GONE
        if planned.kind is Target.ITEM:
            return _item_result(claimed, item)
        return _subitem_result(claimed, item, self.size_column)


async def look_up(
    request: Request, api: BoardAPI, board: Board, settings: Settings
) -> dict[int, Result]:
    """What became of every operation of a request, by operation id."""
    grouped = any(claimed.operation.kind is Target.GROUP for claimed in request.operations)
    made, known = _keys(request)
    key_column = settings.key_column(board.id)
    by_key: dict[str, ShownItem] = {}
    groups = (await api.board(board.id)).groups if grouped else {}
    for item in await api.find(board, key_column, made):
        by_key.setdefault(item.values.get(key_column) or "", item)
    shown = _Shown(
        groups=groups,
        by_key=by_key,
        by_id={item.monday_id: item for item in await api.read(board, known)},
        size_column=settings.mapping.subitem_size,
    )
    return {claimed.id: shown.result(claimed) for claimed in request.operations}


def _keys(request: Request) -> tuple[list[str], list[str]]:
    """Keys of items that may have been made, and ids of items that were there before."""
    made, known = [], set()
    for claimed in request.operations:
        planned = claimed.operation
        if planned.kind is Target.ITEM and planned.action is Action.CREATE:
            made.append(planned.record_uuid or "")
        elif planned.kind is Target.COPY and not planned.below:
            known.add(planned.payload["monday_id"])
        elif claimed.item_id is not None:
            known.add(claimed.item_id)
    return made, sorted(known)


def _taken_over(item: ShownItem) -> Done:
    read = {"name": item.name, "group": item.group, "values": dict(item.values)}
    return Done(monday_id=item.monday_id, read=read)


def _item_result(claimed: Claimed, item: ShownItem) -> Result:
    payload = claimed.operation.payload
    if claimed.operation.action is Action.MOVE:
        moved = item.group == payload["group"]
        return Done(monday_id=item.monday_id) if moved else OLD
    named = payload.get("name", item.name) == item.name
    if not named or not _shows(item.values, payload.get("values", {})):
        return OLD
    read = {"name": item.name, "values": dict(item.values)}
    return Done(monday_id=item.monday_id, read=read)


def _subitem_result(claimed: Claimed, item: ShownItem, size_column: str) -> Result:
    planned = claimed.operation
    if planned.action is Action.CREATE:
        found = item.sizes(size_column).get(planned.size or "")
        if not found:
            return ABSENT
        return Done(monday_id=found[0].monday_id, read={"values": dict(found[0].values)})
    shown = next((s for s in item.subitems if s.monday_id == claimed.subitem_id), None)
    if shown is None:
        return GONE
    if not _shows(shown.values, planned.payload["values"]):
        return OLD
    return Done(monday_id=shown.monday_id, read={"values": dict(shown.values)})


def _removal_result(claimed: Claimed, item: ShownItem | None) -> Result:
    """Done where it no longer stands, whoever took it off the board."""
    standing = {item.monday_id, *(s.monday_id for s in item.subitems)} if item else set()
    removed = claimed.subitem_id or claimed.item_id or ""
    return OLD if removed in standing else Done(monday_id=removed)


def _copy_result(planned: Operation, shown: ShownItem | None) -> Result:
    """Done where the copy no longer stands, or bears our key no more."""
    cells = {shown.monday_id: shown.values} if shown else {}
    cells |= {s.monday_id: s.values for s in shown.subitems} if shown else {}
    copy = planned.payload["monday_id"]
    keyed = copy in cells and not _shows(cells[copy], planned.payload.get("values", {}))
    stands = copy in cells if planned.action.removes else keyed
    return OLD if stands else Done(monday_id=copy)


def _shows(shown: Mapping[str, str | None], sent: Mapping[str, str | None]) -> bool:
    return all(shown.get(title) == cell for title, cell in sent.items())

"""Looks again at what was ever unknown: monday may have carried it out long after we asked.

A late create shows as a second copy, a late update or move as a value that was ours and is old.
Copies are taken off the board here; late values are booked as delivered, so that the next plan
corrects them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from customer_orders.config import Settings
from customer_orders.delivery.stop import Stop
from customer_orders.errors import Forbidden, NoAnswer, RequestRefused, Throttled
from customer_orders.ledger.rechecks import Doubted, Stale
from customer_orders.model import Cell, DeliveredItem, Finding, Severity, ShownItem, ShownSubitem
from customer_orders.monday import Copy, Session
from customer_orders.plan import Action, Operation, Target

#: Rule of the remark about a second copy.
DUPLICATE = "duplicate"


@dataclass(kw_only=True)
class Seen:
    """What a look showed."""

    stale: list[Stale] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Second:
    """A copy, and what it is a copy of."""

    monday_id: str
    #: The one that stays.
    first: str
    doubted: Doubted


class Recheck:
    """One look at everything doubted on one board."""

    def __init__(self, session: Session, settings: Settings, board_id: str, stop: Stop) -> None:
        self._session = session
        self._stop = stop
        self._board = session.boards[board_id]
        self._size_column = settings.mapping.subitem_size
        self._key_column = settings.key_column(board_id)

    async def look(
        self, doubted: Sequence[Doubted], delivered: Mapping[str, DeliveredItem]
    ) -> Seen:
        """What is late, of the lines that the ledger knows as delivered; copies are dealt with.

        A line that the ledger does not know needs nothing: its key is looked up before a create.
        """
        known = [
            doubt
            for doubt in doubted
            if doubt.operation.record_uuid in delivered and doubt.operation.kind is not Target.COPY
        ]
        by_key = await self._stop.unless(self._under_keys(known))
        ids = {delivered[d.operation.record_uuid or ""].monday_id for d in known}
        shown = await self._stop.unless(self._session.api.read(self._board, sorted(ids)))
        by_id = {item.monday_id: item for item in shown}
        seen = Seen()
        seconds: dict[str, _Second] = {}
        for doubt in known:
            item = delivered[doubt.operation.record_uuid or ""]
            stands = by_id.get(item.monday_id)
            if late := _late_size(doubt, item, stands, self._size_column):
                seen.stale.append(late)
            elif doubt.operation.action is Action.CREATE:
                for second in self._seconds(doubt, item, stands, by_key):
                    seconds.setdefault(second.monday_id, second)
            elif stale := _stale(doubt, item, stands):
                seen.stale.append(stale)
        seen.findings = await self._resolve(seconds)
        return seen

    async def _under_keys(self, known: Sequence[Doubted]) -> dict[str, list[ShownItem]]:
        keys = {
            d.operation.record_uuid or ""
            for d in known
            if d.operation.kind is Target.ITEM and d.operation.action is Action.CREATE
        }
        return await self._session.api.under_keys(self._board, self._key_column, keys)

    def _seconds(
        self,
        doubt: Doubted,
        item: DeliveredItem,
        shown: ShownItem | None,
        by_key: Mapping[str, Sequence[ShownItem]],
    ) -> Iterator[_Second]:
        """What stands beside the item or the subitem of the ledger, under the same key.

        Where that one has gone, the oldest of the others stays in its place.
        """
        planned = doubt.operation
        standing: Sequence[ShownItem | ShownSubitem] = by_key.get(planned.record_uuid or "", ())
        first, gone = item.monday_id, shown is None
        if planned.kind is Target.SUBITEM:
            sizes = shown.sizes(self._size_column) if shown else {}
            standing = sizes.get(planned.size or "", ())
            known = item.subitems.get(planned.size or "")
            first = known.monday_id if known else ""
            gone = all(each.monday_id != first for each in standing)
        if gone:
            first = min((each.monday_id for each in standing), key=int, default=first)
        for each in standing:
            if each.monday_id != first:
                yield _Second(monday_id=each.monday_id, first=first, doubted=doubt)

    async def _resolve(self, seconds: Mapping[str, _Second]) -> list[Finding]:
        """Archive the copies that nobody works on; the others lose our key. All are reported."""
        copies = await self._stop.unless(self._copies(seconds))
        return [await self._resolved(seconds[copy.monday_id], copy) for copy in copies]

    async def _resolved(self, second: _Second, copy: Copy) -> Finding:
        ours = copy.creator == self._session.user
        late = copy.created >= int(second.doubted.first_send)
        why = "may be somebody's work"
        try:
            if ours and late and not copy.foreign:
                why = "may not be archived by the token's user"
                with suppress(Forbidden):
                    await self._session.copies.archive(copy.monday_id)
                    return _finding(second, "was archived", Severity.INFO)
            await self._take_key(second)
            return _finding(second, f"{why}: it lost its key and stays", Severity.WARNING)
        except (NoAnswer, Throttled, RequestRefused, Forbidden) as exc:
            # The next look tells, until the re-check time has passed.
            return _finding(second, f"could not be dealt with: {exc.message}", Severity.ERROR)

    async def _copies(self, seconds: Mapping[str, _Second]) -> list[Copy]:
        """Items and subitems apart: their columns may have the same ids."""
        found: list[Copy] = []
        for kind in (Target.ITEM, Target.SUBITEM):
            ids = [i for i, s in seconds.items() if s.doubted.operation.kind is kind]
            ours = self._session.api.ours(self._board, subitems=kind is Target.SUBITEM)
            found += await self._session.copies.read(sorted(ids), ours)
        return found

    async def _take_key(self, second: _Second) -> None:
        board = self._board
        if second.doubted.operation.kind is Target.ITEM:
            where, column = board.id, board.columns[self._key_column]
        else:
            where, column = board.subitems_board, board.subitem_columns[self._size_column]
        await self._session.copies.clear(where, second.monday_id, column.id)


def _finding(second: _Second, fate: str, severity: Severity) -> Finding:
    planned = second.doubted.operation
    what = f"size {planned.size}" if planned.size else "item"
    return Finding(
        rule=DUPLICATE,
        message=f"a second {what}, {second.monday_id}, was made late beside {second.first}; "
        f"the copy {fate}",
        severity=severity,
        record_uuid=planned.record_uuid,
        customer=planned.customer,
        column=second.monday_id,
    )


def _stale(doubt: Doubted, item: DeliveredItem, shown: ShownItem | None) -> Stale | None:
    """What stands there of this operation, although something else was delivered since.

    Only its own values count: any other difference is a person's, and `verify` shows it.
    """
    planned = doubt.operation
    if planned.action.removes:
        return None if _stands(planned, item, shown) else Stale(operation=planned, shown=None)
    if shown is None:
        return None
    if planned.kind is Target.SUBITEM:
        subitem = item.subitems.get(planned.size or "")
        stands = next(
            (s for s in shown.subitems if subitem and s.monday_id == subitem.monday_id), None
        )
        if subitem is None or stands is None:
            return None
        values = _late(planned.payload["values"], stands.values, subitem.values)
        return Stale(operation=planned, shown={"values": values}) if values else None
    was: dict[str, Any] = {"group": item.group, "name": item.name}
    stands_as = {"group": shown.group, "name": shown.name}
    late: dict[str, Any] = _late(
        {k: v for k, v in planned.payload.items() if k in was}, stands_as, was
    )
    if values := _late(planned.payload.get("values", {}), shown.values, item.values):
        late["values"] = values
    return Stale(operation=planned, shown=late) if late else None


def _late_size(
    doubt: Doubted, item: DeliveredItem, shown: ShownItem | None, size_column: str
) -> Stale | None:
    """A size that was made after all, although no plan wanted it any more."""
    planned = doubt.operation
    made = planned.kind is Target.SUBITEM and planned.action is Action.CREATE
    if not made or shown is None or planned.size in item.subitems:
        return None
    for subitem in shown.sizes(size_column).get(planned.size or "", ()):
        if dict(subitem.values) == planned.payload["values"]:
            made_late = {"monday_id": subitem.monday_id, "values": dict(subitem.values)}
            return Stale(operation=planned, shown=made_late)
    return None


def _stands(planned: Operation, item: DeliveredItem, shown: ShownItem | None) -> bool:
    """Whether what was to be removed, and stands in the ledger, stands on the board as well."""
    if planned.kind is Target.ITEM:
        return shown is not None
    subitem = item.subitems.get(planned.size or "")
    if subitem is None or shown is None:
        return True  # nothing that a later plan would write to
    return any(s.monday_id == subitem.monday_id for s in shown.subitems)


def _late(
    sent: Mapping[str, Cell], shown: Mapping[str, Cell], delivered: Mapping[str, Cell]
) -> dict[str, Cell]:
    """What stands as it was sent, while something else was delivered."""
    return {
        title: cell
        for title, cell in sent.items()
        if shown.get(title) == cell and delivered.get(title) != cell
    }

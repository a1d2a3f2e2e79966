"""What stands on the boards under our keys: the look of `verify`, page by page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from customer_orders.config import BoardSettings, Settings
from customer_orders.model import DeliveredItem, DeliveredSubitem, ShownItem, ShownSubitem
from customer_orders.monday.session import Session
from customer_orders.plan import Knowledge, Surplus


async def standing(
    session: Session,
    settings: Settings,
    knowledge: Knowledge,
    lines: Mapping[str, str],
    known: Collection[str],
) -> Knowledge:
    """The knowledge, with what every configured board shows of the lines.

    `lines` are record_uuids by board, `known` are all keys that some line has. An item that a page
    does not show is read by its id before it counts as gone: pages lag behind.
    """
    whole = replace(knowledge, whole_boards=True)
    for configured in settings.boards:
        look = _Look(session, settings, configured, knowledge.delivered)
        await look.read()
        of_board = [line for line, board in lines.items() if board == configured.id]
        look.assign(of_board)
        for record_uuid in of_board:
            look.settle(record_uuid)
        foreign = (*whole.foreign, *look.foreign(known))
        surplus = {**whole.surplus, **await look.surplus()}
        found = {**whole.found, **look.found}
        whole = replace(whole, found=found, surplus=surplus, foreign=foreign)
    return whole


@dataclass
class _Second:
    """A copy, before it is known whose it is."""

    record_uuid: str
    copy: ShownItem | ShownSubitem
    size: str | None
    column: str
    key: str


@dataclass
class _Look:
    """One board, read whole."""

    session: Session
    settings: Settings
    configured: BoardSettings
    delivered: Mapping[str, DeliveredItem]
    found: dict[str, DeliveredItem] = field(default_factory=dict)
    by_id: dict[str, ShownItem] = field(default_factory=dict)
    by_key: dict[str, list[ShownItem]] = field(default_factory=dict)
    #: record_uuid -> the item that the ledger has for it, where that one still stands for it.
    own: dict[str, ShownItem] = field(default_factory=dict)
    #: The id of that item -> the line.
    owners: dict[str, str] = field(default_factory=dict)
    seconds: list[_Second] = field(default_factory=list)

    async def read(self) -> None:
        """Every page, and by id what the ledger knows and no page shows."""
        live = self.session.boards[self.configured.id]
        shown = [item async for item in self.session.api.scan(live)]
        seen = {item.monday_id for item in shown}
        of_board = (i.monday_id for i in self.delivered.values() if i.board == live.id)
        behind = await self.session.api.read(live, sorted(set(of_board) - seen))
        shown += [item for item in behind if item.board == live.id]
        self.by_id = {item.monday_id: item for item in shown}
        by_key: defaultdict[str, list[ShownItem]] = defaultdict(list)
        for item in sorted(shown, key=lambda item: int(item.monday_id)):
            if key := item.values.get(self.configured.key_column):
                by_key[key].append(item)
        self.by_key = dict(by_key)

    def assign(self, lines: Collection[str]) -> None:
        """Each line its item of the ledger, but for one under the key of a line that has none."""
        known = {line: self.delivered[line].monday_id for line in lines if line in self.delivered}
        own = {line: self.by_id[i] for line, i in known.items() if i in self.by_id}
        without = set(lines) - own.keys()
        column = self.configured.key_column
        self.own = {x: item for x, item in own.items() if item.values.get(column) not in without}
        self.owners = {item.monday_id: line for line, item in self.own.items()}

    def settle(self, record_uuid: str) -> None:
        """Which item stands for a line: the ledger's, else the oldest that bears its key.

        The item of another line is no copy, whatever a person wrote into its key.
        """
        known, first = self.delivered.get(record_uuid), self.own.get(record_uuid)
        bearing = [
            item
            for item in self.by_key.get(record_uuid, [])
            if self.owners.get(item.monday_id, record_uuid) == record_uuid
        ]
        item = first or next(iter(bearing), None)
        if item is None:
            return
        column = self.configured.key_column
        self.seconds += [
            _Second(record_uuid, copy, None, column, record_uuid)
            for copy in bearing
            if copy is not item
        ]
        subitems = dict(self._sizes(record_uuid, item, known))
        read = item.as_delivered(record_uuid, self.settings.mapping.subitem_size)
        # People may move an item: it stays where they put it.
        group = known.group if known and first else item.group
        self.found[record_uuid] = replace(read, subitems=subitems, group=group)

    def _sizes(
        self, record_uuid: str, item: ShownItem, known: DeliveredItem | None
    ) -> Iterator[tuple[str, DeliveredSubitem]]:
        """Which subitem stands for each size: the ledger's, else the oldest."""
        column = self.settings.mapping.subitem_size
        for size, shown in item.sizes(column).items():
            ours = known.subitems[size].monday_id if known and size in known.subitems else ""
            first = next((s for s in shown if s.monday_id == ours), shown[0])
            yield size, DeliveredSubitem(monday_id=first.monday_id, values=first.values)
            self.seconds += [
                _Second(record_uuid, copy, size, column, size)
                for copy in shown
                if copy is not first
            ]

    def foreign(self, known: Collection[str]) -> list[DeliveredItem]:
        """Items under a key that no line has."""
        column = self.settings.mapping.subitem_size
        return [
            item.as_delivered(key, column)
            for key, items in self.by_key.items()
            if key not in known
            for item in items
        ]

    async def surplus(self) -> dict[str, Sequence[Surplus]]:
        """The copies by line; only what our user made and nobody works on may leave the board."""
        spare = {*await self._spare(subitems=False), *await self._spare(subitems=True)}
        found: defaultdict[str, list[Surplus]] = defaultdict(list)
        for second in self.seconds:
            found[second.record_uuid].append(
                Surplus(
                    monday_id=second.copy.monday_id,
                    name=second.copy.name,
                    size=second.size,
                    column=second.column,
                    key=second.key,
                    spare=second.copy.monday_id in spare,
                )
            )
        return dict(found)

    async def _spare(self, *, subitems: bool) -> list[str]:
        """Items and subitems apart: their columns may have the same ids."""
        ids = [s.copy.monday_id for s in self.seconds if (s.size is not None) is subitems]
        ours = self.session.api.ours(self.session.boards[self.configured.id], subitems=subitems)
        copies = await self.session.copies.read(sorted(ids), ours)
        return [c.monday_id for c in copies if c.creator == self.session.user and not c.foreign]

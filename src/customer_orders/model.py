"""The values that travel between rooms: frozen, keyword-only, a comment per field.

A cell on its way to the board is a *canonical value*: text, or None for blank. Numbers are written
without trailing zeros ("12.5"), dates as YYYY-MM-DD, labels as the label's text. The same form is
sent, read back, stored and compared.
"""

from __future__ import annotations

import enum
import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

#: A canonical cell: text, or None for blank.
Cell = str | None

#: What is trimmed at both ends of a cell: blank, tab, CR, LF and U+00A0.
BLANKS = " \t\r\n\u00a0"
#: Stands between the parts of a line key; escaped where a part holds it.
KEY_SEPARATOR = "\x1f"
#: Subitems that monday gives an item room for (monday's documents, size limits).
SUBITEMS_PER_ITEM = 100
#: Types of columns whose cells are labels.
LABELLED = ("dropdown", "status")
#: Characters of a value that a finding repeats.
VALUE_LENGTH = 200


def trim(text: str | None) -> Cell:
    """Cut the blanks from both ends; what is left empty is None."""
    return (text or "").strip(BLANKS) or None


def shown(value: Cell) -> Cell:
    """As much of a value as a finding repeats; a blank one is None."""
    return value[:VALUE_LENGTH] if value else None


class Kind(enum.StrEnum):
    """What a line is, compared with the snapshot."""

    NEW = "new"
    CHANGED = "changed"
    #: Its row is as it was, but something else asks for another look.
    AGAIN = "again"


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderLine:
    """One row of the source that has to be looked at."""

    #: UUIDv5 of the line key; for a re-keyed line, of the key it had first.
    record_uuid: str
    #: The key columns, trimmed, in capital letters, and joined.
    line_key: str
    #: Number of the line among those with an equal key, from 1.
    ordinal: int
    #: 1-based row in the source, in the order it was read.
    row: int
    #: SHA-256 over all that reaches the board.
    row_hash: str
    kind: Kind
    #: Source column -> trimmed text; blank cells are None.
    values: Mapping[str, Cell]
    #: Size column -> trimmed text; blank and zero sizes are left out.
    sizes: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Subitem:
    """One size line as the board should show it."""

    size: str
    quantity: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One order line as the board should show it."""

    record_uuid: str
    row_hash: str
    #: Canonical name.
    customer: str
    board: str
    group: str
    name: str
    #: Board title -> canonical value. A title that is absent was rejected: the board keeps it.
    values: Mapping[str, Cell]
    #: The sizes with a quantity above 0, in size order.
    subitems: tuple[Subitem, ...]
    #: Sizes whose cell was rejected: the board keeps their quantity.
    rejected_sizes: frozenset[str] = frozenset()
    #: Whether the line is cancelled: its sizes stay, at 0.
    cancelled: bool = False
    #: For the filters of the command line.
    po: Cell = None
    season: Cell = None


class Severity(enum.StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A remark about a row or a cell, kept and reported."""

    rule: str
    message: str
    severity: Severity = Severity.WARNING
    record_uuid: str | None = None
    customer: str | None = None
    #: 1-based row in the source.
    row: int | None = None
    column: str | None = None
    #: The offending value, as much of it as `shown` leaves.
    value: str | None = None

    @property
    def id(self) -> str:
        """Stable from run to run: the same remark about the same cell has the same id."""
        place = self.record_uuid or f"row {self.row}"
        text = KEY_SEPARATOR.join((self.rule, place, self.column or ""))
        return hashlib.sha256(text.encode()).hexdigest()[:12]


#: Rules whose findings may vanish without a change of the row: their lines are looked at again.
REVIEWED_RULES = frozenset({"label", "capacity", "board"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A line that is stopped before anything is sent: the finding says why."""

    record_uuid: str | None
    customer: str
    finding: Finding
    po: Cell = None
    season: Cell = None


#: Lines that were looked at, each with what the board should show of it.
Rendered = Sequence[tuple[OrderLine, Item | Held]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Unchanged:
    """Lines that need no look, by what the filters of the command line look at."""

    customer: str
    po: Cell
    season: Cell
    lines: int
    #: Subitems that were delivered for them.
    subitems: int


@dataclass(frozen=True, kw_only=True, slots=True)
class BoardColumn:
    """A column of the live board."""

    id: str
    title: str
    #: monday's type, such as `numbers` or `long_text`.
    type: str
    #: Active labels of a dropdown or status column.
    labels: frozenset[str] = frozenset()
    #: Labels that a person deactivated: they are there, take room, and cannot be chosen.
    inactive_labels: frozenset[str] = frozenset()
    #: Label -> monday's id of it.
    label_ids: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelUse:
    """What a plan does to the labels of one column."""

    board: str
    #: Title of a column of items, or of the sizes of subitems.
    column: str
    #: Labels that the board has, deactivated ones among them.
    known: int
    #: Labels of the board that the lines bear.
    used: tuple[str, ...]
    #: Labels that sending makes.
    made: tuple[str, ...]
    #: Labels that are not sent: the column may not make them, or has no room.
    refused: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Board:
    """A live board and its board of subitems."""

    id: str
    name: str
    #: Title -> column, for items and for subitems.
    columns: Mapping[str, BoardColumn]
    subitem_columns: Mapping[str, BoardColumn]
    #: Title -> ids of the active groups with that title.
    groups: Mapping[str, tuple[str, ...]]
    items_count: int
    items_limit: int
    #: Id of the hidden board that holds the subitems.
    subitems_board: str = ""

    @property
    def room(self) -> int:
        """Items that can still be made."""
        return max(self.items_limit - self.items_count, 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveredSubitem:
    """A subitem as it was last confirmed or read."""

    monday_id: str
    #: Board title -> canonical value.
    values: Mapping[str, Cell]


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveredItem:
    """An item as it was last confirmed or read."""

    record_uuid: str
    monday_id: str
    board: str
    #: Title of the group it was delivered to, whatever people did since.
    group: str
    name: str
    values: Mapping[str, Cell]
    #: Size -> subitem.
    subitems: Mapping[str, DeliveredSubitem] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownSubitem:
    """A subitem that stands on the board."""

    monday_id: str
    name: str
    #: Board title -> canonical value.
    values: Mapping[str, Cell]


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownItem:
    """An item that stands on the board."""

    monday_id: str
    board: str
    group: str
    name: str
    #: Board title -> canonical value, of the columns that were asked for.
    values: Mapping[str, Cell]
    subitems: tuple[ShownSubitem, ...]

    def sizes(self, title: str) -> dict[str, list[ShownSubitem]]:
        """Subitems by the exact text of their size column."""
        found: defaultdict[str, list[ShownSubitem]] = defaultdict(list)
        for subitem in sorted(self.subitems, key=lambda s: int(s.monday_id)):
            if size := subitem.values.get(title):
                found[size].append(subitem)
        return dict(found)

    def as_delivered(self, record_uuid: str, size_column: str) -> DeliveredItem:
        """What is read, taken for what was delivered; of two equal sizes, the older subitem."""
        return DeliveredItem(
            record_uuid=record_uuid,
            monday_id=self.monday_id,
            board=self.board,
            group=self.group,
            name=self.name,
            values=self.values,
            subitems={
                size: DeliveredSubitem(monday_id=found[0].monday_id, values=found[0].values)
                for size, found in self.sizes(size_column).items()
            },
        )

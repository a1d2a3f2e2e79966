"""Reading a cell through the ColumnValue interface: its GraphQL type and what each field says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from customer_orders.emulator.clock import iso
from customer_orders.emulator.values import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from customer_orders.emulator.state import Column, Item

#: Column types that are shown as UnsupportedValue, for the schema has no type of their own.
NO_TYPE = ("auto_number", "direct_doc", "item_assignees", "name", "person", "team")


class Cell(NamedTuple):
    """One column of one item."""

    item: Item
    column: Column

    @property
    def stored(self) -> Any:
        return self.item.values.get(self.column.id)


def cells(
    item: Item, ids: Sequence[str] | None = None, types: Sequence[str] | None = None
) -> list[Cell]:
    """`Item.column_values`: every column but the name, in board order, or the ids asked for."""
    columns = item.board.columns
    if ids is not None:
        chosen = [columns[each] for each in ids if each in columns]
    else:
        chosen = list(columns.values())
    return [
        Cell(item, column)
        for column in chosen
        if column.type != "name" and not column.archived and (not types or column.type in types)
    ]


def type_name(column: Column) -> str:
    """`numbers` is NumbersValue, `long_text` LongTextValue."""
    if column.type in NO_TYPE:
        return "UnsupportedValue"
    return column.type.title().replace("_", "") + "Value"


def text_of(cell: Cell) -> str | None:
    """The cell as a person reads it."""
    item, column = cell
    if column.type == "item_id":
        return item.id
    if column.type == "subtasks":
        return ", ".join(each.name for each in _subitems(item))
    if column.type in ("last_updated", "creation_log"):
        moment = item.updated_at if column.type == "last_updated" else item.created_at
        return iso(moment).replace("T", " ").replace("Z", " UTC")
    kind, stored = kind_of(column), cell.stored
    return kind.empty_text if stored is None else kind.text(column, stored)


def value_of(cell: Cell) -> str | None:
    """The raw value, itself a JSON string; null for an empty cell and for links between items."""
    kind, stored = kind_of(cell.column), cell.stored
    if stored is None or not kind.shows_value:
        return None
    return json.dumps(kind.value(cell.column, stored, cell.item.updated_at))


def _subitems(item: Item) -> list[Item]:
    return [each for each in item.subitems if each.state == "active"]


def _label(cell: Cell) -> Any:
    return cell.column.labels.get(cell.stored)


def _label_style(cell: Cell) -> dict[str, str] | None:
    label = _label(cell)
    return None if label is None else {"border": "#c4c4c4", "color": f"#{label.color:06x}"}


def _options(cell: Cell) -> list[dict[str, Any]]:
    labels = cell.column.labels
    return [{"id": each, "label": labels[each].label} for each in cell.stored or ()]


def _part(name: str) -> Callable[[Cell], Any]:
    return lambda cell: (cell.stored or {}).get(name)


def _day(cell: Cell) -> str | None:
    return cell.stored.partition(" ")[0] if cell.stored else None


def _time(cell: Cell) -> str | None:
    return (cell.stored.partition(" ")[2] or None) if cell.stored else None


def _linked(cell: Cell) -> list[str]:
    return [str(each) for each in (cell.stored or {}).get("item_ids", ())]


def _people(cell: Cell) -> list[dict[str, Any]]:
    return list((cell.stored or {}).get("personsAndTeams", ()))


COMMON: dict[str, Callable[[Cell], Any]] = {
    "id": lambda cell: cell.column.id,
    "type": lambda cell: cell.column.type,
    "column": lambda cell: cell.column,
    "is_leaf": lambda cell: not cell.item.subitems,
    "text": text_of,
    "value": value_of,
    "updated_at": lambda cell: None if cell.stored is None else iso(cell.item.updated_at),
    "display_value": lambda cell: text_of(cell) or "",
}

#: Fields that belong to one type; those of a published type not named here are null or empty.
FIELDS: dict[str, dict[str, Callable[[Cell], Any]]] = {
    "NumbersValue": {"number": lambda cell: None if cell.stored is None else float(cell.stored)},
    "StatusValue": {
        "index": lambda cell: cell.stored,
        "label": lambda cell: label.label if (label := _label(cell)) else None,
        "is_done": lambda cell: label.is_done if (label := _label(cell)) else None,
        "label_style": _label_style,
    },
    "DropdownValue": {"values": _options},
    "DateValue": {"date": _day, "time": _time},
    "TimelineValue": {"from": _part("from"), "to": _part("to")},
    "PeopleValue": {"persons_and_teams": _people},
    "CheckboxValue": {"checked": lambda cell: cell.stored is not None},
    "LinkValue": {"url": _part("url"), "url_text": _part("text")},
    "EmailValue": {"email": _part("email"), "label": _part("text")},
    "PhoneValue": {"phone": _part("phone"), "country_short_name": _part("countryShortName")},
    "RatingValue": {"rating": _part("rating")},
    "HourValue": {"hour": _part("hour"), "minute": _part("minute")},
    "WeekValue": {"start_date": _part("startDate"), "end_date": _part("endDate")},
    "TagsValue": {"tag_ids": lambda cell: (cell.stored or {}).get("tag_ids", [])},
    "WorldClockValue": {"timezone": _part("timezone")},
    "LocationValue": {name: _part(name) for name in ("address", "lat", "lng", "country", "city")},
    "BoardRelationValue": {"linked_item_ids": _linked, "linked_items": lambda cell: []},
    "DependencyValue": {"linked_item_ids": _linked, "linked_items": lambda cell: []},
    "SubtasksValue": {
        "subitems": lambda cell: _subitems(cell.item),
        "subitems_ids": lambda cell: [each.id for each in _subitems(cell.item)],
    },
    "ItemIdValue": {"item_id": lambda cell: cell.item.id},
    "LastUpdatedValue": {
        "updated_at": lambda cell: iso(cell.item.updated_at),
        "updater_id": lambda cell: cell.item.creator_id,
    },
    "CreationLogValue": {
        "created_at": lambda cell: iso(cell.item.created_at),
        "creator_id": lambda cell: cell.item.creator_id,
    },
}

"""Reading a cell through the ColumnValue interface: its GraphQL type and what each field says."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from customer_orders.emulator.clock import iso
from customer_orders.emulator.values import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from customer_orders.emulator.state import Board, Column, Item

#: Column types that are shown as UnsupportedValue, for the schema has no type of their own.
NO_TYPE = ("auto_number", "direct_doc", "item_assignees", "name", "person", "team")


class Cell(NamedTuple):
    """One column of one item, and what is stored there."""

    item: Item
    column: Column
    stored: Any


def columns_of(
    board: Board, ids: Sequence[str] | None = None, types: Sequence[str] | None = None
) -> list[Column]:
    """Those of `Item.column_values`: all but the name, in board order, or the ids asked for."""
    columns = board.columns
    if ids is not None:
        chosen = [columns[each] for each in ids if each in columns]
    else:
        chosen = list(columns.values())
    return [
        column
        for column in chosen
        if column.type != "name" and not column.archived and (not types or column.type in types)
    ]


def cells_of(item: Item, columns: Sequence[Column]) -> list[Cell]:
    """The item's cells in these columns."""
    values = item.values
    return [Cell(item, column, values.get(column.id)) for column in columns]


def type_name(column_type: str) -> str:
    """`numbers` is NumbersValue, `long_text` LongTextValue."""
    if column_type in NO_TYPE:
        return "UnsupportedValue"
    return column_type.title().replace("_", "") + "Value"


@cache
def fields_of(column_type: str) -> Mapping[str, Callable[[Cell], Any]]:
    """How to read each field of a cell of this type; a field not named here is null."""
    kind = kind_of(column_type)

    def text(cell: Cell) -> str | None:
        return kind.empty_text if cell.stored is None else kind.text(cell.column, cell.stored)

    def value(cell: Cell) -> str | None:
        """The raw value, itself a JSON string; null for an empty cell and links between items."""
        if cell.stored is None or not kind.shows_value:
            return None
        return kind.value(cell.column, cell.stored, cell.item.updated_at)

    own = FIELDS.get(type_name(column_type), {})
    return {**COMMON, "text": TEXTS.get(column_type, text), "value": value, **own}


def text_of(cell: Cell) -> str | None:
    """The cell as a person reads it."""
    text: str | None = fields_of(cell.column.type)["text"](cell)
    return text


def _moment(seconds: float) -> str:
    return iso(seconds).replace("T", " ").replace("Z", " UTC")


def _subitems(item: Item) -> list[Item]:
    return [each for each in item.subitems if each.state == "active"]


def _label(cell: Cell) -> Any:
    return cell.column.labels.get(cell.stored)


def _label_style(cell: Cell) -> dict[str, str] | None:
    label = _label(cell)
    return None if label is None else {"border": "#c4c4c4", "color": f"#{label.color:06x}"}


def options(cell: Cell) -> list[dict[str, str]]:
    """The labels of a dropdown cell, but for those that the column has lost."""
    labels = cell.column.labels
    known = (labels[each] for each in cell.stored or () if each in labels)
    return [{"id": str(each.id), "label": each.label} for each in known]


def _part(name: str) -> Callable[[Cell], Any]:
    return lambda cell: (cell.stored or {}).get(name)


def _day(cell: Cell) -> str | None:
    return cell.stored.partition(" ")[0] if cell.stored else None


def _time(cell: Cell) -> str | None:
    return (cell.stored.partition(" ")[2] or None) if cell.stored else None


def _country(cell: Cell) -> dict[str, str] | None:
    if cell.stored is None:
        return None
    return {"code": cell.stored["countryCode"], "name": cell.stored["countryName"]}


def _linked(cell: Cell) -> list[str]:
    return [str(each) for each in (cell.stored or {}).get("item_ids", ())]


def _people(cell: Cell) -> list[dict[str, Any]]:
    return list((cell.stored or {}).get("personsAndTeams", ()))


#: `text` of the columns that monday fills itself.
TEXTS: dict[str, Callable[[Cell], str]] = {
    "item_id": lambda cell: cell.item.id,
    "subtasks": lambda cell: ", ".join(each.name for each in _subitems(cell.item)),
    "last_updated": lambda cell: _moment(cell.item.updated_at),
    "creation_log": lambda cell: _moment(cell.item.created_at),
}

COMMON: dict[str, Callable[[Cell], Any]] = {
    "id": lambda cell: cell.column.id,
    "type": lambda cell: cell.column.type,
    "column": lambda cell: cell.column,
    "is_leaf": lambda cell: not cell.item.subitems,
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
    "DropdownValue": {"values": options},
    "DateValue": {"date": _day, "time": _time},
    "TimelineValue": {"from": _part("from"), "to": _part("to")},
    "PeopleValue": {"persons_and_teams": _people},
    "CheckboxValue": {"checked": lambda cell: cell.stored is not None},
    "LinkValue": {"url": _part("url"), "url_text": _part("text")},
    "EmailValue": {"email": _part("email"), "label": _part("text")},
    "CountryValue": {"country": _country},
    "MirrorValue": {"mirrored_items": lambda cell: []},
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

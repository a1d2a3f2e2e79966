"""Writing, clearing and reading back a cell, per column type (monday's documents, column values).

The stored value of a cell, which is also its form in the saved state; an empty cell is not stored:

    text, long_text   the text                 date      "2026-10-01" or "2026-10-01 09:30:00"
    numbers           "42.5", canonical        status    the label's id
    dropdown          list of label ids        others    the JSON object as it was written
"""

from __future__ import annotations

import json
import math
import re
from datetime import date, time
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING, Any

from customer_orders.emulator.clock import iso
from customer_orders.emulator.errors import ApiError
from customer_orders.emulator.seed import free_label_id
from customer_orders.emulator.state import BLANK_STATUS, Label

if TYPE_CHECKING:
    from customer_orders.emulator.state import Column

LONG_TEXT_LENGTH = 2_000
STATUS_LABELS = 40
STATUS_LABEL_LENGTH = 30
DROPDOWN_LABELS = 500

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")


class Kind:
    """How one column type takes and gives values. `raw` is decoded JSON and never null."""

    #: What `text` says of an empty cell.
    empty_text: str | None = ""
    #: Whether null empties the cell.
    clearable = True
    #: Whether the raw `value` can be read; since 2025-04 it is null for links between items.
    shows_value = True

    def write(self, column: Column, raw: Any, *, create_labels: bool) -> Any:
        """The stored value of a JSON value; None empties the cell."""
        if isinstance(raw, str):
            return self.simple(column, raw, create_labels=create_labels)
        raise invalid_value(column, raw)

    def simple(self, column: Column, text: str, *, create_labels: bool) -> Any:
        """The stored value of a plain text, as change_simple_column_value takes it."""
        raise invalid_value(column, text)

    def text(self, column: Column, stored: Any) -> str | None:
        """The cell as a person reads it."""
        return str(stored)

    def value(self, column: Column, stored: Any, changed_at: float) -> str:
        """The cell as raw JSON text."""
        return json.dumps(stored)


class Text(Kind):
    def simple(self, column: Column, text: str, *, create_labels: bool) -> str | None:
        return text or None

    def value(self, column: Column, stored: str, changed_at: float) -> str:
        return encode_basestring_ascii(stored)


class LongText(Kind):
    def write(self, column: Column, raw: Any, *, create_labels: bool) -> str | None:
        text = raw.get("text", "") if isinstance(raw, dict) else raw
        if not isinstance(text, str):
            raise invalid_value(column, raw)
        if len(text) > LONG_TEXT_LENGTH:
            raise invalid_value(column, raw, f"longer than {LONG_TEXT_LENGTH} characters")
        return text or None

    def simple(self, column: Column, text: str, *, create_labels: bool) -> str | None:
        return self.write(column, text, create_labels=create_labels)

    def value(self, column: Column, stored: str, changed_at: float) -> str:
        return f'{{"text": {encode_basestring_ascii(stored)}, "changed_at": "{iso(changed_at)}"}}'


class Numbers(Text):
    def write(self, column: Column, raw: Any, *, create_labels: bool) -> str:
        """`""` writes 0; only null clears (reference/numbers.md)."""
        if raw == "":
            return "0"
        if isinstance(raw, bool) or not isinstance(raw, str | int | float):
            raise invalid_value(column, raw)
        return canonical_number(column, str(raw))

    def simple(self, column: Column, text: str, *, create_labels: bool) -> str | None:
        return canonical_number(column, text) if text else None


class Date(Kind):
    def write(self, column: Column, raw: Any, *, create_labels: bool) -> str | None:
        if isinstance(raw, str):
            day, _, clock = raw.partition(" ")
        elif isinstance(raw, dict):
            day, clock = raw.get("date") or "", raw.get("time") or ""
        else:
            raise invalid_value(column, raw)
        if not day:
            return None
        try:
            date.fromisoformat(day)
            time.fromisoformat(clock or "00:00:00")
        except (TypeError, ValueError):
            raise invalid_value(column, raw) from None
        if len(day) != len("2026-10-01"):
            raise invalid_value(column, raw)
        return f"{day} {clock}" if clock else str(day)

    def simple(self, column: Column, text: str, *, create_labels: bool) -> str | None:
        return self.write(column, text, create_labels=create_labels)

    def text(self, column: Column, stored: str) -> str:
        return stored[: len("2026-10-01 09:30")]

    def value(self, column: Column, stored: str, changed_at: float) -> str:
        day, _, clock = stored.partition(" ")
        moment = f', "time": "{clock}"' if clock else ""
        return f'{{"date": "{day}"{moment}, "icon": null, "changed_at": "{iso(changed_at)}"}}'


class Status(Kind):
    empty_text = None

    def write(self, column: Column, raw: Any, *, create_labels: bool) -> int | None:
        if isinstance(raw, str):
            return self.simple(column, raw, create_labels=create_labels)
        if not isinstance(raw, dict):
            raise invalid_value(column, raw)
        if raw.get("index") is not None:
            return _status_by_id(column, raw["index"], raw)
        return self.simple(column, raw.get("label") or "", create_labels=create_labels)

    def simple(self, column: Column, text: str, *, create_labels: bool) -> int | None:
        """A text that looks like a number is a label id, not a label (reference/status.md)."""
        if not isinstance(text, str):
            raise invalid_value(column, text)
        if not text:
            return None
        if text.isdigit():
            return _status_by_id(column, text, text)
        if (found := _active_label(column, text)) is not None:
            return found
        if not create_labels:
            raise missing_label(column, text)
        if len(text) > STATUS_LABEL_LENGTH:
            raise invalid_value(column, text, f"longer than {STATUS_LABEL_LENGTH} characters")
        return new_label(column, text)

    def text(self, column: Column, stored: int) -> str | None:
        label = column.labels.get(stored)
        return label.label if label else None

    def value(self, column: Column, stored: int, changed_at: float) -> str:
        return f'{{"index": {stored}, "post_id": null, "changed_at": "{iso(changed_at)}"}}'


class Dropdown(Kind):
    empty_text = None

    def write(self, column: Column, raw: Any, *, create_labels: bool) -> list[int] | None:
        """The labels or the ids sent replace the whole set."""
        if isinstance(raw, str):
            return self.simple(column, raw, create_labels=create_labels)
        if not isinstance(raw, dict) or ("ids" in raw and "labels" in raw):
            raise invalid_value(column, raw)
        if "ids" in raw:
            return _dropdown_ids(column, raw["ids"], raw)
        labels = raw.get("labels") or []
        if not isinstance(labels, list) or not all(isinstance(each, str) for each in labels):
            raise invalid_value(column, raw)
        return self._by_labels(column, labels, create_labels)

    def simple(self, column: Column, text: str, *, create_labels: bool) -> list[int] | None:
        """A comma-separated list, of labels or of ids, never both."""
        parts = [part.strip() for part in text.split(",") if part.strip()]
        if parts and all(part.isdigit() for part in parts):
            return _dropdown_ids(column, parts, text)
        return self._by_labels(column, parts, create_labels)

    def _by_labels(self, column: Column, labels: list[str], create: bool) -> list[int] | None:
        ids: list[int] = []
        for text in labels:
            found = _active_label(column, text)
            if found is None:
                if not create:
                    raise missing_label(column, text)
                found = new_label(column, text)
            if found not in ids:
                ids.append(found)
        return ids or None

    def text(self, column: Column, stored: list[int]) -> str:
        return ", ".join(column.labels[each].label for each in stored if each in column.labels)

    def value(self, column: Column, stored: list[int], changed_at: float) -> str:
        return f'{{"ids": {stored}}}'


class Structured(Kind):
    """A type whose value is a JSON object that is kept as written; `keys` are those it needs."""

    def __init__(self, *keys: str, template: str = "", shows_value: bool = True) -> None:
        self.keys = keys
        self.template = template
        self.shows_value = shows_value
        if not shows_value:
            self.empty_text = None

    def write(self, column: Column, raw: Any, *, create_labels: bool) -> Any:
        if not isinstance(raw, dict):
            raise invalid_value(column, raw)
        if not any(raw.values()):
            return None
        if not all(key in raw for key in self.keys):
            raise invalid_value(column, raw)
        return raw

    def text(self, column: Column, stored: dict[str, Any]) -> str | None:
        return self.template.format_map(stored) if self.template else self.empty_text


class Phone(Structured):
    def write(self, column: Column, raw: Any, *, create_labels: bool) -> Any:
        """The number has no spaces (reference/phone.md)."""
        if isinstance(raw, dict) and " " in str(raw.get("phone")):
            raise invalid_value(column, raw)
        return super().write(column, raw, create_labels=create_labels)


class ReadOnly(Kind):
    """monday fills these columns; a write is refused (n8n's columnOptions.ts, live 2026-07-15)."""

    shows_value = False

    def __init__(self, empty_text: str | None = "", *, clearable: bool = False) -> None:
        self.empty_text = empty_text
        self.clearable = clearable

    def write(self, column: Column, raw: Any, *, create_labels: bool) -> Any:
        raise read_only(column)

    def simple(self, column: Column, text: str, *, create_labels: bool) -> Any:
        raise read_only(column)


KINDS: dict[str, Kind] = {
    "text": Text(),
    "long_text": LongText(),
    "numbers": Numbers(),
    "date": Date(),
    "status": Status(),
    "dropdown": Dropdown(),
    "checkbox": Structured("checked", template="v"),
    "timeline": Structured("from", "to", template="{from} - {to}"),
    "people": Structured("personsAndTeams"),
    "link": Structured("url", template="{url}"),
    "email": Structured("email", template="{email}"),
    "phone": Phone("phone", template="{phone}"),
    "country": Structured("countryCode", "countryName", template="{countryName}"),
    "rating": Structured("rating", template="{rating}"),
    "hour": Structured("hour", template="{hour:02}:{minute:02}"),
    "week": Structured("week"),
    "tags": Structured("tag_ids"),
    "location": Structured("lat", "lng", template="{address}"),
    "world_clock": Structured("timezone", template="{timezone}"),
    "board_relation": Structured("item_ids", shows_value=False),
    "dependency": Structured("item_ids", shows_value=False),
    "mirror": ReadOnly(None),
    "file": ReadOnly(clearable=True),
    "subtasks": ReadOnly(),
    "item_id": ReadOnly(),
    "last_updated": ReadOnly(),
    "creation_log": ReadOnly(),
}
#: formula, auto_number, button, progress, time_tracking, vote and what may come.
OTHER = ReadOnly()


def kind_of(column_type: str) -> Kind:
    """How columns of this type take and give values."""
    return KINDS.get(column_type, OTHER)


def write_value(column: Column, raw: Any, *, create_labels: bool) -> Any:
    """The stored value of what column_values holds for this column; null clears every type."""
    kind = kind_of(column.type)
    if raw is None and kind.clearable:
        return None
    return kind.write(column, raw, create_labels=create_labels)


def canonical_number(column: Column, text: str) -> str:
    """A number without a plus sign and without needless zeros: "042.50" is "42.5"."""
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        try:
            number = float(text)
        except ValueError:
            raise invalid_value(column, text) from None
        if not math.isfinite(number):
            raise invalid_value(column, text)
        return f"{number:.15g}"
    sign = "-" if text.startswith("-") else ""
    whole, _, fraction = text.lstrip("+-").partition(".")
    fraction = fraction.rstrip("0")
    whole = whole.lstrip("0") or "0"
    canonical = f"{whole}.{fraction}" if fraction else whole
    return canonical if canonical == "0" else sign + canonical


def new_label(column: Column, text: str) -> int:
    """Adds a label, within the documented number: 40 of a status, 500 of a dropdown."""
    if text in column.label_ids:
        known = column.labels[column.label_ids[text]]
        known.is_deactivated = False
        return known.id
    most = STATUS_LABELS if column.type == "status" else DROPDOWN_LABELS
    if len(column.labels) >= most:
        raise invalid_value(column, text, f"the column already has {most} labels")
    label_id = free_label_id(column)
    column.add_label(Label(id=label_id, label=text, index=len(column.labels), color=label_id))
    column.revision += 1
    return label_id


def _active_label(column: Column, text: str) -> int | None:
    found = column.label_ids.get(text)
    return None if found is None or column.labels[found].is_deactivated else found


def _status_by_id(column: Column, raw_id: Any, raw: Any) -> int:
    try:
        label_id = int(raw_id)
    except (TypeError, ValueError):
        raise invalid_value(column, raw) from None
    if label_id not in column.labels and label_id != BLANK_STATUS:
        raise missing_label(column, raw)
    return label_id


def _dropdown_ids(column: Column, ids: Any, raw: Any) -> list[int] | None:
    try:
        wanted = list(dict.fromkeys(int(each) for each in ids))
    except (TypeError, ValueError):
        raise invalid_value(column, raw) from None
    for each in wanted:
        if each not in column.labels:
            raise missing_label(column, each)
    return wanted or None


def missing_label(column: Column, raw: Any) -> ApiError:
    """ColumnValueException with the labels that exist, as monday words it."""
    known = ", ".join(f"{each.id}: {each.label}" for each in column.labels.values())
    if column.type == "status":
        message = f"This status label doesn't exist, possible statuses are: {{{known}}}"
    else:
        message = f"The dropdown label '{raw}' does not exist, possible labels are: {{{known}}}"
    return column_error(column, raw, message, "missingLabel")


def invalid_value(column: Column, raw: Any, why: str = "") -> ApiError:
    """ColumnValueException for a value of the wrong form."""
    message = "invalid value, please check our API documentation for the correct data structure"
    return column_error(
        column, raw, f"{message} for this column{why and ': ' + why}", "invalidValue"
    )


def read_only(column: Column) -> ApiError:
    """ColumnValueException for a column that only monday itself fills."""
    message = f"column type {column.type} cannot be changed through the API"
    return column_error(column, None, message, "unsupportedColumnType")


def column_error(column: Column, raw: Any, message: str, code: str) -> ApiError:
    """error_data names the column, as every ColumnValueException of monday does."""
    return ApiError(
        "ColumnValueException",
        message,
        error_data={
            "column_id": column.id,
            "column_name": column.title,
            "column_type": column.type,
            "column_value": json.dumps(raw),
            "column_validation_error_code": code,
        },
    )

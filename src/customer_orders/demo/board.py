"""The Customer Master Schedule board before the first run, in the emulator's JSON."""

import csv
from collections.abc import Iterable, Mapping
from hashlib import sha256
from importlib.resources import files
from typing import Any

from customer_orders.demo.sample import CUSTOMERS
from customer_orders.model import LABELLED

#: Of the emulator's account; monday's are longer.
ACCOUNT = "1"
BOARD_ID = "9000000001"
BOARD_NAME = "Customer Master Schedule"
SUBITEMS_BOARD_ID = "9000000002"
#: Not in the board's list of columns: the pipeline brings it along.
KEY_COLUMN = "LINE KEY"

# As on a real board, an id's prefix is not always the name of the column's type.
_ID_PREFIXES = {
    "status": "color",
    "numbers": "numeric",
    "mirror": "lookup",
    "item_id": "pulse_id",
    "last_updated": "pulse_updated",
}
_FIXED_IDS = {"name": "name", "subtasks": "subitems"}

# The dropdowns that the pipeline may add labels to are not here: they start empty.
_LABELS: Mapping[str, Iterable[str]] = {
    "CUSTOMER": CUSTOMERS,
    "ORDER TYPE": ("RECEIVED", "CANCELLED", "FORECAST"),
    "UNIT OF MEASURE": ("PCE",),
    "ORDER STATUS": ("OPEN", "CONFIRMED", "SHIPPED"),
    "ADD TO PLANNING": ("YES", "NO"),
    "PPS STATUS": ("DUE", "SENT", "APPROVED"),
    "ORDER LINE STATUS": ("OPEN", "CUT", "PACKED"),
}


def seed(*, items_limit: int = 10_000, settings: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The emulator's first state; `settings` are its limits where they differ from the plan's."""
    more = {"items_limit": items_limit, "subitems_board": SUBITEMS_BOARD_ID}
    items = [*_columns("board_columns.csv"), _column(KEY_COLUMN, "text")]
    subitems = _columns("subitem_columns.csv")
    return {
        "account": {"id": ACCOUNT, "name": "Sample Garments", "plan": "enterprise"},
        "users": [
            _user("100", "Pipeline", "demo", can_change_structure=True),
            _user("200", "Planner", "planner", can_change_structure=False),
        ],
        "settings": dict(settings or {}),
        "boards": [
            _board(BOARD_ID, BOARD_NAME, items) | more,
            _board(SUBITEMS_BOARD_ID, f"Subitems of {BOARD_NAME}", subitems),
        ],
    }


def _board(board_id: str, name: str, columns: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": board_id,
        "name": name,
        "hierarchy_type": "classic",
        "columns": columns,
        "groups": [{"id": "topics", "title": "Group Title"}],
        "items": [],
    }


def _user(user_id: str, name: str, token: str, *, can_change_structure: bool) -> dict[str, Any]:
    return {
        "id": user_id,
        "name": name,
        "email": f"{name.lower()}@example.com",
        "token": f"emulator-{token}",
        "can_change_structure": can_change_structure,
    }


def _columns(file: str) -> list[dict[str, Any]]:
    """The columns of a shipped list, in its order."""
    text = (files("customer_orders") / "config" / file).read_text(encoding="utf-8")
    return [_column(row["title"], row["monday_type"]) for row in csv.DictReader(text.splitlines())]


def _column(title: str, kind: str) -> dict[str, Any]:
    return {
        "id": _FIXED_IDS.get(kind) or _column_id(title, kind),
        "title": title,
        "type": kind,
        "settings": _settings(title, kind),
    }


def _column_id(title: str, kind: str) -> str:
    """An id like text_mkr5wya6: always the same for a title, and telling nothing about it."""
    return f"{_ID_PREFIXES.get(kind, kind)}_mk{sha256(title.encode()).hexdigest()[:6]}"


def _settings(title: str, kind: str) -> dict[str, Any]:
    if kind == "subtasks":
        return {"boardIds": [SUBITEMS_BOARD_ID]}
    if kind not in LABELLED:
        return {}
    # monday counts the labels of a dropdown from 1, those of a status from 0.
    first = 1 if kind == "dropdown" else 0
    labels = enumerate(_LABELS.get(title, ()), start=first)
    return {"labels": [{"id": label_id, "label": label} for label_id, label in labels]}

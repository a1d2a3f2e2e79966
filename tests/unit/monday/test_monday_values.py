"""Cells to monday's values and back: one canonical form, per type of column."""

from __future__ import annotations

import json
import random
from datetime import date
from typing import Any

import pytest
from answering import Direct, sent
from hypothesis import given, settings
from hypothesis import strategies as st

from customer_orders.emulator import Monday
from customer_orders.model import BoardColumn
from customer_orders.monday import BoardAPI, Client, Governor, mutation
from customer_orders.monday.values import decode, encode
from customer_orders.plan import Action, Operation, Target


def column(kind: str, *labels: str) -> BoardColumn:
    """A column of this type; its labels have ids from 1."""
    ids = {label: number for number, label in enumerate(labels, 1)}
    return BoardColumn(id="c", title="C", type=kind, labels=frozenset(labels), label_ids=ids)


WRITTEN = [
    (column("text"), "abc", "abc"),
    (column("text"), '"7"', '"7"'),
    (column("long_text"), "a\nb", {"text": "a\nb"}),
    (column("numbers"), "42.5", "42.5"),
    (column("date"), "2026-10-01", {"date": "2026-10-01"}),
    (column("dropdown", "A, B"), "A, B", {"labels": ["A, B"]}),
    (column("status", "Done"), "Done", {"label": "Done"}),
    # A status label that looks like a number would be read as an index.
    (column("status", "Done", "2023"), "2023", {"index": 2}),
    (column("status"), "2024", {"label": "2024"}),
]


@pytest.mark.parametrize(("where", "cell", "sent"), WRITTEN)
def test_what_is_sent(where: BoardColumn, cell: str, sent: Any):
    """The JSON of each type."""
    assert encode(where, cell) == sent


@pytest.mark.parametrize(
    "kind", ["text", "long_text", "numbers", "date", "dropdown", "status", "timeline"]
)
def test_null_clears(kind: str):
    """An empty text would write 0 to a number."""
    assert encode(column(kind), None) is None


READ = [
    ({"type": "text", "text": "abc"}, "abc"),
    ({"type": "text", "text": ""}, None),
    ({"type": "text", "text": None}, None),
    ({"type": "long_text", "text": "a\nb"}, "a\nb"),
    ({"type": "date", "text": "2026-10-01"}, "2026-10-01"),
    ({"type": "numbers", "text": "12.50"}, "12.5"),
    ({"type": "numbers", "text": "100"}, "100"),
    ({"type": "numbers", "text": "0.000"}, "0"),
    ({"type": "numbers", "text": "1,250.10"}, "1250.1"),
    ({"type": "numbers", "text": "1E+3"}, "1000"),
    ({"type": "numbers", "text": ""}, None),
    ({"type": "numbers", "text": "many"}, "many"),
    ({"type": "dropdown", "text": "A, B", "values": [{"label": "A, B"}]}, "A, B"),
    ({"type": "dropdown", "text": "A, B", "values": [{"label": "A"}, {"label": "B"}]}, "A, B"),
    ({"type": "dropdown", "text": None, "values": []}, None),
    ({"type": "dropdown", "text": None, "values": None}, None),
    ({"type": "status", "text": "Done", "label": "Done"}, "Done"),
    ({"type": "status", "text": "", "label": None}, None),
]


@pytest.mark.parametrize(("shown", "cell"), READ)
def test_what_is_read(shown: dict[str, Any], cell: str | None):
    """The canonical value of each type."""
    assert decode(shown) == cell


SEED = {
    "boards": [
        {
            "id": "10",
            "name": "Orders",
            "columns": [
                {"id": "text", "title": "text", "type": "text"},
                {"id": "long_text", "title": "long_text", "type": "long_text"},
                {"id": "numbers", "title": "numbers", "type": "numbers"},
                {"id": "date", "title": "date", "type": "date"},
                {"id": "dropdown", "title": "dropdown", "type": "dropdown"},
                {
                    "id": "status",
                    "title": "status",
                    "type": "status",
                    "settings": {"labels": ["Open", "2023"]},
                },
            ],
        }
    ]
}
NUMBERS = st.decimals(min_value=0, max_value=10**9, places=6, allow_nan=False).map(
    lambda number: f"{number:f}".rstrip("0").rstrip(".")
)
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60)
CELLS = {
    "text": TEXTS,
    "long_text": TEXTS,
    "numbers": NUMBERS,
    "date": st.dates(min_value=date(2000, 1, 1), max_value=date(2099, 12, 31)).map(str),
    "dropdown": st.sampled_from(["S", "M, L", "2023", "\u00d6l\u00fc \u2019x\u2019"]),
    "status": st.sampled_from(["Open", "2023"]),
}
ROWS = st.fixed_dictionaries({name: st.none() | cells for name, cells in CELLS.items()})


def update(values: dict[str, Any]) -> Operation:
    """Write these cells."""
    return Operation(
        kind=Target.ITEM,
        action=Action.UPDATE,
        board="10",
        customer="TORVANE",
        group="g",
        record_uuid="a",
        payload={"values": values},
    )


async def _round_trip(first: dict[str, Any], second: dict[str, Any]) -> list[dict[str, Any]]:
    """What the board shows after each of two updates of one item."""
    monday = Monday(SEED | {"settings": {"calls_per_day": 10**6}}, source=random.Random(7))
    client = Client(Direct(monday), Governor("enterprise"), version="2026-10")
    api = BoardAPI(client, columns=list(CELLS), subitem_columns=[])
    make = 'mutation { create_item(board_id: 10, item_name: "A") { id } }'
    answer = await sent(client, json.dumps({"query": make}).encode(), "made", "create_item")
    made = str(answer.data["create_item"]["id"])
    shown = []
    for values in (first, second):
        board = await api.board("10")
        call = mutation(update(values), board, group_id=None, item_id=made, subitem_id=None)
        body = client.compose([call], ["op0"])
        answer = await sent(client, body, str(len(shown)), call.document)
        assert dict(answer.errors) == {}
        (item,) = await api.read(board, [made])
        shown.append(dict(item.values))
    return shown


@settings(deadline=None, max_examples=25)
@given(first=ROWS, second=ROWS)
async def test_round_trips(first: dict[str, Any], second: dict[str, Any]):
    """What is read back is what was written, cell by cell, also over an older value."""
    assert await _round_trip(first, second) == [first, second]

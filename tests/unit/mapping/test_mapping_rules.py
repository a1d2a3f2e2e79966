"""The columns that a run reads and hashes, and the version of the mapping."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from customer_orders.config import order_lines
from customer_orders.mapping import Rules, hashed_columns, needed_columns
from customer_orders.mapping import rules as module

Make = Callable[..., Any]

BOARD = {"id": "9000000001", "name": "Customer Master Schedule"}
SOURCE = {"file": "orders.csv"}
MAKE_LABELS = ["AAG SEASON", "CUSTOMER SEASON", "CATEGORY", "DROP", "DELIVERY TERMS", "Size"]


def test_the_hash_covers_what_reaches_the_board(settings: Make) -> None:
    """The 46 fed columns, those of the templates and the customer, sizes apart."""
    made = settings()
    fed = {rule.source for rule in made.columns.values()}
    assert hashed_columns(made) == sorted(fed)
    mapping = {"name": "{RANGE} {CUSTOMER}", "group": ["{CUSTOMER} {DELIVERY WEEK}"]}
    more = hashed_columns(settings(mapping=mapping))
    assert set(more) - fed == {"RANGE", "DELIVERY WEEK"}
    assert "CUSTOMER" not in more


def test_a_run_reads_keys_scope_and_filters_besides(settings: Make) -> None:
    """What is read but not hashed raises no false change."""
    source = {
        **SOURCE,
        "key": ["LINE ID", "PO NUMBER"],
        "scope": [["LOADED", "=", "yes"]],
        "seasons": ["YEAR"],
        "po": "PURCHASE ORDER",
    }
    made = settings(source=source)
    more = set(needed_columns(made)) - set(hashed_columns(made))
    assert more == {"LINE ID", "LOADED", "YEAR", "PURCHASE ORDER"}
    assert "TOTAL QTY" in needed_columns(made)


def test_a_profile_of_ones_own_reads_its_own_columns(settings: Make) -> None:
    """Without the shipped profile only the configured columns are fed."""
    mapping = {"profile": "none", "name": "{NAME}", "group": ["{CUSTOMER}"]}
    mapping |= {"columns": {"A": {"from": "B"}}}
    assert hashed_columns(settings(mapping=mapping)) == ["B", "CUSTOMER NAME", "NAME"]


@pytest.mark.parametrize(
    "tables",
    [
        {"customers": {"GREYSON": ["GREYSON CLOTHIERS", "GREYSON LTD"]}},
        {"customers": {"GREYSON CLOTHIERS": ["GREYSON"]}},
        {"mapping": {"name": "{CUSTOMER STYLE}"}},
        {"mapping": {"group": ["{CUSTOMER} {AAG SEASON}", "{CUSTOMER} UNSEASONED"]}},
        {"mapping": {"labels": {"create": ["Size"]}}},
        {"mapping": {"size_aliases": {"XXL": "2XL"}}},
        {"mapping": {"cancelled": "STOPPED"}},
        {"mapping": {"order_type": "CATEGORY"}},
        {"mapping": {"quantity": "PO NUMBER"}},
        {"mapping": {"customer": "DESTINATION"}},
        {"mapping": {"profile": "none"}},
        {"mapping": {"columns": {"FREIGHT": {"from": "US DUTY"}}}},
        {"mapping": {"columns": {"FREIGHT": {"from": "FREIGHT", "on_bad_cell": "hold"}}}},
        {"mapping": {"columns": {"FREIGHT": {"from": "FREIGHT", "values": {"FREE": "0"}}}}},
        {"mapping": {"columns": {"FREIGHT": {"from": "FREIGHT", "type": "text"}}}},
        {"mapping": {"columns": {"ORDER STATUS": {"from": "STATUS"}}}},
        {"source": SOURCE | {"slashed_dates": "day/month/year"}},
        {"source": SOURCE | {"customer": "BRAND"}},
        {"board": [BOARD | {"key_column": "MO NUMBER"}]},
        {"board": [BOARD | {"customers": ["GREYSON"]}]},
    ],
)
def test_the_version_changes_with_the_mapping(rules: Make, tables: dict[str, Any]) -> None:
    """Mapping, aliases, value maps, templates, label policy, routing: all that decides a cell."""
    assert rules(**tables).version != rules().version


@pytest.mark.parametrize(
    "change",
    [
        {"columns": {"FREIGHT": "text"}},
        {"columns": {"LINE KEY": "long_text"}},
        {"columns": {"FREIGHT": None}},
        {"subitem_columns": {"Order Qty": "text"}},
        {"subitem_columns": {"Size": "status"}},
    ],
)
def test_the_version_changes_with_the_types_of_the_board(
    rules: Make, board: Make, change: dict[str, Any]
) -> None:
    """Columns of the item and of its subitems, as they are resolved."""
    assert rules(on=board(**change)).version != rules().version


@pytest.mark.parametrize("change", [{"id": "made_anew"}, {"type": "another"}])
@pytest.mark.parametrize(
    ("side", "title"),
    [
        ("columns", "FREIGHT"),
        ("columns", "LINE KEY"),
        ("subitem_columns", "Size"),
        ("subitem_columns", "Order Qty"),
    ],
)
def test_the_version_changes_with_the_ids_of_the_board(
    rules: Make, board: Make, side: str, title: str, change: dict[str, str]
) -> None:
    """A column that was made anew, or is of another type, must be filled again."""
    live = board()
    columns = dict(getattr(live, side))
    columns[title] = replace(columns[title], **change)
    assert rules(on=replace(live, **{side: columns})).version != rules().version


def test_the_version_changes_with_the_rules_in_code(
    rules: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that renders otherwise raises the number: every line is looked at again."""
    before = rules().version
    monkeypatch.setattr(module, "RULES_VERSION", module.RULES_VERSION + 1)
    assert rules().version != before


def test_the_version_changes_with_the_columns_of_others(rules: Make) -> None:
    """Who owns a column is a part of the mapping: here the same 46 columns, but nothing foreign."""
    mapping = {"profile": "none", "columns": order_lines().columns}
    made: Rules = rules(mapping=mapping)
    assert made.settings.columns == rules().settings.columns
    assert made.version != rules().version


@pytest.mark.parametrize(
    "tables",
    [
        {"guard": {"floor": 5, "changed_or_missing": 0.9}},
        {"rules": {"line_gone_after": 9}},
        {"monday": {"token": "env/OTHER", "aliases": 25, "plan": "free"}},
        {"monday": {"url": "http://127.0.0.1:9/v2"}},
        {"ledger": {"url": "sqlite:///other.db"}},
        {"report": {"folder": "elsewhere"}},
        {"time": {"index_lag": 0}},
        {"source": {"file": "other.csv"}},
        {"source": {"url": "sqlite:///orders.db", "table": "ORDERS_UNIFIED"}},
        {"source": SOURCE | {"scope": [["AAG SEASON", "=", "2025 FALL"]]}},
        {"board": [BOARD | {"name": "Renamed"}]},
        {"customers": {"GREYSON": ["greyson clothiers ", "GREYSON"]}},
        {"mapping": {"columns": {"FREIGHT": {"from": "FREIGHT"}}}},
        {"mapping": {"labels": {"create": sorted(MAKE_LABELS)}}},
    ],
)
def test_the_version_stays_with_what_decides_no_cell(rules: Make, tables: dict[str, Any]) -> None:
    """Guards, tokens, paths, times, scope and another way to write the same mapping."""
    assert rules(**tables).version == rules().version


@pytest.mark.parametrize(
    "change",
    [
        {"labels": {"CUSTOMER": ("OTHER",)}},
        {"name": "Renamed"},
        {"columns": {"OF OTHERS": "text", "ORDER STATUS": "text"}},
        {"subitem_columns": {"Cut Qty": "text"}},
    ],
)
def test_the_version_stays_with_what_others_do_to_the_board(
    rules: Make, board: Make, change: dict[str, Any]
) -> None:
    """Labels, the board's name and columns that are not ours are no part of the mapping."""
    assert rules(on=board(**change)).version == rules().version


SCRIPT = """
from customer_orders.config import Settings
from customer_orders.mapping import Rules
settings = Settings.model_validate({
    "source": {"file": "orders.csv"},
    "board": [{"id": "1", "name": "b"}],
    "customers": {"GREYSON": ["GREYSON CLOTHIERS"]},
})
print(Rules.of(settings, {}).version)
"""


def test_the_version_is_the_same_in_every_process() -> None:
    """It is stored and compared by the next run, so it must not hang on a hash seed."""
    versions = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            check=True,
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(versions) == 1


def test_the_version_stays_when_tables_are_written_in_another_order(rules: Make) -> None:
    """Sorting the customers or the columns in the file is no change of the mapping."""
    columns = {"A": {"from": "B"}, "C": {"from": "D"}}
    customers = {"GREYSON": ["GREYSON CLOTHIERS"], "NORTHWIND KNITS": ["NORTHWIND"]}
    one = rules(customers=customers, mapping={"columns": columns})
    other = rules(
        customers=dict(reversed(customers.items())),
        mapping={"columns": dict(reversed(columns.items()))},
    )
    assert one.version == other.version

"""The shipped profile against the lists that it is made from."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from customer_orders.config import MappingSettings, SourceSettings, order_lines, source_types

SHARED = Path(__file__).parents[4] / "shared" / "data"
FOREIGN = {
    *("ORDER STATUS", "ADD TO PLANNING", "FCST QTY", "FCST CONSUMED QTY", "PPS CMT DUE"),
    *("PPS CMT RCV", "PPS STATUS", "matchAlias", "PLANNING BOARD", "PACKED QTY", "SHIPPED QTY"),
    *("Cut Qty", "Sew Qty", "Finishing Qty", "Received not Shipped Qty", "Packed Qty"),
    *("Shipped Qty", "ORDER LINE STATUS"),
}


def test_46_columns_are_fed() -> None:
    """Each from a column that the source has, and of a type that can be written."""
    columns = order_lines().columns
    assert len(columns) == 46
    assert {rule.source for rule in columns.values()} <= source_types().keys()
    written = {"text", "long_text", "numbers", "date", "dropdown", "status"}
    assert {rule.type for rule in columns.values()} == written


def test_value_maps() -> None:
    """Two columns come with a map of values."""
    mapped = {title: rule.values for title, rule in order_lines().columns.items() if rule.values}
    assert mapped == {
        "ORDER TYPE": {
            "ACTIVE": "RECEIVED",
            "RECEIVED": "RECEIVED",
            "CANCELLED": "CANCELLED",
            "FORECAST": "FORECAST",
        },
        "US TARIFF RATE": {"TRUE": "0"},
    }


def test_the_columns_of_others() -> None:
    """Eleven of the items and seven of the subitems are writable and not ours."""
    assert order_lines().foreign == FOREIGN


def test_what_is_ours_is_not_foreign() -> None:
    """Name, Size and Order Qty of the subitems, and every fed column."""
    ours = {"Name", "Size", "Order Qty", *order_lines().columns}
    assert not ours & order_lines().foreign


def test_the_source_has_268_columns() -> None:
    """161 sizes and two totals are integers, three columns are dates."""
    types = source_types()
    assert len(types) == 268
    assert sum(kind == "INT" for kind in types.values()) == 163
    assert sum(kind == "DATE" for kind in types.values()) == 3


def test_the_default_key_is_that_of_the_source() -> None:
    """Seven columns that the source has; the anchor is among them."""
    source = SourceSettings(file=Path("orders.csv"))
    assert len(source.key) == 7
    assert set(source.key) <= source_types().keys()
    assert set(source.anchor) <= set(source.key)


def test_the_titles_of_the_settings_are_those_of_the_profile() -> None:
    """Columns that the settings name by their part are fed, and labels are made in fed ones."""
    mapping = MappingSettings()
    columns = order_lines().columns
    assert {mapping.customer, mapping.order_type, mapping.quantity} <= columns.keys()
    assert set(mapping.labels.create) <= columns.keys() | {mapping.subitem_size}
    never = {"CUSTOMER", "ORDER TYPE", "UNIT OF MEASURE"}
    assert not never & set(mapping.labels.create)


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data are not here")
@pytest.mark.parametrize(
    "name", ["board_columns.csv", "orders_unified_columns.csv", "subitem_columns.csv"]
)
def test_the_shipped_lists_are_the_shared_ones(name: str) -> None:
    """The package ships copies; they may not drift."""
    shipped = (files("customer_orders.config") / name).read_bytes()
    assert shipped == (SHARED / name).read_bytes()

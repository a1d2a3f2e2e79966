"""Sources that are not ORDERS_UNIFIED: what may be left out then, and what means nothing."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from customer_orders.config import ColumnRule, Settings, SourceSettings
from customer_orders.errors import ConfigError
from customer_orders.mapping import needed_columns

OWN: dict[str, Any] = {
    "source": {"file": "bookings.csv", "key": ["Booking", "Article"], "customer": "Client"},
    "board": [{"id": "10", "name": "Bookings"}],
    "mapping": {"profile": "none", "columns": {"Pieces": "Pcs"}},
}


def own(source: dict[str, Any] | None = None, **tables: Any) -> Settings:
    """The least configuration of a foreign file, with more in it."""
    return Settings.model_validate(OWN | tables | {"source": OWN["source"] | (source or {})})


def test_the_least_configuration_of_a_foreign_file() -> None:
    """No sizes, no seasons, no list of customers; the key names the items."""
    made = own()
    assert (made.source.sizes, made.source.po) == (None, None)
    assert (made.source.anchor, made.source.seasons) == ((), ())
    assert (made.mapping.name, made.mapping.group) == ("{Booking} {Article}", ("{CUSTOMER}",))
    assert made.customers == {}
    assert needed_columns(made) == ["Article", "Booking", "Client", "Pcs"]


def test_what_is_given_stays() -> None:
    """Defaults give way to what the configuration says."""
    mapping = OWN["mapping"] | {"name": "{Article}", "group": ["{CUSTOMER} {Season}"]}
    sizes = {"after": "Unit", "before": "Pcs"}
    made = own({"sizes": sizes, "po": "PO", "seasons": ["Season"]}, mapping=mapping)
    assert made.source.sizes is not None
    assert (made.source.sizes.before, made.source.po) == ("Pcs", "PO")
    assert (made.mapping.name, made.mapping.group) == ("{Article}", ("{CUSTOMER} {Season}",))


def test_without_a_key_of_its_own_the_source_is_orders_unified() -> None:
    """Another mapping of the same table keeps its sizes."""
    made = Settings.model_validate(OWN | {"source": {"file": "orders.csv"}})
    assert made.source == SourceSettings.model_validate({"file": "orders.csv"})
    assert made.source.sizes is not None


def test_a_column_in_short() -> None:
    """A text in place of a table is the source column."""
    assert own().columns == {"Pieces": ColumnRule(source="Pcs")}


@pytest.mark.parametrize("customers", [None, {}])
def test_with_the_profile_customers_are_named(customers: dict[str, Any] | None) -> None:
    """A name typed wrong would make a group of its own."""
    tables = {name: OWN[name] for name in ("source", "board")}
    tables |= {} if customers is None else {"customers": customers}
    with pytest.raises(ConfigError, match="names no customer") as error:
        Settings.model_validate(tables)
    assert "NAME IN THE SOURCE" in error.value.hint


def test_with_the_profile_there_are_sizes() -> None:
    """They are not left out by mistake."""
    tables = OWN | {"mapping": {}, "customers": {"GREYSON": []}}
    with pytest.raises(ConfigError, match="sizes may be left out only without a profile"):
        Settings.model_validate(tables | {"source": OWN["source"] | {"sizes": None}})


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ({"file": "a.csv", "sheet": "One"}, "sheet"),
        ({"file": "a.parquet", "header_row": 2}, "header_row"),
        ({"file": "a.xlsx", "delimiter": ";"}, "delimiter"),
        ({"file": "a.parquet", "encoding": "utf-8"}, "encoding"),
        ({"file": "a.csv", "table": "ORDERS"}, "table"),
        ({"file": "a.csv", "query": "orders.sql"}, "query"),
        ({"url": "sqlite:///a.db", "table": "ORDERS", "sheet": "One"}, "sheet"),
    ],
)
def test_a_setting_that_is_not_looked_at(source: dict[str, Any], name: str) -> None:
    """It would be taken for one that works."""
    with pytest.raises(ValidationError, match=f"{name} means nothing to this kind of source"):
        SourceSettings.model_validate(source)


@pytest.mark.parametrize(
    "source",
    [
        *({"file": "a.csv", "delimiter": given} for given in (";;", "", "\n", '"', "§")),
        {"file": "a.csv", "encoding": "latin-1"},
        {"file": "a.xlsx", "header_row": 0},
        {"url": "sqlite:///a.db", "table": "ORDERS", "query": "orders.sql"},
        {"url": "sqlite:///a.db"},
    ],
)
def test_values_out_of_bounds(source: dict[str, Any]) -> None:
    """One character, a known encoding, rows from 1, and one thing to read."""
    with pytest.raises(ValidationError):
        SourceSettings.model_validate(source)

"""A line's cells on their way to the board: every column, every rule about dirty values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_orders.config import Settings, order_lines
from customer_orders.model import Held, Item, Severity, trim

Make = Callable[..., Any]

COLOUR_CODE = "CUSTOMER''S COLOUR CODE (CUSTOM FIELD) CUSTOMER PROVIDES THIS"
#: A line with every column filled, and what the board shows of it.
FILLED = {
    "ORDER TYPE": "ACTIVE",
    "CUSTOMER NAME": "GREYSON CLOTHIERS",
    "AAG ORDER NUMBER": "GRE-04305",
    "AAG SEASON": "2025 FALL",
    "CUSTOMER SEASON": "FALL 24",
    "ORDER DATE PO RECEIVED": "2024-11-18",
    "DROP": "DROP 2",
    "PO NUMBER": "4755",
    "CUSTOMER ALT PO": "4755-B",
    "CUSTOMER STYLE": "MFA25B60",
    "PATTERN ID": "P-0117",
    "ALIAS/RELATED ITEM": "LFA25K98LS",
    "STYLE DESCRIPTION": "QUARTER ZIP\nBRUSHED",
    "CUSTOMER COLOUR DESCRIPTION": "417 - MALTESE BLUE",
    "CATEGORY": "MENS",
    "UNIT OF MEASURE": "PCE",
    "DESTINATION": "US",
    "DESTINATION WAREHOUSE": "DC 4",
    "ETA CUSTOMER WAREHOUSE DATE": "2025/06/20",
    "EX FACTORY DATE": "15-MAY-2025",
    "DELIVERY TERMS": "FOB",
    "PLANNED DELIVERY METHOD": "SEA-FB",
    "NOTES": "first run",
    "CUSTOMER PRICE": "23.50",
    "USA ONLY LSTP 75% EX WORKS": "17.625",
    "EX WORKS (USD)": "$16.10",
    "ADMINISTRATION FEE": "0.25",
    "DESIGN FEE": "0.30",
    "FX CHARGE": "0.01",
    "HANDLING": "0.10",
    "SURCHARGE FEE": "1.00",
    "DISCOUNT": "-0.75",
    "FINAL FOB (USD)": "1,016.123456",
    "HS CODE": "6109.90.10.50",
    "US DUTY RATE": "0.165",
    "US DUTY": "2.66",
    "FREIGHT": "0.90",
    "US TARIFF RATE": "0.1",
    "US TARIFF": "1.61",
    "DDP US (USD)": "21.27",
    "SMS PRICE USD": "45",
    "FINAL PRICES Y/N": "Y",
    "NOTES FOR PRICE": "as agreed",
    "RANGE / COLLECTION": "CORE",
    "TOTAL QTY": "650.0",
    COLOUR_CODE: "BLU 417",
}
SHOWN = {
    "ORDER TYPE": "RECEIVED",
    "CUSTOMER": "GREYSON",
    "AAG ORDER NUMBER": "GRE-04305",
    "AAG SEASON": "2025 FALL",
    "CUSTOMER SEASON": "FALL 24",
    "ORDER DATE PO RECEIVED": "2024-11-18",
    "DROP": "DROP 2",
    "PO NUMBER": "4755",
    "CUSTOMER ALT PO": "4755-B",
    "STYLE": "MFA25B60",
    "PATTERN ID": "P-0117",
    "ALIAS RELATED ITEM": "LFA25K98LS",
    "STYLE DESCRIPTION": "QUARTER ZIP\nBRUSHED",
    "COLOR": "417 - MALTESE BLUE",
    "CATEGORY": "MENS",
    "UNIT OF MEASURE": "PCE",
    "DESTINATION": "US",
    "DESTINATION WAREHOUSE": "DC 4",
    "CUSTOMER REQ IN DC DATE": "2025-06-20",
    "CUSTOMER EX FACTORY DATE": "2025-05-15",
    "DELIVERY TERMS": "FOB",
    "PLANNED DELIVERY METHOD": "SEA-FB",
    "NOTES": "first run",
    "CUSTOMER PRICE": "23.5",
    "USA ONLY LSTP 75% EX WORKS": "17.625",
    "EX WORKS (USD)": "16.1",
    "ADMINISTRATION FEE": "0.25",
    "DESIGN FEE": "0.3",
    "FX CHARGE": "0.01",
    "HANDLING": "0.10",
    "SURCHARGE FEE": "1",
    "DISCOUNT": "-0.75",
    "FINAL FOB (USD)": "1016.123456",
    "HS CODE": "6109.90.10.50",
    "US DUTY RATE": "0.165",
    "US DUTY": "2.66",
    "FREIGHT": "0.9",
    "US TARIFF RATE": "0.1",
    "US TARIFF": "1.61",
    "DDP US (USD)": "21.27",
    "SMS PRICE USD": "45",
    "FINAL PRICES Y/N": "Y",
    "NOTES FOR PRICE": "as agreed",
    "RANGE / COLLECTION": "CORE",
    "ORDER QTY": "650",
    "CUSTOMER COLOR CODE": "BLU 417",
}
RENAMED = {
    "CUSTOMER": "CUSTOMER NAME",
    "STYLE": "CUSTOMER STYLE",
    "COLOR": "CUSTOMER COLOUR DESCRIPTION",
    "CUSTOMER COLOR CODE": COLOUR_CODE,
    "ALIAS RELATED ITEM": "ALIAS/RELATED ITEM",
    "CUSTOMER REQ IN DC DATE": "ETA CUSTOMER WAREHOUSE DATE",
    "CUSTOMER EX FACTORY DATE": "EX FACTORY DATE",
    "ORDER QTY": "TOTAL QTY",
}
UUID = "3f0e6f5c-8d3c-5b8e-9a55-0c1f6a6a9b11"


def test_all_46_columns_arrive(show: Make) -> None:
    """Every fed column arrives under its board title, with the line key beside."""
    item, findings = show(FILLED, {"M": "400", "L": "250"})
    assert len(SHOWN) == 46
    assert item.values == SHOWN | {"LINE KEY": UUID}
    assert findings == ()


@pytest.mark.parametrize("title", sorted(SHOWN))
def test_a_column_arrives_alone(show: Make, title: str) -> None:
    """Each column is fed by its own source column and by no other."""
    source = RENAMED.get(title, title)
    usual, _ = show()
    item, _ = show({source: FILLED[source]})
    assert item.values == usual.values | {title: SHOWN[title]}


def test_eight_columns_stand_under_another_title() -> None:
    """The renamed columns are these, every other keeps its name."""
    rules = order_lines().columns
    assert {t: rule.source for t, rule in rules.items() if t != rule.source} == RENAMED
    assert len(RENAMED) == 8


def test_blank_stays_blank(show: Make) -> None:
    """A blank price is never 0.0: every blank cell arrives as NULL, without a finding."""
    blank = dict.fromkeys(FILLED) | {
        "CUSTOMER NAME": "GREYSON CLOTHIERS",
        "AAG SEASON": "2025 FALL",
    }
    item, findings = show(blank)
    filled = {title: cell for title, cell in item.values.items() if cell is not None}
    assert filled == {"CUSTOMER": "GREYSON", "AAG SEASON": "2025 FALL", "LINE KEY": UUID}
    assert set(item.values) == {*SHOWN, "LINE KEY"}
    assert findings == ()


@pytest.mark.parametrize(
    ("source", "text", "rule"),
    [
        ("FREIGHT", "12.50 13.20", "number"),
        ("FREIGHT", "collect", "number"),
        ("CUSTOMER PRICE", "TBC", "number"),
        ("CUSTOMER PRICE", "12.1234567", "number"),
        ("CUSTOMER PRICE", "NULL", "number"),
        ("DISCOUNT", "5%", "number"),
        ("US DUTY RATE", "TRUE", "number"),
        ("EX FACTORY DATE", "00/00/00", "date"),
        ("EX FACTORY DATE", "TBC", "date"),
        ("EX FACTORY DATE", "TBA", "date"),
        ("EX FACTORY DATE", "TBD", "date"),
        ("EX FACTORY DATE", "NULL", "date"),
        ("EX FACTORY DATE", "1900-01-01", "date"),
        ("EX FACTORY DATE", "9999-12-31", "date"),
        ("EX FACTORY DATE", "29999", "date"),
        ("EX FACTORY DATE", "60001", "date"),
        ("ORDER DATE PO RECEIVED", "03/04/2025", "date"),
        ("TOTAL QTY", "-5", "quantity"),
        ("TOTAL QTY", "10.5", "quantity"),
        ("TOTAL QTY", "many", "quantity"),
        ("ORDER TYPE", "CONFIRMED", "value"),
        ("ORDER TYPE", "CANCELED", "value"),
        ("UNIT OF MEASURE", "SET", "label"),
    ],
)
def test_a_rejected_cell_costs_itself_alone(show: Make, source: str, text: str, rule: str) -> None:
    """It is absent from the values, so the board keeps what it has; the line goes on."""
    titles = {r.source: title for title, r in order_lines().columns.items()}
    usual, _ = show({source: None})
    item, findings = show({source: text})
    assert titles[source] not in item.values
    assert item.values.keys() | {titles[source]} == usual.values.keys()
    assert all(item.values[title] == usual.values[title] for title in item.values)
    assert [(f.rule, f.column, f.value, f.row) for f in findings] == [(rule, source, text, 7)]
    assert findings[0].record_uuid == UUID
    assert findings[0].customer == "GREYSON"
    assert findings[0].severity is Severity.WARNING
    assert findings[0].message.endswith("; the cell is not sent")


def test_a_finding_repeats_at_most_200_characters_of_a_value(show: Make) -> None:
    """A whole essay in a price cell does not fill the report."""
    _, findings = show({"FREIGHT": "x" * 500})
    assert findings[0].value == "x" * 200


def test_findings_about_one_line_have_ids_of_their_own(show: Make) -> None:
    """Two bad cells are two findings, and the same cell keeps its id from run to run."""
    _, findings = show({"FREIGHT": "a", "DISCOUNT": "b"}, {"M": "-1", "L": "x"})
    _, again = show({"FREIGHT": "other", "DISCOUNT": "b"}, {"M": "-1", "L": "x"})
    assert len({f.id for f in findings}) == 4
    assert [f.id for f in findings] == [f.id for f in again]


@pytest.mark.parametrize(
    ("text", "shown"),
    [("TRUE", "0"), ("True", "0"), ("true", "0"), ("0.1", "0.1"), ("10", "10"), ("0", "0")],
)
def test_the_tariff_rate_true_is_0(show: Make, text: str, shown: str) -> None:
    """A value map of a numbers column replaces what it names; other numbers pass."""
    item, findings = show({"US TARIFF RATE": text})
    assert item.values["US TARIFF RATE"] == shown
    assert findings == ()


def test_a_value_map_does_not_make_other_words_numbers(show: Make) -> None:
    """FALSE is not in the map: rejected as any word."""
    item, findings = show({"US TARIFF RATE": "FALSE"})
    assert "US TARIFF RATE" not in item.values
    assert [f.rule for f in findings] == ["number"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ACTIVE", "RECEIVED"),
        ("active", "RECEIVED"),
        ("RECEIVED", "RECEIVED"),
        ("CANCELLED", "CANCELLED"),
        ("Cancelled", "CANCELLED"),
        ("FORECAST", "FORECAST"),
        (None, None),
    ],
)
def test_order_types(show: Make, text: str | None, shown: str | None) -> None:
    """Upper-cased and mapped; blank is blank and no default."""
    item, findings = show({"ORDER TYPE": text})
    assert item.values["ORDER TYPE"] == shown
    assert findings == ()


def test_an_unknown_order_type_names_the_known_ones(show: Make) -> None:
    """No silent default: the finding says what would be understood."""
    _, findings = show({"ORDER TYPE": "CONFIRMED"})
    known = "ACTIVE, RECEIVED, CANCELLED, FORECAST"
    assert findings[0].message == (
        f"ORDER TYPE is none of the known values {known}; the cell is not sent"
    )


def test_a_value_may_be_mapped_to_blank(show: Make) -> None:
    """A word that means nothing becomes NULL, not the empty text."""
    columns = {"DESTINATION": {"from": "DESTINATION", "values": {"TBD": " "}}}
    item, findings = show({"DESTINATION": "tbd"}, mapping={"columns": columns})
    assert item.values["DESTINATION"] is None
    assert findings == ()


@pytest.mark.parametrize(
    ("source", "title", "text"),
    [
        ("CUSTOMER STYLE", "STYLE", "MFA25B60 / LFA25K98LS"),
        ("CUSTOMER STYLE", "STYLE", "TBD"),
        ("CUSTOMER STYLE", "STYLE", "00123"),
        ("CUSTOMER STYLE", "STYLE", "1.0"),
        ("CUSTOMER COLOUR DESCRIPTION", "COLOR", "GR\u00dcN  HELL"),
        ("CUSTOMER COLOUR DESCRIPTION", "COLOR", 'THE "BLUE" ONE'),
        ("CUSTOMER COLOUR DESCRIPTION", "COLOR", "L\u2019EAU \u201cBLEUE\u201d"),
        ("CUSTOMER COLOUR DESCRIPTION", "COLOR", "A\u00a0B"),
        ("CUSTOMER COLOUR DESCRIPTION", "COLOR", "stra\u00dfe \ufb01n e\u0301"),
        ("HS CODE", "HS CODE", "6109.90.10.50"),
        ("HS CODE", "HS CODE", "6109901050"),
        ("HS CODE", "HS CODE", "0610.10"),
        ("PO NUMBER", "PO NUMBER", "04755"),
        ("FINAL PRICES Y/N", "FINAL PRICES Y/N", "NULL"),
    ],
)
def test_text_arrives_as_it_is(show: Make, source: str, title: str, text: str) -> None:
    """Never transliterated, never read as a number; inner blanks stay."""
    item, findings = show({source: text})
    assert item.values[title] == text
    assert findings == ()


@pytest.mark.parametrize("source", ["NOTES", "STYLE DESCRIPTION", "HS CODE", "NOTES FOR PRICE"])
def test_long_text_is_cut_at_2000(show: Make, source: str) -> None:
    """2,000 characters pass, of 2,001 the last goes, with a finding."""
    item, findings = show({source: "x" * 2_000})
    assert item.values[source] == "x" * 2_000
    assert findings == ()
    item, findings = show({source: "x" * 2_001})
    assert item.values[source] == "x" * 2_000
    assert [(f.rule, f.column) for f in findings] == [("length", source)]
    assert findings[0].message == f"{source} has 2001 characters; cut to 2000"


def test_plain_text_has_no_known_limit(show: Make) -> None:
    """Only item names and long_text are cut."""
    item, findings = show({"DESTINATION": "x" * 3_000})
    assert item.values["DESTINATION"] == "x" * 3_000
    assert findings == ()


@pytest.mark.parametrize(
    ("slashed", "shown"),
    [("day/month/year", "2025-04-03"), ("month/day/year", "2025-03-04")],
)
def test_slashed_dates_follow_the_setting(show: Make, slashed: str, shown: str) -> None:
    """The setting of the source decides which number is the month."""
    source = {"file": "orders.csv", "slashed_dates": slashed}
    item, findings = show({"EX FACTORY DATE": "03/04/2025"}, source=source)
    assert item.values["CUSTOMER EX FACTORY DATE"] == shown
    assert findings == ()


@pytest.mark.parametrize(
    ("source", "text"),
    [("FREIGHT", "collect"), ("EX FACTORY DATE", "TBC"), ("ORDER TYPE", "CONFIRMED")],
)
def test_a_bad_cell_may_hold_its_line(show: Make, source: str, text: str) -> None:
    """With on_bad_cell = hold the whole line is stopped, and both findings say why."""
    titles = {r.source: title for title, r in order_lines().columns.items()}
    columns = {titles[source]: {"from": source, "on_bad_cell": "hold"}}
    held, findings = show({source: text}, mapping={"columns": columns})
    assert isinstance(held, Held)
    assert (held.record_uuid, held.customer, held.po) == (UUID, "GREYSON", "4755")
    assert held.season == "2025 FALL"
    assert (held.finding.rule, held.finding.severity) == ("cell", Severity.ERROR)
    assert held.finding.message.startswith(source)
    assert held.finding.message.endswith("; the line is not sent")
    assert [f.column for f in findings] == [source]


def test_a_good_cell_holds_nothing(show: Make) -> None:
    """on_bad_cell = hold concerns bad cells alone."""
    columns = {"FREIGHT": {"from": "FREIGHT", "on_bad_cell": "hold"}}
    item, _ = show({"FREIGHT": "1.5"}, mapping={"columns": columns})
    assert item.values["FREIGHT"] == "1.5"


@pytest.mark.parametrize("text", ["2025 FALL", "SP26", "FALL 24", "SPRING 26 REBUY"])
def test_seasons_are_free_text(show: Make, text: str) -> None:
    """Every spelling of a season is a label that may be made."""
    item, findings = show({"CUSTOMER SEASON": text})
    assert item.values["CUSTOMER SEASON"] == text
    assert findings == ()


@pytest.mark.parametrize(
    "source", ["AAG SEASON", "CUSTOMER SEASON", "CATEGORY", "DROP", "DELIVERY TERMS"]
)
def test_columns_that_may_make_labels(show: Make, source: str) -> None:
    """Seasons, CATEGORY, DROP and DELIVERY TERMS take a label that the board does not have."""
    item, findings = show({source: "NEW ONE"})
    assert item.values[source] == "NEW ONE"
    assert findings == ()


@pytest.mark.parametrize(
    ("cells", "title"),
    [
        ({"CUSTOMER NAME": "GREYSON"}, "CUSTOMER"),
        ({"ORDER TYPE": "FORECAST"}, "ORDER TYPE"),
        ({"UNIT OF MEASURE": "PCE"}, "UNIT OF MEASURE"),
    ],
)
def test_columns_that_never_make_labels(
    show: Make, board: Make, cells: dict[str, str], title: str
) -> None:
    """CUSTOMER, ORDER TYPE and UNIT OF MEASURE: a missing label is an error upstream."""
    item, findings = show(cells, on=board(labels={title: ("OTHER",)}))
    assert title not in item.values
    assert [(f.rule, f.column) for f in findings if f.column in cells] == [
        ("label", next(iter(cells)))
    ]
    assert "is no label of the board; it knows OTHER" in findings[0].message


@pytest.mark.parametrize(
    ("source", "text", "title", "labels"),
    [
        ("CUSTOMER NAME", "GREYSON", "CUSTOMER", ("Greyson",)),
        ("ORDER TYPE", "ACTIVE", "ORDER TYPE", ("Received",)),
        ("UNIT OF MEASURE", "PCE", "UNIT OF MEASURE", ("pce",)),
        ("AAG SEASON", "2025 FALL", "AAG SEASON", ("2025 Fall", "2025 FALL 2")),
    ],
)
def test_labels_take_the_spelling_of_the_board(
    show: Make, board: Make, source: str, text: str, title: str, labels: tuple[str, ...]
) -> None:
    """Labels that differ in case alone are one label, so none is made twice."""
    item, findings = show({source: text}, on=board(labels={title: labels}))
    assert item.values[title] == labels[0]
    assert findings == ()


def test_a_new_status_label_is_at_most_30_characters_long(show: Make, board: Make) -> None:
    """A status column may make labels by configuration, but none that is too long."""
    policy = {"labels": {"create": ["UNIT OF MEASURE"]}}
    item, findings = show({"UNIT OF MEASURE": "x" * 30}, mapping=policy)
    assert item.values["UNIT OF MEASURE"] == "x" * 30
    item, findings = show({"UNIT OF MEASURE": "x" * 31}, mapping=policy)
    assert "UNIT OF MEASURE" not in item.values
    assert "label" in {f.rule for f in findings if f.column == "UNIT OF MEASURE"}
    known = board(labels={"UNIT OF MEASURE": ("x" * 31,)})
    item, findings = show({"UNIT OF MEASURE": "x" * 31}, on=known, mapping=policy)
    assert item.values["UNIT OF MEASURE"] == "x" * 31


def test_the_line_key_stands_in_its_configured_column(show: Make, board: Make) -> None:
    """Its value is the record_uuid; its title is a setting."""
    item, _ = show()
    assert item.values["LINE KEY"] == UUID
    boards = [{"id": "9000000001", "name": "Customer Master Schedule", "key_column": "OUR KEY"}]
    item, _ = show(on=board(columns={"OUR KEY": "text"}), board=boards)
    assert item.values["OUR KEY"] == UUID
    assert "LINE KEY" not in item.values


def test_a_column_of_ones_own_takes_the_type_of_the_board(show: Make, board: Make) -> None:
    """A title outside the profile is rendered by what the live board says it is."""
    mapping = {"columns": {"LANDED": {"from": "LANDED COST"}, "CUT OFF": {"from": "CUT OFF"}}}
    on = board(columns={"LANDED": "numbers", "CUT OFF": "date"})
    item, _ = show({"LANDED COST": "1,000.10", "CUT OFF": "45000"}, on=on, mapping=mapping)
    assert (item.values["LANDED"], item.values["CUT OFF"]) == ("1000.1", "2023-03-15")


def test_an_override_keeps_what_it_does_not_mention(settings: Make) -> None:
    """Type and value map of the profile stay when only on_bad_cell is given."""
    columns = {"ORDER TYPE": {"from": "ORDER TYPE", "on_bad_cell": "hold"}}
    made: Settings = settings(mapping={"columns": columns})
    rule = made.columns["ORDER TYPE"]
    assert (rule.type, rule.on_bad_cell) == ("dropdown", "hold")
    assert rule.values["ACTIVE"] == "RECEIVED"


CELL = st.one_of(
    st.none(),
    st.text(max_size=40),
    st.text(st.sampled_from("0123456789.,-/$ TBCx\u00a0"), max_size=14),
    st.integers(0, 10**13).map(str),
)


@given(
    st.fixed_dictionaries({}, optional={source: CELL.map(trim) for source in FILLED}),
    st.dictionaries(st.sampled_from(["S", "M", "L", "XL", "XXL", "2XL"]), CELL.map(str)),
)
def test_rendering_never_fails(
    show: Make, cells: dict[str, str | None], sizes: dict[str, str]
) -> None:
    """Whatever the cells hold, each ends as a value or as a finding, and the sizes add up."""
    result, findings = show(cells | {"CUSTOMER NAME": "GREYSON"}, sizes)
    assert isinstance(result, Item)
    named = {finding.column for finding in findings}
    for title, rule in order_lines().columns.items():
        assert title in result.values or rule.source in named
    assert result.rejected_sizes <= named
    assert all(int(subitem.quantity) > 0 for subitem in result.subitems)
    assert all(cell is None or cell == trim(cell) for cell in result.values.values())
    assert 1 <= len(result.name) <= 255

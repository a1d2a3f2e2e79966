"""Single cells: every accepted form, and what is rejected."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_orders.mapping import cells
from customer_orders.mapping.cells import RejectedCell
from customer_orders.model import BoardColumn, trim

MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]


@pytest.mark.parametrize(
    ("text", "trimmed"),
    [
        (" x ", "x"),
        ("\tx\t", "x"),
        ("\rx\r", "x"),
        ("\nx\n", "x"),
        ("\u00a0x\u00a0", "x"),
        (" \t\r\n\u00a0x y\u00a0\n\r\t ", "x y"),
        ("a  b", "a  b"),
        ("a\u00a0b", "a\u00a0b"),
        ("\u2003x\u2003", "\u2003x\u2003"),
        ("\u200bx", "\u200bx"),
        ("", None),
        (" \t\r\n\u00a0", None),
        (None, None),
    ],
)
def test_trim_cuts_the_listed_characters_at_both_ends_and_no_others(
    text: str | None, trimmed: str | None
) -> None:
    """Blank, tab, CR, LF and U+00A0 go at the ends; what is left empty is NULL."""
    assert trim(text) == trimmed


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12.5", "12.5"),
        ("0", "0"),
        ("0.0", "0"),
        ("-0", "0"),
        ("-0.00", "0"),
        ("1.0", "1"),
        ("1.50", "1.5"),
        ("100", "100"),
        ("007", "7"),
        ("+3", "3"),
        ("-3.25", "-3.25"),
        ("- 3", "-3"),
        (".5", "0.5"),
        ("-.5", "-0.5"),
        ("1,200", "1200"),
        ("1,200.50", "1200.5"),
        ("12,345,678.9", "12345678.9"),
        ("$12.50", "12.5"),
        ("$ 12.50", "12.5"),
        ("$\u00a012.50", "12.5"),
        ("$      5.00", "5"),
        ("$1,200.50", "1200.5"),
        ("-$5", "-5"),
        ("$-5", "-5"),
        ("+$5", "5"),
        ("\u20ac7", "7"),
        ("\u00a38.25", "8.25"),
        ("\u00a5900", "900"),
        ("\u20b9100", "100"),
        ("0.123456", "0.123456"),
        ("0.000001", "0.000001"),
        ("1.000000", "1"),
        ("123456789012345678901234567890.5", "123456789012345678901234567890.5"),
    ],
)
def test_a_number_is_canonical(text: str, value: str) -> None:
    """Sign, thousands commas, a leading currency sign and up to 6 decimals are read."""
    assert cells.number(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "$",
        ".",
        "1.",
        "1.0000000",
        "0.1234567",
        "12.50 13.20",
        "12.5013.20",
        "12.50/13.20",
        "12.50\n13.20",
        "1,20",
        "1,2345",
        "12345,678",
        ",123",
        "1 200",
        "1.200,50",
        "12.50$",
        "12.50 USD",
        "USD 12.50",
        "$$5",
        "-$-5",
        "--5",
        "+-5",
        "5-",
        "(5.00)",
        "12.5%",
        "1e3",
        "1_000",
        "0x1F",
        "nan",
        "Infinity",
        "TRUE",
        "NULL",
        "TBC",
        "as per quote",
        "\u0661\u0662",
        "\u2212" + "5",
        "\u00bd",
    ],
)
def test_what_is_no_number_is_rejected(text: str) -> None:
    """Several numbers run together, words, seven decimals and foreign notations are not guessed."""
    with pytest.raises(RejectedCell, match="is not a number") as caught:
        cells.number(text)
    assert caught.value.rule == "number"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", "0"),
        ("100", "100"),
        ("100.0", "100"),
        ("100.00", "100"),
        ("+5", "5"),
        ("007", "7"),
        ("1,200", "1200"),
        ("1,200.0", "1200"),
        ("2147483647", "2147483647"),
    ],
)
def test_a_quantity_is_a_whole_number_from_0(text: str, value: str) -> None:
    """100.0 counts as 100."""
    assert cells.integer(text) == value


@pytest.mark.parametrize(
    "text",
    [
        *("", "-1", "-100", "0.5", "100.5", "99.999", "100.", "1e2", "12,34", "1 200"),
        *("ten", "100 pcs", "NULL", "TBC", "\u0661"),
    ],
)
def test_a_fraction_a_negative_and_text_are_no_quantity(text: str) -> None:
    """Nothing is floored, nothing is read out of a text."""
    with pytest.raises(RejectedCell, match="is not a whole number from 0") as caught:
        cells.integer(text)
    assert caught.value.rule == "quantity"


@pytest.mark.parametrize("text", ["2147483648", "100120140160", "9" * 5_000])
def test_more_than_the_source_could_hold_is_no_quantity(text: str) -> None:
    """Several quantities run together leave the range of INT."""
    with pytest.raises(RejectedCell, match="is above 2147483647"):
        cells.integer(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2025-03-04", "2025-03-04"),
        ("2025/03/04", "2025-03-04"),
        ("2025-3-4", "2025-03-04"),
        ("2025-03-04 00:00", "2025-03-04"),
        ("2025-03-04 13:45:10", "2025-03-04"),
        ("2025-03-04T23:59:59", "2025-03-04"),
        ("2025-03-04 00:00:00.0000000", "2025-03-04"),
        ("2025/03/04 08:30:00", "2025-03-04"),
        ("04-MAR-2025", "2025-03-04"),
        ("04-Mar-2025", "2025-03-04"),
        ("4-mar-2025", "2025-03-04"),
        ("29-FEB-2024", "2024-02-29"),
        ("45000", "2023-03-15"),
        ("45000.0", "2023-03-15"),
        ("36526", "2000-01-01"),
        ("60000", "2064-04-08"),
        ("2000-01-01", "2000-01-01"),
        ("2099-12-31", "2099-12-31"),
    ],
)
def test_a_date_is_iso(text: str, value: str) -> None:
    """Each accepted form gives YYYY-MM-DD; the time of day is dropped."""
    assert cells.date(text) == value


@pytest.mark.parametrize(("number", "month"), list(enumerate(MONTHS, start=1)))
def test_every_month_has_its_name(number: int, month: str) -> None:
    """DD-MMM-YYYY knows the twelve English names."""
    assert cells.date(f"15-{month}-2026") == f"2026-{number:02}-15"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("TBC", "is not a date"),
        ("TBA", "is not a date"),
        ("TBD", "is not a date"),
        ("NULL", "is not a date"),
        ("", "is not a date"),
        ("00/00/00", "is not a date"),
        ("00/00/0000", "is not a date"),
        ("03/04/2025", "is not a date"),
        ("3/4/25", "is not a date"),
        ("04.03.2025", "is not a date"),
        ("March 2025", "is not a date"),
        ("04-MRZ-2025", "is not a date"),
        ("04-MAR-25", "is not a date"),
        ("2025-03/04", "is not a date"),
        ("2025-03-04 25:00", "is not a date"),
        ("2025-03-04 12:60", "is not a date"),
        ("2025-03-04 or later", "is not a date"),
        ("2025-03-04 2025-03-05", "is not a date"),
        ("20250304", "is not a date"),
        ("29999", "is not a date"),
        ("60001", "is not a date"),
        ("45000.5", "is not a date"),
        ("-45000", "is not a date"),
        ("1", "is not a date"),
        ("0000-00-00", "the year 0 is not within 2000 to 2099"),
        ("1900-01-01", "the year 1900 is not within 2000 to 2099"),
        ("1999-12-31", "the year 1999 is not within 2000 to 2099"),
        ("2100-01-01", "the year 2100 is not within 2000 to 2099"),
        ("9999-12-31", "the year 9999 is not within 2000 to 2099"),
        ("01-JAN-1900", "the year 1900 is not within 2000 to 2099"),
        ("30000", "the year 1982 is not within 2000 to 2099"),
        ("36525", "the year 1999 is not within 2000 to 2099"),
        ("2025-02-29", "there is no such day"),
        ("2025-13-01", "there is no such day"),
        ("2025-00-10", "there is no such day"),
        ("31-APR-2025", "there is no such day"),
    ],
)
def test_what_is_no_date_is_rejected(text: str, reason: str) -> None:
    """Placeholders, other years, days that do not exist and slashed dates are not guessed."""
    with pytest.raises(RejectedCell, match=reason) as caught:
        cells.date(text)
    assert caught.value.rule == "date"


@pytest.mark.parametrize(
    ("slashed", "text", "value"),
    [
        ("day/month/year", "03/04/2025", "2025-04-03"),
        ("month/day/year", "03/04/2025", "2025-03-04"),
        ("day/month/year", "31/12/2025", "2025-12-31"),
        ("month/day/year", "12/31/2025", "2025-12-31"),
        ("day/month/year", "3/4/2025", "2025-04-03"),
        ("day/month/year", "2025/04/03", "2025-04-03"),
    ],
)
def test_slashed_dates_are_read_by_the_configured_format(
    slashed: str, text: str, value: str
) -> None:
    """Day or month first is what the setting says; year first needs no setting."""
    assert cells.date(text, slashed) == value


@pytest.mark.parametrize(
    ("slashed", "text"),
    [
        ("day/month/year", "12/31/2025"),
        ("month/day/year", "31/12/2025"),
        ("day/month/year", "00/00/0000"),
        ("day/month/year", "00/00/00"),
        ("day/month/year", "03/04/25"),
    ],
)
def test_a_configured_format_is_not_bent(slashed: str, text: str) -> None:
    """A slashed date that does not fit the setting is rejected, never read the other way."""
    with pytest.raises(RejectedCell):
        cells.date(text, slashed)


@pytest.mark.parametrize(
    ("text", "length", "shown", "remark"),
    [
        ("abc", 3, "abc", None),
        ("abcd", 3, "abc", "has 4 characters; cut to 3"),
        ("ab cd", 3, "ab", "has 5 characters; cut to 3"),
        ("\u00fc" * 4, 3, "\u00fc" * 3, "has 4 characters; cut to 3"),
    ],
)
def test_text_is_cut_to_its_length(text: str, length: int, shown: str, remark: str | None) -> None:
    """What is cut is said, and no blank is left at the end."""
    assert cells.cut(text, length) == (shown, remark)


def column(*known: str, inactive: tuple[str, ...] = (), kind: str = "dropdown") -> BoardColumn:
    """A label column of the board."""
    labels, gone = frozenset(known), frozenset(inactive)
    return BoardColumn(id="c", title="C", type=kind, labels=labels, inactive_labels=gone)


KNOWN = column("RECEIVED", "Cancelled", "Stra\u00dfe")


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("RECEIVED", "RECEIVED"),
        ("received", "RECEIVED"),
        ("CANCELLED", "Cancelled"),
        ("cancelled", "Cancelled"),
    ],
)
def test_a_label_takes_the_boards_own_spelling(text: str, spelling: str) -> None:
    """The case of A to Z does not count."""
    assert cells.label(text, KNOWN, may_create=False) == spelling


@pytest.mark.parametrize("text", ["SHIPPED", "RECEIVE", "RECEIVED 2", "STRASSE", "CANCELED"])
def test_a_missing_label_is_rejected(text: str) -> None:
    """Whole labels only, and no letter is taken for another; the message names what there is."""
    with pytest.raises(RejectedCell, match="is no label of the board; it knows") as caught:
        cells.label(text, KNOWN, may_create=False)
    assert caught.value.rule == "label"
    assert "Cancelled, RECEIVED" in str(caught.value)


@pytest.mark.parametrize(
    ("known", "shown"),
    [
        ("", "it knows none"),
        ("ABCDE", "it knows A, B, C, D, E"),
        ("ABCDEFG", "it knows A, B, C, D, E and 2 more"),
    ],
)
def test_a_missing_label_names_some_that_are_known(known: str, shown: str) -> None:
    """At most five labels stand in the message."""
    with pytest.raises(RejectedCell) as caught:
        cells.label("Z", column(*known), may_create=False)
    assert str(caught.value).endswith(shown)


@pytest.mark.parametrize("text", ["2026 SPRING", "x" * 30, "Gr\u00fcn"])
def test_a_column_that_may_make_labels_takes_a_new_one(text: str) -> None:
    """Up to 30 characters on a status column."""
    assert cells.label(text, column(kind="status"), may_create=True) == text


def test_a_new_status_label_has_at_most_30_characters() -> None:
    """A longer one would be refused, so it is not sent; a dropdown has no such limit."""
    with pytest.raises(RejectedCell, match="longer than the 30 characters") as caught:
        cells.label("x" * 31, column(kind="status"), may_create=True)
    assert caught.value.rule == "label"
    assert cells.label("x" * 31, KNOWN, may_create=True) == "x" * 31


@pytest.mark.parametrize(("text", "near"), [("SHIPED", "Shipped"), ("recieved", "RECEIVED")])
def test_a_missing_label_names_the_nearest(text: str, near: str) -> None:
    """A slip of the pen in the source is seen at once."""
    with pytest.raises(RejectedCell, match=f'nearest: "{near}"'):
        cells.label(text, column("RECEIVED", "Shipped", "OPEN"), may_create=False)


@pytest.mark.parametrize("may_create", [True, False])
def test_a_deactivated_label_is_not_sent(may_create: bool) -> None:
    """Somebody took it out of use on purpose: it is not made again either."""
    with pytest.raises(RejectedCell, match="was deactivated on the board"):
        cells.label("Shipped", column("OPEN", inactive=("SHIPPED",)), may_create=may_create)


@pytest.mark.parametrize(
    ("text", "compared"),
    [
        (" Greyson\u00a0", "GREYSON"),
        ("O'Neill, \u201cWest\u201d", "O'NEILL, \u201cWEST\u201d"),
        ("m\u00fcller", "M\u00fcLLER"),
        ("\u0131x", "\u0131X"),
        ("", ""),
    ],
)
def test_names_are_compared_trimmed_and_with_a_to_z_in_upper_case(text: str, compared: str) -> None:
    """No other letter is changed, so every engine agrees."""
    assert cells.normalised(text) == compared


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=6), st.sampled_from(["", "$"]))
def test_a_canonical_number_is_stable_and_keeps_its_value(value: Decimal, sign: str) -> None:
    """However it is written, the value is the same, and reading it again changes nothing."""
    read = cells.number(f"{sign}{value:,f}")
    assert Decimal(read) == value
    assert cells.number(read) == read
    assert cells.number(f"{value:f}") == read


@given(st.integers(min_value=0, max_value=2**31 - 1))
def test_a_canonical_quantity_is_stable(value: int) -> None:
    """A quantity is the same with commas, with .0 and read again."""
    assert cells.integer(f"{value:,}") == cells.integer(f"{value}.0") == str(value)
    assert cells.integer(str(value)) == cells.number(str(value))


@given(st.dates(min_value=dt.date(2000, 1, 1), max_value=dt.date(2064, 4, 8)))
def test_a_date_is_the_same_in_every_form(day: dt.date) -> None:
    """ISO, named month, Excel serial and slashed forms of one day give one value."""
    serial = (day - dt.date(1899, 12, 30)).days
    month = MONTHS[day.month - 1]
    forms = [day.isoformat(), f"{day:%Y/%m/%d}", f"{day.day}-{month}-{day.year}", str(serial)]
    assert {cells.date(form) for form in forms} == {day.isoformat()}
    assert cells.date(f"{day:%d/%m/%Y}", "day/month/year") == day.isoformat()
    assert cells.date(f"{day:%m/%d/%Y}", "month/day/year") == day.isoformat()


@given(st.text(st.sampled_from("0123456789.,-+$/ TBCJAN:e\u00a0\u0661"), max_size=14))
def test_whatever_is_accepted_is_accepted_unchanged_when_read_again(text: str) -> None:
    """A canonical value is a fixed point, and what is not accepted is rejected, never an error."""
    for read in (cells.number, cells.integer, cells.date):
        try:
            value = read(text)
        except RejectedCell:
            continue
        assert read(value) == value

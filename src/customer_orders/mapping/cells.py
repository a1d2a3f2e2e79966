"""One cell: the text of the source to its canonical value, or the reason why not.

Only what can mean one thing is accepted; nothing is guessed.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
import string
from collections.abc import Iterable
from decimal import Decimal

from customer_orders.model import BLANKS, BoardColumn, Cell, trim

#: Text beyond these lengths is cut: item names and long_text (monday's documents, size limits).
NAME_LENGTH = 255
LONG_TEXT_LENGTH = 2_000
STATUS_LABEL_LENGTH = 30

YEARS = range(2000, 2100)
#: Excel serials that are taken for dates; day 0 is 1899-12-30.
EXCEL_SERIALS = range(30_000, 60_001)
EXCEL_EPOCH = dt.date(1899, 12, 30)
MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
#: Sizes and totals are INT in the source; more is several numbers run together.
LARGEST_QUANTITY = 2**31 - 1

# re.ASCII: \d is 0 to 9, not every digit of Unicode.
NUMBER = re.compile(
    r"(?:(?P<sign>[+-])[ \u00a0]*)?(?:[$\u00a2-\u00a5\u20a0-\u20cf][ \u00a0]*)?"
    r"(?(sign)|(?P<inner>[+-]?))"
    r"(?P<whole>\d{1,3}(?:,\d{3})+|\d+|(?=\.\d))(?P<fraction>\.\d{1,6})?",
    re.ASCII,
)
INTEGER = re.compile(r"\+?(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?:\.0+)?", re.ASCII)
TIME = r"(?:[ T](?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?)?"
YEAR_FIRST = re.compile(r"(\d{4})([-/])(\d{1,2})\2(\d{1,2})" + TIME, re.ASCII)
MONTH_NAMED = re.compile(r"(\d{1,2})-([A-Za-z]{3})-(\d{4})", re.ASCII)
SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)
SERIAL = re.compile(r"(\d{5})(?:\.0+)?", re.ASCII)
UPPER = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)


class RejectedCell(ValueError):
    """The cell cannot be used. `rule` names the finding, the text says why."""

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(reason)
        self.rule = rule


def normalised(text: str) -> str:
    """How names, mapped values and labels are compared: trimmed, A to Z in upper case."""
    return (trim(text) or "").translate(UPPER)


def number(text: str) -> str:
    """A decimal with up to 6 decimals: "$1,200.50" is "1200.5"."""
    match = NUMBER.fullmatch(text)
    if not match:
        raise RejectedCell("number", "is not a number")
    sign = match["sign"] or match["inner"] or ""
    digits = (match["whole"].replace(",", "") or "0") + (match["fraction"] or "")
    plain = format(Decimal(sign + digits), "f")
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if plain == "-0" else plain


def integer(text: str) -> str:
    """A whole number from 0: "100.0" is "100"; a fraction or a negative number is rejected."""
    match = INTEGER.fullmatch(text)
    if not match:
        raise RejectedCell("quantity", "is not a whole number from 0")
    digits = match["whole"].replace(",", "").lstrip("0") or "0"
    if len(digits) > len(str(LARGEST_QUANTITY)) or int(digits) > LARGEST_QUANTITY:
        raise RejectedCell("quantity", f"is above {LARGEST_QUANTITY}")
    return digits


def date(text: str, slashed: str | None = None) -> str:
    """A date of 2000 to 2099 as YYYY-MM-DD; `slashed` says how to read 03/04/2025, if at all."""
    year, month, day = _parts(text, slashed)
    if year not in YEARS:
        raise RejectedCell("date", f"the year {year} is not within 2000 to 2099")
    try:
        return dt.date(year, month, day).isoformat()
    except ValueError as exc:
        raise RejectedCell("date", "there is no such day") from exc


def _parts(text: str, slashed: str | None) -> tuple[int, int, int]:
    if match := YEAR_FIRST.fullmatch(text):
        return int(match[1]), int(match[3]), int(match[4])
    if (match := MONTH_NAMED.fullmatch(text)) and match[2].upper() in MONTHS:
        return int(match[3]), MONTHS.index(match[2].upper()) + 1, int(match[1])
    if (match := SLASHED.fullmatch(text)) and slashed:
        first, second, year = (int(part) for part in match.groups())
        return (year, second, first) if slashed.startswith("day") else (year, first, second)
    if (match := SERIAL.fullmatch(text)) and int(match[1]) in EXCEL_SERIALS:
        day = EXCEL_EPOCH + dt.timedelta(days=int(match[1]))
        return day.year, day.month, day.day
    raise RejectedCell("date", "is not a date that is read without guessing")


def cut(text: str, length: int) -> tuple[str, str | None]:
    """The text within its length, and a remark when something was cut."""
    if len(text) <= length:
        return text, None
    return text[:length].rstrip(BLANKS), f"has {len(text)} characters; cut to {length}"


def label(text: str, column: BoardColumn, *, may_create: bool) -> Cell:
    """The board's own spelling of a label, or a new label where the column may make one."""
    if text in column.labels:
        return text
    for spelling in sorted(column.labels):
        if normalised(spelling) == normalised(text):
            return spelling
    if normalised(text) in map(normalised, column.inactive_labels):
        raise RejectedCell("label", "is a label that was deactivated on the board")
    if not may_create:
        known = f"it knows {_some(column.labels)}{nearest(text, column.labels)}"
        raise RejectedCell("label", f"is no label of the board; {known}")
    if column.type == "status" and len(text) > STATUS_LABEL_LENGTH:
        longest = f"the {STATUS_LABEL_LENGTH} characters of a status label"
        raise RejectedCell("label", f"is longer than {longest}")
    return text


def nearest(label: str, known: Iterable[str]) -> str:
    """The label of the board that is most like it, as a remark says it; empty without one."""
    spelled = {normalised(each): each for each in sorted(known)}
    near = difflib.get_close_matches(normalised(label), spelled, n=1)
    return f' (nearest: "{spelled[near[0]]}")' if near else ""


def _some(labels: frozenset[str]) -> str:
    shown = sorted(labels)[:5]
    more = f" and {len(labels) - len(shown)} more" if len(labels) > len(shown) else ""
    return (", ".join(shown) or "none") + more

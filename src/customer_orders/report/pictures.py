"""The two pictures of a report as numbers: shares in percent, for inline SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from customer_orders.report.run import COUNTED

#: Customers with a bar of their own; the rest share the last one.
BARS = 15
#: Stretches of time below which a picture of the pace tells nothing.
FEWEST = 6
#: What the bars show, in this order from the left.
PARTS = tuple(word.value for word in COUNTED)


@dataclass(frozen=True, kw_only=True)
class Part:
    """One stretch of a customer's bar."""

    word: str
    number: int
    #: Percent of the widest bar.
    start: float
    width: float


@dataclass(frozen=True, kw_only=True)
class Bar:
    """The lines of one customer."""

    name: str
    selected: int
    parts: Sequence[Part]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One stretch of time."""

    start: float
    width: float
    #: Percent of the highest column.
    height: float
    delivered: int
    #: Seconds since the first request was settled.
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Operations delivered over time."""

    columns: Sequence[Column]
    #: Operations a second in the highest column.
    highest: float
    #: Seconds from the first column to the end of the last.
    seconds: float


def customer_bars(run: Mapping[str, Any]) -> list[Bar]:
    """The largest customers first; those beyond `BARS` are added up in one bar."""
    customers = sorted(run["customers"].items(), key=lambda each: -each[1]["selected"])
    shown = [(name, counts) for name, counts in customers[:BARS] if counts["selected"]]
    widest = max((counts["selected"] for _, counts in shown), default=0)
    bars = [_bar(name, counts, widest) for name, counts in shown]
    if rest := customers[BARS:]:
        # Many small customers together would make every other bar small.
        added = {word: sum(counts[word] for _, counts in rest) for word in ("selected", *PARTS)}
        bars.append(_bar(f"{len(rest)} others, not to scale", added, added["selected"]))
    return bars


def legend(bars: Sequence[Bar]) -> list[str]:
    """The outcomes that some bar shows, in the order of the bars."""
    shown = {part.word for bar in bars for part in bar.parts}
    return [word for word in PARTS if word in shown]


def _bar(name: str, counts: Mapping[str, int], widest: int) -> Bar:
    parts, start = list[Part](), 0.0
    for word in PARTS:
        if counts[word]:
            width = 100 * counts[word] / widest
            parts.append(Part(word=word, number=counts[word], start=start, width=width))
            start += width
    return Bar(name=name, selected=counts["selected"], parts=parts)


def pace(run: Mapping[str, Any]) -> Pace | None:
    """The pace of delivery; None when it was over in a few requests."""
    stretches = run["rate"]["pace"]
    if len(stretches) < FEWEST:
        return None
    rates = [each["delivered"] / each["seconds"] for each in stretches]
    highest, width = max(rates), 100 / len(stretches)
    return Pace(
        columns=[
            Column(
                start=place * width,
                width=width,
                height=100 * rate / highest if highest else 0.0,
                delivered=each["delivered"],
                seconds=each["from"],
            )
            for place, (each, rate) in enumerate(zip(stretches, rates, strict=True))
        ],
        highest=highest,
        seconds=stretches[-1]["from"] + stretches[-1]["seconds"],
    )

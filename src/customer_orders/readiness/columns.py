"""What the code expects of the source's columns, and what is there; each difference is named."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from customer_orders import mapping
from customer_orders.config import Settings, source_types
from customer_orders.errors import SourceError
from customer_orders.readiness.mending import Mending
from customer_orders.report import Check
from customer_orders.source import TEXT, nearest_name
from customer_orders.stamp import HASH, OTHER_UUID, UUID, Marks

COLUMNS, IDENTITY = "source columns", "record_uuid and row_hash"
ELSEWHERE = "mend its name in [source] or [mapping.columns]"


def column_rows(settings: Settings, kinds: Mapping[str, str]) -> list[Check]:
    """A row for each difference, or one that says that there is none; then our own columns."""
    mending, expected = Mending.of(settings), _expected(settings)
    found = [*_absent(expected, kinds, mending), *_text_sizes(settings, kinds, mending)]
    if not found:
        found = [Check.passed(COLUMNS, f"all {len(expected)} that are expected are there")]
    return [*found, _identity(kinds, mending)]


def unknown_rows() -> list[Check]:
    """The same rows while the source cannot be opened."""
    return [Check.unknown(what, needs="the source") for what in (COLUMNS, IDENTITY)]


def _expected(settings: Settings) -> set[str]:
    """Columns that a run cannot go without."""
    sizes = settings.source.sizes
    ends = (sizes.after, sizes.before) if sizes else ()
    return {*mapping.needed_columns(settings), *ends}


def _absent(
    expected: Collection[str], kinds: Mapping[str, str], mending: Mending | None
) -> Iterator[Check]:
    absent = sorted(set(expected) - set(kinds))
    if not mending:
        # A header in the wrong row lacks them all, and `source` has named them.
        if absent:
            yield Check.unknown(COLUMNS, needs="those that the row source names")
        return
    for name in absent:
        # A column that has a part of its own is not this one, written otherwise.
        near = nearest_name(name, [other for other in kinds if other not in expected])
        mended = mending.rename(near, name) if near else mending.add(name)
        found = "is not there" + (f'; the nearest is "{near}"' if near else "")
        what = SourceError(found, hint=f"{mended}; or {ELSEWHERE}")
        yield Check.failed(f"source column {name}", what)


def _text_sizes(
    settings: Settings, kinds: Mapping[str, str], mending: Mending | None
) -> Iterator[Check]:
    """Sizes of the shipped list that stand in the span as text: nobody would carry them."""
    sizes, names = settings.source.sizes, list(kinds)
    if sizes is None or sizes.after not in kinds or sizes.before not in kinds:
        return
    for name in names[names.index(sizes.after) + 1 : names.index(sizes.before)]:
        if kinds[name] == TEXT and source_types().get(name) == "INT":
            yield Check.warned(
                f"source column {name}",
                "is text, so it is no size: its quantities are not carried",
                (mending and mending.make_integer(name)) or "load it as a column of integers",
            )


def _identity(columns: Collection[str], mending: Mending | None) -> Check:
    """Which of the two are there. No run needs them, so their absence is no warning."""
    marks = Marks.of(columns)
    there = ", ".join(name for name in (UUID, OTHER_UUID, HASH) if name in columns) or "none"
    absent = ", ".join(marks.missing) or "none"
    found = f"there: {there}; not there: {absent}; lines are known by their key columns"
    if not marks.missing or mending is None:
        return Check.passed(IDENTITY, found)
    added = "; ".join(mending.add_marks(columns))
    return Check.passed(IDENTITY, found, f"where they are wanted, `deploy --source` runs: {added}")

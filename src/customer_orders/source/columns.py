"""The columns of a source: which are needed, which are sizes, and what a wrong name is near to."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from customer_orders.config import SourceSettings, source_types
from customer_orders.errors import SourceError

#: What a whole number looks like in a source whose columns have no types.
WHOLE_NUMBER = r"^[\s\x{00A0}]*([0-9][0-9,]*(\.0+)?)?[\s\x{00A0}]*$"
INTEGER, TEXT, UNKNOWN = "integer", "text", "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where order lines stand, opened far enough to know its columns."""

    #: What messages call it.
    name: str
    #: Column -> INTEGER, TEXT or UNKNOWN, in the order of the source.
    kinds: Mapping[str, str]
    #: Reads these columns of the scope, each cell as text, a blank one as "".
    rows: Callable[[Sequence[str]], pa.Table]
    #: The SELECT of the user's own, where the rows come from one.
    query: str = ""


def known_kind(name: str) -> str:
    """What a column without a type is, by the known columns of ORDERS_UNIFIED."""
    sql_type = source_types().get(name)
    return UNKNOWN if sql_type is None else INTEGER if sql_type == "INT" else TEXT


def unique_header(header: Iterable[str], where: str) -> dict[str, int]:
    """Column name -> place from 0. A blank name is no column; two equal ones are an error."""
    places: dict[str, int] = {}
    seen: dict[str, int] = {}
    for place, name in enumerate(header):
        if not name:
            continue
        first = seen.setdefault(name.upper(), place)
        if first != place:
            raise SourceError(
                f'{where}: columns {first + 1} and {place + 1} are both called "{name}"',
                hint="give each column a name of its own; the case of letters does not count",
            )
        places[name] = place
    if not places:
        raise SourceError(f"{where}: the file is empty", hint="a row must name the columns")
    return places


def wanted_columns(source: SourceSettings, origin: Origin, needed: Sequence[str]) -> list[str]:
    """The columns to read, in the order of the source. Raises SourceError for absent ones."""
    kinds = origin.kinds
    ends = (source.sizes.after, source.sizes.before) if source.sizes else ()
    scoped = [name for name, _, _ in source.scope]
    absent = [name for name in (*needed, *ends, *scoped) if name not in kinds]
    if absent:
        named = "; ".join(f'"{name}"{nearest(name, kinds)}' for name in sorted(set(absent)))
        raise SourceError(
            f"{origin.name} has no column {named}",
            hint="mend the name in [source] or [mapping.columns], or the source itself",
        )
    span = {name for name in _span(source, origin) if kinds[name] != TEXT}
    return [name for name in kinds if name in span or name in needed]


def chosen_sizes(source: SourceSettings, origin: Origin, rows: pa.Table) -> list[str]:
    """The size columns, in the order of the source."""
    span = _span(source, origin)
    sizes = [name for name in span if _is_size(name, origin.kinds, rows)]
    if source.sizes and span and not sizes:
        raise SourceError(
            f"{origin.name}: no column between "
            f'"{source.sizes.after}" and "{source.sizes.before}" is an integer',
            hint="sizes are integer columns; a table without its types cannot show them",
        )
    return sizes


def absent_table(table: str, database: str, names: Iterable[str]) -> SourceError:
    """The error for a table that is not there; `names` are those that stand beside it."""
    return SourceError(
        f'the table "{table}" is not in {database}' + nearest(table.rpartition(".")[2], names),
        hint="check [source] table; nothing was read",
    )


def nearest(name: str, known: Iterable[str]) -> str:
    """` (nearest: "...")`, or nothing when no known name is near."""
    near = nearest_name(name, known)
    return f' (nearest: "{near}")' if near else ""


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that is nearest, where one is near."""
    by_upper = {other.upper(): other for other in known}
    near = difflib.get_close_matches(name.upper(), by_upper, n=1)
    return by_upper[near[0]] if near else None


def _span(source: SourceSettings, origin: Origin) -> list[str]:
    """The columns between the two that the sizes stand between; none without sizes."""
    if source.sizes is None:
        return []
    names = list(origin.kinds)
    start, end = names.index(source.sizes.after), names.index(source.sizes.before)
    if start > end:
        raise SourceError(
            f'{origin.name}: the column "{source.sizes.before}" must come after '
            f'"{source.sizes.after}"',
            hint="the size columns are those between the two; see [source] sizes",
        )
    return names[start + 1 : end]


def _is_size(name: str, kinds: Mapping[str, str], rows: pa.Table) -> bool:
    """A size column is an integer by type; where nobody knows the type, by all its cells."""
    if kinds[name] != UNKNOWN:
        return kinds[name] == INTEGER
    whole = pc.match_substring_regex(pc.fill_null(rows[name], ""), WHOLE_NUMBER)
    return bool(pc.all(whole).as_py())

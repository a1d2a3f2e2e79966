"""Holds the configured columns against the live board, before anything is written."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field

from customer_orders.config import BoardSettings, Settings
from customer_orders.errors import BoardError
from customer_orders.model import Board, BoardColumn

#: Types that this program writes; every other type is read-only for it.
WRITTEN_TYPES = frozenset({"text", "long_text", "numbers", "date", "dropdown", "status"})


@dataclass(kw_only=True, slots=True)
class TargetFaults:
    """What of a live board does not fit the configuration, by question, a sentence each."""

    name: list[str] = field(default_factory=list)
    key_column: list[str] = field(default_factory=list)
    #: Missing, read-only, of another type.
    columns: list[str] = field(default_factory=list)
    #: Columns that belong to others.
    ownership: list[str] = field(default_factory=list)


def check_targets(settings: Settings, configured: BoardSettings, board: Board) -> None:
    """Raise BoardError that names every target column that is missing, read-only or foreign."""
    faults = target_faults(settings, configured, board)
    if faults.name:
        raise BoardError(
            "; ".join(faults.name),
            hint="check the id and the name under [[board]]; nothing was written",
        )
    if others := [*faults.columns, *faults.ownership, *faults.key_column]:
        raise BoardError(
            f'board {board.id} "{board.name}": ' + "; ".join(others),
            hint="mend the board or [mapping.columns]; nothing was written. "
            "`customer-orders deploy --board` makes the key column",
        )


def target_faults(settings: Settings, configured: BoardSettings, board: Board) -> TargetFaults:
    """Every fault, by what it is about: none hides another."""
    faults = TargetFaults()
    if board.name != configured.name:
        faults.name.append(
            f'board {board.id} is called "{board.name}", the configuration says "{configured.name}"'
        )
    mapped = {title: rule.type for title, rule in settings.columns.items()}
    sizes = subitem_targets(settings)
    _compare("", mapped, board.columns, settings.foreign, faults)
    _compare("subitems: ", sizes, board.subitem_columns, settings.foreign, faults)
    faults.key_column += _key_faults(configured.key_column, mapped, settings, board)
    return faults


def subitem_targets(settings: Settings) -> dict[str, str | None]:
    """Title -> type of the columns of subitems that are written; none without sizes."""
    if settings.source.sizes is None:
        return {}
    mapping = settings.mapping
    return {mapping.subitem_size: "dropdown", mapping.subitem_quantity: "numbers"}


def _compare(
    where: str,
    targets: Mapping[str, str | None],
    columns: Mapping[str, BoardColumn],
    foreign: frozenset[str],
    faults: TargetFaults,
) -> None:
    for title, wanted in targets.items():
        if title in foreign:
            faults.ownership.append(where + _foreign(title))
        elif fault := _fault(title, wanted, columns):
            faults.columns.append(where + fault)


def _key_faults(
    key: str, mapped: Mapping[str, str | None], settings: Settings, board: Board
) -> list[str]:
    if key in mapped:
        return [f'column "{key}" takes the line key and is fed from the source too']
    if key in settings.foreign:
        return [_foreign(key)]
    fault = _fault(key, "text", board.columns)
    return [fault] if fault else []


def _foreign(title: str) -> str:
    return f'column "{title}" belongs to others and is never written'


def _fault(title: str, wanted: str | None, columns: Mapping[str, BoardColumn]) -> str | None:
    column = columns.get(title)
    if column is None:
        near = difflib.get_close_matches(title, columns, n=1)
        return f'column "{title}" is missing' + (f' (nearest: "{near[0]}")' if near else "")
    if column.type not in WRITTEN_TYPES:
        return f'column "{title}" is of the read-only type {column.type}'
    if wanted not in (None, column.type):
        return f'column "{title}" is of type {column.type}, expected {wanted}'
    return None

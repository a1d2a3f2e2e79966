"""Holds the configured columns against the live board, before anything is written."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from customer_orders.config import BoardSettings, Settings
from customer_orders.errors import BoardError
from customer_orders.model import Board, BoardColumn

#: Types that this program writes; every other type is read-only for it.
WRITTEN_TYPES = frozenset({"text", "long_text", "numbers", "date", "dropdown", "status"})


def check_targets(settings: Settings, configured: BoardSettings, board: Board) -> None:
    """Raise BoardError that names every target column that is missing, read-only or foreign."""
    if board.name != configured.name:
        raise BoardError(
            f'board {board.id} is called "{board.name}", the configuration says '
            f'"{configured.name}"',
            hint="check the id and the name under [[board]]; nothing was written",
        )
    faults = [*_item_faults(settings, configured, board), *_subitem_faults(settings, board)]
    if faults:
        raise BoardError(
            f'board {board.id} "{board.name}": ' + "; ".join(faults),
            hint="mend the board or [mapping.columns]; nothing was written. "
            "`customer-orders deploy --board` makes the key column",
        )


def _item_faults(settings: Settings, configured: BoardSettings, board: Board) -> Iterator[str]:
    targets = {title: rule.type for title, rule in settings.columns.items()}
    if configured.key_column in targets:
        yield f'column "{configured.key_column}" takes the line key and is fed from the source too'
    targets[configured.key_column] = "text"
    for title, wanted in targets.items():
        yield from _faults(title, wanted, board.columns, settings.foreign)


def _subitem_faults(settings: Settings, board: Board) -> Iterator[str]:
    mapping = settings.mapping
    targets = {mapping.subitem_size: "dropdown", mapping.subitem_quantity: "numbers"}
    for title, wanted in targets.items():
        for fault in _faults(title, wanted, board.subitem_columns, settings.foreign):
            yield f"subitems: {fault}"


def _faults(
    title: str, wanted: str | None, columns: Mapping[str, BoardColumn], foreign: frozenset[str]
) -> Iterator[str]:
    column = columns.get(title)
    if title in foreign:
        yield f'column "{title}" belongs to others and is never written'
    elif column is None:
        near = difflib.get_close_matches(title, columns, n=1)
        yield f'column "{title}" is missing' + (f' (nearest: "{near[0]}")' if near else "")
    elif column.type not in WRITTEN_TYPES:
        yield f'column "{title}" is of the read-only type {column.type}'
    elif wanted not in (None, column.type):
        yield f'column "{title}" is of type {column.type}, expected {wanted}'

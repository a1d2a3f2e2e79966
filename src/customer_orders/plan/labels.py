"""How full the label columns of a board become: a remark before monday refuses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from customer_orders.model import Board, BoardColumn, Finding, Severity
from customer_orders.plan.operations import Operation, Target

#: Labels that a column holds, by its type (monday/api.md, Size limits).
LABELS = {"dropdown": 500, "status": 40}
#: Share of them from which a column is worth a remark: 450 of 500.
NEARLY_FULL = 0.9


def label_findings(
    operations: Iterable[Operation], boards: Mapping[str, Board]
) -> Iterator[Finding]:
    """A finding for each label column that the operations fill, or nearly fill."""
    wanted: defaultdict[tuple[str, Target, str], set[str]] = defaultdict(set)
    for operation in operations:
        for title, label in operation.payload.get("values", {}).items():
            if label:
                wanted[operation.board, operation.kind, title].add(label)
    for (board, kind, title), labels in sorted(wanted.items()):
        live = boards[board]
        columns = live.subitem_columns if kind is Target.SUBITEM else live.columns
        yield from _fullness(live, columns[title], labels)


def _fullness(board: Board, column: BoardColumn, wanted: set[str]) -> Iterator[Finding]:
    room = LABELS.get(column.type)
    number = len(column.labels | wanted)
    if room is None or wanted <= column.labels or number < room * NEARLY_FULL:
        return
    full = number > room
    yield Finding(
        rule="labels",
        message=f'column "{column.title}" of board {board.id} will have {number} labels '
        f"of {room}" + ("; monday refuses the rest" if full else ""),
        severity=Severity.ERROR if full else Severity.WARNING,
        column=f"{column.title} of board {board.id}",
    )

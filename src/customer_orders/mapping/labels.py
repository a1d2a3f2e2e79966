"""The label plan: which labels are there, which are made, and which are refused before sending."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from customer_orders.mapping.cells import normalised
from customer_orders.mapping.rules import Rules
from customer_orders.model import (
    Board,
    BoardColumn,
    Cell,
    Finding,
    Held,
    Item,
    LabelUse,
    OrderLine,
    Rendered,
    Severity,
    Subitem,
    shown,
)

#: Labels that a column holds, by its type (monday's documents, size limits).
ROOM = {"dropdown": 500, "status": 40}
#: Rules of findings about a cell whose label cannot be used.
REFUSED = ("label", "value")
#: Share of them from which a column is worth a remark: 450 of 500, 36 of 40.
NEARLY_FULL = 0.9


def fit_labels(
    rendered: Rendered, findings: Iterable[Finding], rules: Rules
) -> tuple[Rendered, list[Finding], tuple[LabelUse, ...]]:
    """Take out what finds no room, and say of every label column what the lines do to it.

    Labels that differ only in case or outer blanks are one: the first spelling is sent.
    """
    fitting = _Fitting(rules)
    fitted = [(line, fitting.fit(line, result)) for line, result in rendered]
    fitting.refused(findings)
    columns = [column for _, column in sorted(fitting.columns.items())]
    nearly_full = [remark for column in columns for remark in column.fullness()]
    return fitted, [*fitting.findings, *nearly_full], tuple(column.use() for column in columns)


@dataclass
class _Column:
    """A label column while lines are fitted into it."""

    board: str
    live: BoardColumn
    used: set[str] = field(default_factory=set)
    #: Normalised -> the first spelling, in order.
    made: dict[str, str] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)

    @property
    def known(self) -> int:
        """Labels of the board; a deactivated one takes room as well."""
        return len(self.live.labels | self.live.inactive_labels)

    def take(self, label: str) -> str | None:
        """The spelling that is sent; None where there is no room for one more label."""
        if label in self.live.labels:
            self.used.add(label)
            return label
        if normalised(label) not in self.made and self.known + len(self.made) >= self.most:
            self.refused.add(label)
            return None
        return self.made.setdefault(normalised(label), label)

    @property
    def most(self) -> int:
        return ROOM[self.live.type]

    def use(self) -> LabelUse:
        """What the plan shows of the column."""
        return LabelUse(
            board=self.board,
            column=self.live.title,
            known=self.known,
            used=tuple(sorted(self.used)),
            made=tuple(self.made.values()),
            refused=tuple(sorted(self.refused)),
        )

    def fullness(self) -> Iterator[Finding]:
        """A remark where the column is full, or nearly full with what is made."""
        number = self.known + len(self.made)
        if not (self.made or self.refused) or number < self.most * NEARLY_FULL:
            return
        full = bool(self.refused)
        yield Finding(
            rule="labels",
            message=f'column "{self.live.title}" of board {self.board} will have {number} labels '
            f"of {self.most}" + (f"; {len(self.refused)} more find no room" if full else ""),
            severity=Severity.ERROR if full else Severity.WARNING,
            column=f"{self.live.title} of board {self.board}",
        )


class _Fitting:
    """One pass over the lines of a plan, in order."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._size = rules.settings.mapping.subitem_size
        self.columns: dict[tuple[str, str], _Column] = {}
        self.findings: list[Finding] = []

    def fit(self, line: OrderLine, result: Item | Held) -> Item | Held:
        """The line with the spellings that are sent, less what finds no room."""
        if isinstance(result, Held):
            return result
        board = self._rules.boards[result.board]
        values = dict(self._values(line, result, board))
        subitems = tuple(s for s in result.subitems if self._fits(line, result, board, s))
        lost = {s.size for s in result.subitems} - {s.size for s in subitems}
        if not lost and values == result.values:
            return result
        rejected = result.rejected_sizes | lost
        return replace(result, values=values, subitems=subitems, rejected_sizes=rejected)

    def refused(self, findings: Iterable[Finding]) -> None:
        """Count in what rendering refused: labels that a column may not make, unknown values."""
        titles = {rule.source: title for title, rule in self._rules.settings.columns.items()}
        for found in findings:
            board = self._rules.board_of(found.customer or "")
            if found.rule not in REFUSED or board is None:
                continue
            # A size is a column of the source, and its name is the label.
            title = titles.get(found.column or "", self._size)
            label = found.column if title == self._size else found.value
            if title == self._size or board.columns[title].type in ROOM:
                self._column(board, title).refused.add(label or "")

    def _values(self, line: OrderLine, item: Item, board: Board) -> Iterator[tuple[str, Cell]]:
        for title, cell in item.values.items():
            if cell is None or board.columns[title].type not in ROOM:
                yield title, cell
            elif spelled := self._column(board, title).take(cell):
                yield title, spelled
            else:
                self._remark(line, item, self._rules.settings.columns[title].source, title, cell)

    def _fits(self, line: OrderLine, item: Item, board: Board, subitem: Subitem) -> bool:
        if self._column(board, self._size).take(subitem.size):
            return True
        self._remark(line, item, subitem.size, self._size, subitem.size)
        return False

    def _column(self, board: Board, title: str) -> _Column:
        of_board: Mapping[str, BoardColumn] = (
            board.subitem_columns if title == self._size else board.columns
        )
        key = board.id, title
        if key not in self.columns:
            self.columns[key] = _Column(board=board.id, live=of_board[title])
        return self.columns[key]

    def _remark(self, line: OrderLine, item: Item, source: str, title: str, label: str) -> None:
        self.findings.append(
            Finding(
                rule="label",
                message=f'"{title}" has no room for one more label; the cell is not sent',
                record_uuid=item.record_uuid,
                customer=item.customer,
                row=line.row,
                column=source,
                value=shown(label),
            )
        )

"""One order line to the item and subitems that the board should show, with findings beside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from customer_orders.config import ColumnRule
from customer_orders.mapping import cells
from customer_orders.mapping.cells import RejectedCell, normalised
from customer_orders.mapping.rules import CANONICAL_CUSTOMER, FIELD, Rules, fields
from customer_orders.mapping.sizes import size_order
from customer_orders.model import (
    LABELLED,
    SUBITEMS_PER_ITEM,
    Board,
    BoardColumn,
    Cell,
    Finding,
    Held,
    Item,
    OrderLine,
    Rendered,
    Severity,
    Subitem,
    shown,
    trim,
)

NO_CUSTOMER = "(no customer)"
#: A field of a template with the blank before it, which goes when the field is blank.
SPACED_FIELD = re.compile("( ?)" + FIELD.pattern)


def render(line: OrderLine, rules: Rules) -> tuple[Item | Held, tuple[Finding, ...]]:
    """What the board should show of one line.

    Returns the item, or the reason why the line is held, and the findings about its cells.
    """
    column = rules.settings.source.customer
    name = line.values.get(column)
    customer = rules.customer(name)
    if customer is None:
        what = f'the customer "{name}" is not known' if name else "the customer is blank"
        return _held(line, rules, name or NO_CUSTOMER, "customer", what, column), ()
    board = rules.board_of(customer)
    if board is None:
        what = f'no board is configured for the customer "{customer}"'
        return _held(line, rules, customer, "board", what), ()
    return _Rendering(line, rules, customer, board).item()


def render_all(lines: Iterable[OrderLine], rules: Rules) -> tuple[Rendered, list[Finding]]:
    """Every line with what became of it, and all findings, those of held lines among them."""
    rendered, findings = [], list[Finding]()
    for line in lines:
        result, remarks = render(line, rules)
        rendered.append((line, result))
        findings += remarks
        if isinstance(result, Held):
            findings.append(result.finding)
    return rendered, findings


def _held(
    line: OrderLine, rules: Rules, customer: str, rule: str, what: str, column: str | None = None
) -> Held:
    finding = Finding(
        rule=rule,
        message=f"{what}; the line is not sent",
        severity=Severity.ERROR,
        record_uuid=line.record_uuid,
        customer=customer,
        row=line.row,
        column=column,
        value=shown(line.values.get(column)) if column else None,
    )
    return Held(
        record_uuid=line.record_uuid,
        customer=customer,
        finding=finding,
        po=_po(line, rules),
        season=_season(line, rules),
    )


def _po(line: OrderLine, rules: Rules) -> Cell:
    column = rules.settings.source.po
    return line.values.get(column) if column else None


def _season(line: OrderLine, rules: Rules) -> Cell:
    seasons = (line.values.get(column) for column in rules.settings.source.seasons)
    return next((season for season in seasons if season), None)


@dataclass
class _Rendering:
    """The work on one line of a known customer."""

    line: OrderLine
    rules: Rules
    customer: str
    board: Board
    findings: list[Finding] = field(default_factory=list)
    rejected_sizes: set[str] = field(default_factory=set)
    #: Set by a rejected cell whose rule says that the line is to be held.
    hold: str | None = None

    def item(self) -> tuple[Item | Held, tuple[Finding, ...]]:
        values = dict(self._values())
        mapping = self.rules.settings.mapping
        sizes = self._sizes()
        if cancelled := self._cancelled():
            # Cancelling takes every size to 0, also one whose cell cannot be used.
            sizes, self.rejected_sizes = [], set()
            if mapping.quantity in self.rules.settings.columns:
                values[mapping.quantity] = "0"
        elif mapping.quantity in values and self.rules.settings.source.sizes:
            self._compare_total(values[mapping.quantity], sizes)
        if len(sizes) > SUBITEMS_PER_ITEM:
            self.hold = f"the line has {len(sizes)} sizes, an item takes {SUBITEMS_PER_ITEM}"
            return self._hold("capacity"), tuple(self.findings)
        if self.hold:
            return self._hold("cell"), tuple(self.findings)
        values[self.rules.settings.key_column(self.board.id)] = self.line.record_uuid
        item = Item(
            record_uuid=self.line.record_uuid,
            row_hash=self.line.row_hash,
            customer=self.customer,
            board=self.board.id,
            group=self._group(),
            name=self._name(),
            values=values,
            subitems=tuple(sizes),
            rejected_sizes=frozenset(self.rejected_sizes),
            cancelled=cancelled,
            po=_po(self.line, self.rules),
            season=_season(self.line, self.rules),
        )
        return item, tuple(self.findings)

    def _hold(self, rule: str) -> Held:
        return _held(self.line, self.rules, self.customer, rule, self.hold or "")

    def _values(self) -> Iterator[tuple[str, Cell]]:
        for title, rule in self.rules.settings.columns.items():
            text = self.line.values.get(rule.source)
            if self._is_customer(title, rule):
                text = self.customer
            if not text:
                yield title, None
                continue
            try:
                yield title, self._cell(title, rule, text)
            except RejectedCell as exc:
                self._note(exc.rule, f"{rule.source} {exc}; the cell is not sent", rule, text)
                if rule.on_bad_cell == "hold":
                    self.hold = f"{rule.source} {exc}"

    def _is_customer(self, title: str, rule: ColumnRule) -> bool:
        settings = self.rules.settings
        return title == settings.mapping.customer or rule.source == settings.source.customer

    def _cancelled(self) -> bool:
        """By the source, so also where the board has no such label or spells it another way."""
        mapping = self.rules.settings.mapping
        rule = self.rules.settings.columns.get(mapping.order_type)
        text = self.line.values.get(rule.source) if rule else None
        try:
            value = self._mapped(mapping.order_type, text) if text else None
        except RejectedCell:
            return False
        return normalised(value or "") == normalised(mapping.cancelled)

    def _cell(self, title: str, rule: ColumnRule, text: str) -> Cell:
        column = self.board.columns[title]
        text = self._mapped(title, text)
        if not text:
            return None
        if title == self.rules.settings.mapping.quantity:
            return cells.integer(text)
        match column.type:
            case "numbers":
                return cells.number(text)
            case "date":
                return cells.date(text, self.rules.settings.source.slashed_dates)
            case "dropdown" | "status":
                return self._label(title, text, column)
            case "long_text":
                value, remark = cells.cut(text, cells.LONG_TEXT_LENGTH)
                if remark:
                    self._note("length", f"{rule.source} {remark}", rule, text)
                return value
            case _:
                return text

    def _mapped(self, title: str, text: str) -> str:
        """The value that the column's map gives for a source value; "" where it means blank."""
        known = self.rules.value_maps.get(title, {})
        mapped = known.get(normalised(text))
        if mapped is None and known and self.board.columns[title].type in LABELLED:
            raise RejectedCell("value", f"is none of the known values {', '.join(known)}")
        return text if mapped is None else trim(mapped) or ""

    def _label(self, title: str, text: str, column: BoardColumn) -> Cell:
        return cells.label(text, column, may_create=self.rules.may_create_label(title))

    def _sizes(self) -> list[Subitem]:
        """The sizes above 0 in size order; aliases of one size are added up."""
        totals: dict[str, int] = {}
        for column, text in self.line.sizes.items():
            size = self.rules.settings.mapping.size_aliases.get(column, column)
            try:
                quantity = int(cells.integer(text))
                if quantity:
                    self._check_size_label(size)
            except RejectedCell as exc:
                self.rejected_sizes.add(size)
                self._note_cell(
                    exc.rule, f"size {column} {exc}; the cell is not sent", column, text
                )
            else:
                totals[size] = totals.get(size, 0) + quantity
        return [
            Subitem(size=size, quantity=str(totals[size]))
            for size in sorted(totals, key=size_order)
            if totals[size] > 0 and size not in self.rejected_sizes
        ]

    def _check_size_label(self, size: str) -> None:
        """A size is matched whole and as it is spelled: it is no label that may be bent."""
        title = self.rules.settings.mapping.subitem_size
        column = self.board.subitem_columns[title]
        if size in column.inactive_labels:
            raise RejectedCell("label", f"is a deactivated label of the subitems' column {title}")
        if size not in column.labels and not self.rules.may_create_label(title):
            near = cells.nearest(size, column.labels)
            raise RejectedCell("label", f"is no label of the subitems' column {title}{near}")

    def _compare_total(self, total: Cell, sizes: list[Subitem]) -> None:
        added = sum(int(subitem.quantity) for subitem in sizes)
        if self.rejected_sizes or int(total or 0) == added:
            return
        message = f"{total or 'blank'} in total, the sizes add up to {added}; each is sent as it is"
        column = self.rules.settings.columns[self.rules.settings.mapping.quantity].source
        self._note_cell("total", message, column, total)

    def _group(self) -> str:
        *templates, last = self.rules.settings.mapping.group
        for template in templates:
            if all(self._field(name) for name in fields(template)):
                return self._filled(template) or self.customer
        if templates:
            seasons = ", ".join(self.rules.settings.source.seasons)
            self._note_cell("season", f"no season in {seasons}", None, None, Severity.INFO)
        return self._filled(last) or self.customer

    def _name(self) -> str:
        name = self._filled(self.rules.settings.mapping.name) or self.line.record_uuid
        name, remark = cells.cut(name, cells.NAME_LENGTH)
        if remark:
            self._note_cell("length", f"the item name {remark}", None, name)
        return name

    def _field(self, name: str) -> Cell:
        return self.customer if name == CANONICAL_CUSTOMER else self.line.values.get(name)

    def _filled(self, template: str) -> str:
        """The template with its fields; a blank field takes the blank before it along."""

        def spaced(match: re.Match[str]) -> str:
            cell = self._field(match[2])
            return match[1] + cell if cell else ""

        return trim(SPACED_FIELD.sub(spaced, template)) or ""

    def _note(self, rule: str, message: str, column: ColumnRule, text: str) -> None:
        self._note_cell(rule, message, column.source, text)

    def _note_cell(
        self,
        rule: str,
        message: str,
        column: str | None,
        value: Cell,
        severity: Severity = Severity.WARNING,
    ) -> None:
        self.findings.append(
            Finding(
                rule=rule,
                message=message,
                severity=severity,
                record_uuid=self.line.record_uuid,
                customer=self.customer,
                row=self.line.row,
                column=column,
                value=shown(value),
            )
        )

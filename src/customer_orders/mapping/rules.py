"""The configuration and the live boards, made ready for rendering many lines."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from customer_orders.config import Settings
from customer_orders.mapping.cells import normalised
from customer_orders.model import Board, BoardColumn, Cell, Held, Unchanged

Named = TypeVar("Named", Held, Unchanged)
#: Raised when the code below renders the same cell differently from before.
RULES_VERSION = 1
#: The one template field that is not a source column.
CANONICAL_CUSTOMER = "CUSTOMER"
FIELD = re.compile(r"\{([^{}]+)\}")


def fields(template: str) -> list[str]:
    """Names in braces, in order. No format string: column names hold dots and brackets."""
    return FIELD.findall(template)


def hashed_columns(settings: Settings) -> list[str]:
    """Source columns, sizes apart, whose cells reach the board: what the row hash covers."""
    templates = (settings.mapping.name, *settings.mapping.group)
    named = {name for template in templates for name in fields(template)} - {CANONICAL_CUSTOMER}
    fed = {rule.source for rule in settings.columns.values()}
    return sorted(named | fed | {settings.source.customer})


def needed_columns(settings: Settings) -> list[str]:
    """Source columns, sizes apart, that a run reads."""
    source = settings.source
    scope = {column for column, _, _ in source.scope}
    optional = (source.po, source.sizes.before if source.sizes else None)
    others = {*source.key, *source.seasons, *filter(None, optional)}
    return sorted({*hashed_columns(settings), *others} | scope)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Everything `render` needs beside the line itself."""

    settings: Settings
    #: Board id -> live board.
    boards: Mapping[str, Board]
    #: Normalised source name -> canonical customer.
    customers: Mapping[str, str]
    #: Board title -> (normalised source value -> value).
    value_maps: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, settings: Settings, boards: Mapping[str, Board]) -> Rules:
        """Prepare the rules of a run."""
        return cls(
            settings=settings,
            boards=boards,
            customers={
                normalised(name): customer
                for customer, names in settings.customers.items()
                for name in (customer, *names)
            },
            value_maps={
                title: {normalised(value): to for value, to in rule.values.items()}
                for title, rule in settings.columns.items()
            },
        )

    def customer(self, name: Cell) -> str | None:
        """Canonical customer of a source name; None when nobody claims it.

        Where no customer is configured, every name stands for itself.
        """
        if not self.settings.customers:
            return name
        return self.customers.get(normalised(name)) if name else None

    def named(self, found: Named) -> Named:
        """The same under its customer's canonical name, if it has one."""
        return replace(found, customer=self.customer(found.customer) or found.customer)

    def board_of(self, customer: str) -> Board | None:
        """The board that takes a customer's lines: the one that names it, or takes the rest."""
        named = [b for b in self.settings.boards if b.customers and customer in b.customers]
        rest = [b for b in self.settings.boards if b.customers is None]
        return next((self.boards[board.id] for board in (*named, *rest)), None)

    def may_create_label(self, title: str) -> bool:
        """Whether the label policy lets this column make labels."""
        return title in self.settings.mapping.labels.create

    @property
    def version(self) -> str:
        """Digest of all that decides how a row is rendered, short of the row itself.

        The labels of the board are not in it: findings about labels are looked at again anyway.
        """
        settings, mapping = self.settings, self.settings.mapping
        rules = {t: r.model_dump(exclude={"values"}) for t, r in settings.columns.items()}
        parts = {
            "rules": RULES_VERSION,
            "columns": rules,
            "values": self.value_maps,
            "mapping": mapping.model_dump(exclude={"profile", "columns", "labels"}),
            "labels": sorted(mapping.labels.create),
            "foreign": sorted(settings.foreign),
            "size_gone": settings.rules.size_gone,
            "source": [settings.source.customer, settings.source.slashed_dates],
            "customers": self.customers,
            "boards": [(b.id, b.key_column, b.customers) for b in settings.boards],
            "targets": {board.id: self._targets(board) for board in self.boards.values()},
        }
        text = json.dumps(parts, sort_keys=True, default=dict)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _targets(self, board: Board) -> list[tuple[str, str, str]]:
        """Title, id and type of every column that is written, on the board and its subitems."""
        mapping = self.settings.mapping
        of_items = {*self.settings.columns, self.settings.key_column(board.id)}
        of_subitems = {mapping.subitem_size, mapping.subitem_quantity}
        return [
            *_resolved(of_items, board.columns),
            *_resolved(of_subitems, board.subitem_columns),
        ]


def _resolved(
    titles: Iterable[str], columns: Mapping[str, BoardColumn]
) -> Iterator[tuple[str, str, str]]:
    for title in sorted(titles):
        if column := columns.get(title):
            yield title, column.id, column.type

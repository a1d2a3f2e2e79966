"""What the board shows against what it should show: the findings of `verify`."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from customer_orders.config import MappingSettings
from customer_orders.model import Cell, DeliveredItem, Item, ShownItem, ShownSubitem

ZERO = "0"


class DifferenceKind(enum.StrEnum):
    #: The line has no item, or the size no subitem.
    MISSING = "missing"
    #: A column or the name shows something else.
    CHANGED = "changed"
    #: A line or a size stands twice.
    DUPLICATE = "duplicate"
    #: An item bears a key that no line has.
    FOREIGN = "foreign"


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One thing in which the board is not as it should be."""

    kind: DifferenceKind
    record_uuid: str
    what: str
    expected: Cell = None
    shown: Cell = None
    monday_id: str | None = None


def differences(
    items: Iterable[Item],
    delivered: Mapping[str, DeliveredItem],
    shown: Mapping[str, Sequence[ShownItem]],
    titles: MappingSettings,
) -> Iterator[Difference]:
    """Compare every item that should be there; `shown` is the board by line key."""
    for item in items:
        copies = shown.get(item.record_uuid, ())
        if not copies:
            yield _difference(DifferenceKind.MISSING, item, "item", expected=item.name)
            continue
        for copy in copies[1:]:
            yield _difference(
                DifferenceKind.DUPLICATE, item, "item", shown=copy.name, monday_id=copy.monday_id
            )
        known = delivered.get(item.record_uuid)
        yield from _item(item, known, copies[0])
        sizes = copies[0].sizes(titles.subitem_size)
        yield from _subitems(item, known, sizes, titles.subitem_quantity)


def foreign(
    shown: Mapping[str, Sequence[ShownItem]], known: Collection[str]
) -> Iterator[Difference]:
    """Items that bear a key of no line."""
    for key, copies in shown.items():
        if key not in known:
            for copy in copies:
                yield Difference(
                    kind=DifferenceKind.FOREIGN,
                    record_uuid=key,
                    what="item",
                    shown=copy.name,
                    monday_id=copy.monday_id,
                )


def _item(item: Item, known: DeliveredItem | None, copy: ShownItem) -> Iterator[Difference]:
    # A cell that was rejected keeps what was delivered last.
    expected = {**(known.values if known else {}), **item.values}
    for title, cell in expected.items():
        if copy.values.get(title) != cell:
            yield _difference(
                DifferenceKind.CHANGED,
                item,
                title,
                expected=cell,
                shown=copy.values.get(title),
                monday_id=copy.monday_id,
            )
    if copy.name != item.name:
        yield _difference(
            DifferenceKind.CHANGED,
            item,
            "Name",
            expected=item.name,
            shown=copy.name,
            monday_id=copy.monday_id,
        )


def _subitems(
    item: Item,
    known: DeliveredItem | None,
    sizes: Mapping[str, Sequence[ShownSubitem]],
    quantity_column: str,
) -> Iterator[Difference]:
    expected: dict[str, Cell] = {
        size: subitem.values.get(quantity_column) if size in item.rejected_sizes else ZERO
        for size, subitem in (known.subitems if known else {}).items()
    }
    expected |= {subitem.size: subitem.quantity for subitem in item.subitems}
    for size, quantity in expected.items():
        found = sizes.get(size, [])
        if not found:
            yield _difference(DifferenceKind.MISSING, item, f"size {size}", expected=quantity)
            continue
        for extra in found[1:]:
            yield _difference(
                DifferenceKind.DUPLICATE, item, f"size {size}", monday_id=extra.monday_id
            )
        if found[0].values.get(quantity_column) != quantity:
            yield _difference(
                DifferenceKind.CHANGED,
                item,
                f"size {size}",
                expected=quantity,
                shown=found[0].values.get(quantity_column),
                monday_id=found[0].monday_id,
            )
    for size in sizes.keys() - expected.keys():
        for extra in sizes[size]:
            if extra.values.get(quantity_column) not in (None, ZERO):
                yield _difference(
                    DifferenceKind.CHANGED,
                    item,
                    f"size {size}",
                    expected=ZERO,
                    shown=extra.values.get(quantity_column),
                    monday_id=extra.monday_id,
                )


def _difference(
    kind: DifferenceKind,
    item: Item,
    what: str,
    *,
    expected: Cell = None,
    shown: Cell = None,
    monday_id: str | None = None,
) -> Difference:
    return Difference(
        kind=kind,
        record_uuid=item.record_uuid,
        what=what,
        expected=expected,
        shown=shown,
        monday_id=monday_id,
    )

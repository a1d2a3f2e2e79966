"""Order lines that change, and what a board must show of them.

None of the product's mapping stands here: the lines hold clean values, so a board shows them as
they are.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from customer_orders.demo import sample
from place import Shown

Line = dict[str, Any]

#: Name on the board -> name in the source.
CUSTOMERS = {
    name: sample.CUSTOMERS[name][0] for name in ("GREYSON", "QUILLMOOR", "O'DRAVEN", "VELLAMIRE")
}
SEASONS = ("FALL 25", "SPRING 26", "RESORT 26")
#: What a line may have at first; one more size is only ever ordered later.
SIZES, LATER_SIZE = sample.FIVE, "3XL"
#: Board title -> source column, where the board shows the cell of the source.
COPIED = {
    "AAG ORDER NUMBER": "AAG ORDER NUMBER",
    "PO NUMBER": "PO NUMBER",
    "STYLE": "CUSTOMER STYLE",
    "COLOR": "CUSTOMER COLOUR DESCRIPTION",
    "CUSTOMER SEASON": "CUSTOMER SEASON",
    "CUSTOMER PRICE": "CUSTOMER PRICE",
    "CUSTOMER EX FACTORY DATE": "EX FACTORY DATE",
    "NOTES": "NOTES",
}


class Orders:
    """The lines of one source: kept here, written to its table, asked of its board."""

    def __init__(self, path: Path, rng: random.Random, *, lines: int) -> None:
        self._path = path
        self._rng = rng
        self._days = 0
        #: Order number -> the line.
        self.lines: dict[str, Line] = {}
        #: (Order number, size) that was ever ordered: its subitem may stand there, with 0.
        self._ordered: set[tuple[str, str]] = set()
        #: Lines that changed yesterday and go back today, with the cells as they were.
        self._whims: list[tuple[Line, Line]] = []
        for place in range(lines):
            self._add(f"KIL-{place:05}")
        self._write()

    def sizes(self, line: Line) -> dict[str, int]:
        """Size -> pieces; a cancelled line has none."""
        sizes = (*SIZES, LATER_SIZE) if line["ORDER TYPE"] == "ACTIVE" else ()
        return {size: line[size] for size in sizes if line.get(size)}

    def change(self) -> None:
        """A day in the source: a size to 0, a new size, a season, a cancellation, a line, whims."""
        self._days += 1
        for line, before in self._whims:
            line.update(before)
        alive = [line for line in self.lines.values() if len(self.sizes(line)) > 1]
        less, more, moved, gone, *fickle = self._rng.sample(alive, 8)
        _order(less, self._rng.choice(sorted(self.sizes(less))), 0)
        _order(more, LATER_SIZE, self._days)
        moved["CUSTOMER SEASON"] = self._rng.choice(SEASONS)
        if self._days % 3 == 0:
            gone["ORDER TYPE"] = "CANCELLED"
        self._whims = [(line, self._whim(line)) for line in fickle]
        self._add(f"NEW-{self._days:05}")
        self._write()

    def faults(self, board: list[Shown]) -> list[str]:
        """Everything in which a board is not what the lines say."""
        keys = Counter(item.cells["LINE KEY"] for item in board)
        faults = [f"the key {key} stands {times} times" for key, times in keys.items() if times > 1]
        found = Counter(item.cells["AAG ORDER NUMBER"] or "" for item in board)
        faults += [
            f"{number} stands {found[number]} times"
            for number in self.lines.keys() | found.keys()
            if found[number] != (number in self.lines)
        ]
        for item in board:
            number = item.cells["AAG ORDER NUMBER"] or ""
            if number in self.lines:
                faults += [f"{number}: {fault}" for fault in self._faults(number, item)]
        return faults

    def _add(self, number: str) -> None:
        rng = self._rng
        line: Line = {
            **sample.line_of_4755(rng, number),
            "CUSTOMER NAME": rng.choice(sorted(CUSTOMERS.values())),
            "CUSTOMER COLOUR DESCRIPTION": rng.choice(("001 - BLACK", "312 - JUNIPER")),
            "CUSTOMER SEASON": rng.choice(SEASONS),
            "CUSTOMER PRICE": f"{rng.randint(8, 60)}.25",
            "PO NUMBER": str(rng.randint(4800, 4809)),
            "TOTAL QTY": 0,
        }
        for size in rng.sample(SIZES, rng.randint(2, 5)):
            _order(line, size, rng.randint(1, 500))
        self.lines[number] = line

    def _whim(self, line: Line) -> Line:
        """Change the line's item and one of its sizes; gives the cells as they were."""
        size = self._rng.choice(sorted(self.sizes(line)))
        before = {name: line[name] for name in ("NOTES", "TOTAL QTY", size)}
        line["NOTES"] = f"as of day {self._days}"
        _order(line, size, line[size] + self._days)
        return before

    def _write(self) -> None:
        sample.write_sqlite(self._path, self.lines.values())
        self._ordered |= {(n, size) for n, line in self.lines.items() for size in self.sizes(line)}

    def _faults(self, number: str, item: Shown) -> list[str]:
        due = _due(self.lines[number])
        shown = {title: item.cells[title] for title in due if title in item.cells}
        shown |= {"name": item.name, "group": item.group}
        faults = [
            f"{title} is {shown[title]!r}, not {due[title]!r}"
            for title in due
            if shown[title] != due[title]
        ]
        times = Counter(size for size, _ in item.sizes)
        faults += [f"the size {size} stands {n} times" for size, n in times.items() if n > 1]
        strange = [size for size in times if (number, size) not in self._ordered]
        faults += [f"the size {size} was never ordered" for size in strange]
        left = {size: int(pieces) for size, pieces in item.sizes if pieces != "0"}
        if left != (wanted := self.sizes(self.lines[number])):
            faults.append(f"the sizes are {left}, not {wanted}")
        return faults


def _order(line: Line, size: str, pieces: int) -> None:
    line["TOTAL QTY"] += pieces - line.get(size, 0)
    line[size] = pieces


def _due(line: Line) -> Mapping[str, str | None]:
    """Name, group and cells of the item that a line must have become."""
    customer = next(name for name, own in CUSTOMERS.items() if own == line["CUSTOMER NAME"])
    cancelled = line["ORDER TYPE"] == "CANCELLED"
    parts = ("CUSTOMER STYLE", "CUSTOMER COLOUR DESCRIPTION", "AAG ORDER NUMBER")
    return {
        "name": " ".join(line[part] for part in parts),
        "group": f"{customer} {line['CUSTOMER SEASON']}",
        "CUSTOMER": customer,
        "ORDER TYPE": "CANCELLED" if cancelled else "RECEIVED",
        "ORDER QTY": "0" if cancelled else str(line["TOTAL QTY"]),
        **{title: line[column] or None for title, column in COPIED.items()},
    }

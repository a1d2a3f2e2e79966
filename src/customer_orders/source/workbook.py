"""What calamine does not tell about a sheet: how far it reaches, and where formulas failed.

calamine lays a sheet out as a whole rectangle, and gives a failed formula as a blank cell. A stray
cell at the far end would ask for more memory than there is, and a blank would be taken for a 0. So
the sheet's XML is streamed once before, in little memory.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from posixpath import join, normpath
from xml.parsers import expat

from customer_orders.errors import SourceError

MAIN = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main ",
    "http://purl.oclc.org/ooxml/spreadsheetml/main ",
)
ROW, CELL, SHEET = (frozenset(f"{space}{tag}" for space in MAIN) for tag in ("row", "c", "sheet"))
VALUES = frozenset(f"{space}{tag}" for space in MAIN for tag in ("v", "is"))
RELATION = "http://schemas.openxmlformats.org/package/2006/relationships Relationship"
#: Cells of the rectangle that is laid out in memory, 32 bytes each: about 2 GB.
LARGEST = 60_000_000
REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
#: What Python's readers of zip archives and XML raise for broken ones.
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    expat.ExpatError,
    EOFError,
    OSError,
    LookupError,
    ValueError,
    RuntimeError,
)


@dataclass(kw_only=True)
class Extent:
    """How far the cells with a value reach, and which of them are failed formulas."""

    rows: int = 0
    columns: int = 0
    #: The cell that reaches furthest, as people write it.
    last: str = "A1"
    #: Column -> its rows, both from 1; a column may have failed to its end, so rows are packed.
    failed: defaultdict[int, array[int]] = field(
        default_factory=lambda: defaultdict(lambda: array("I"))
    )

    def reach(self, row: int, column: int) -> None:
        """Take a cell with a value in. Raises OverflowError when the rectangle is too large."""
        if row > self.rows or column > self.columns:
            self.rows, self.columns = max(row, self.rows), max(column, self.columns)
            self.last = cell_name(row, column)
            if self.rows * self.columns > LARGEST:
                raise OverflowError


def cell_name(row: int, column: int) -> str:
    """`B7` for row 7, column 2."""
    letters = ""
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row}"


def survey(path: Path, sheet: str) -> Extent:
    """Stream a sheet's XML. Raises SourceError when it is broken or reaches too far."""
    extent = Extent()
    try:
        with zipfile.ZipFile(path) as archive, archive.open(_part(archive, sheet)) as file:
            _Walk(extent).parser.ParseFile(file)
    except OverflowError as exc:
        raise SourceError(
            f'{path}, sheet "{sheet}": the cell {extent.last} stands too far from the others',
            hint="delete the rows and columns between them; the sheet is laid out whole in memory",
        ) from exc
    except BROKEN as exc:
        raise broken(path, exc) from exc
    return extent


def broken(path: Path, exc: Exception) -> SourceError:
    """The error of a file that is no whole workbook."""
    return SourceError(
        f"{path}: cannot be read as a workbook: {exc}",
        hint="the file may have been cut off, or be another zip archive; save it again",
    )


def _part(archive: zipfile.ZipFile, sheet: str) -> str:
    """Name of the part of the archive that holds a sheet."""
    book = "xl/workbook.xml"
    wanted = ""
    for tag, attributes in _elements(archive, book):
        if tag in SHEET and attributes.get("name") == sheet:
            relations = (v for k, v in attributes.items() if k.endswith("/relationships id"))
            wanted = next(relations, "")
    for tag, attributes in _elements(archive, "xl/_rels/workbook.xml.rels"):
        if tag == RELATION and attributes.get("Id") == wanted:
            target = attributes["Target"]
            return target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))
    raise KeyError(f"{book} does not say where the sheet {sheet} is")


def _elements(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    found: list[tuple[str, Mapping[str, str]]] = []
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = lambda tag, attributes: found.append((tag, attributes))
    with archive.open(part) as file:
        parser.ParseFile(file)
    yield from found


class _Walk:
    """The place in the sheet while its XML goes by. A cell may leave out where it stands."""

    def __init__(self, extent: Extent) -> None:
        self.extent = extent
        self.row = self.column = 0
        self.failed = False
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._start

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in CELL:
            self._cell(attributes)
        elif tag in VALUES:
            self.extent.reach(self.row, self.column)
            if self.failed:
                self.extent.failed[self.column].append(self.row)
        elif tag in ROW:
            self.row = int(attributes.get("r") or self.row + 1)
            self.column = 0

    def _cell(self, attributes: dict[str, str]) -> None:
        self.failed = attributes.get("t") == "e"
        place = REFERENCE.fullmatch(attributes.get("r", ""))
        if place is None:
            self.column += 1
            return
        self.column = 0
        for letter in place[1]:
            self.column = self.column * 26 + ord(letter) - ord("A") + 1
        self.row = int(place[2])

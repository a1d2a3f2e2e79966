"""What holds for every file: it must be there, and be what its name says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from customer_orders.config import SourceSettings
from customer_orders.errors import SourceError

#: How files begin that are often given by mistake.
BEGINNINGS = {
    b"PK\x03\x04": "a zip archive, as .xlsx files are",
    b"PK\x05\x06": "an empty zip archive",
    b"PAR1": "a Parquet file",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "compressed with gzip",
    b"SQLite format 3\x00": "a SQLite database",
    b"\xd0\xcf\x11\xe0": "an old .xls workbook, or one with a password",
}
#: What each kind of file must begin with; a text may begin with anything else.
EXPECTED = {".xlsx": b"PK\x03\x04", ".parquet": b"PAR1"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A file to read order lines from."""

    path: Path
    source: SourceSettings
    #: Columns that a run needs: they tell a header from other rows.
    needed: Sequence[str]


def refuse_other_kinds(path: Path, suffixes: Iterable[str]) -> None:
    """Raise SourceError for what is absent, a folder, empty, or not what its name says."""
    suffix = path.suffix.lower()
    if suffix not in suffixes:
        raise SourceError(
            f"{path}: only {', '.join(suffixes)} files are read",
            hint="export the table as one of them",
        )
    if path.is_dir():
        raise SourceError(f"{path}: is a folder, not a file", hint="check [source] file")
    try:
        with path.open("rb") as file:
            begin = file.read(16)
    except OSError as exc:
        raise SourceError(f"{path}: cannot be read: {exc}", hint="check [source] file") from exc
    if not begin:
        raise SourceError(f"{path}: the file is empty", hint="its first row must name the columns")
    _refuse_beginning(path, begin, EXPECTED.get(suffix))


def _refuse_beginning(path: Path, begin: bytes, expected: bytes | None) -> None:
    if expected and begin.startswith(expected):
        return
    found = next((kind for mark, kind in BEGINNINGS.items() if begin.startswith(mark)), None)
    if expected or found:
        raise SourceError(
            f"{path}: is not a {path.suffix} file: it is {found or 'of another kind'}",
            hint="check [source] file, or export the table again",
        )

"""CSV files with any delimiter, in UTF-8, UTF-16 or cp1252, streamed batch by batch."""

from __future__ import annotations

import codecs
import csv
import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import structlog

from customer_orders.errors import SourceError
from customer_orders.source.columns import Origin, known_kind, unique_header
from customer_orders.source.files import Place
from customer_orders.source.statement import columns_read, in_scope

log = structlog.get_logger()
DELIMITERS = ",;\t|"
BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
UTF8_LETTER = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
#: Bytes read at a time; a row must be shorter.
BLOCK = 4 << 20
#: Blank lines that may stand before the header.
LEADING = 1_000


def origin(place: Place) -> Origin:
    """The file's columns. Kinds come from the known columns: a CSV file has no types."""
    path, source = place.path, place.source
    encoding = _encoding(path, source.encoding)
    quotes = _checked(path, encoding)
    header, delimiter = _header(place, encoding)
    places = unique_header(header, str(path))
    if quotes % 2:
        _refuse_open_quote(path, encoding, delimiter)

    def rows(wanted: Sequence[str]) -> pa.Table:
        batches = _batches(path, encoding, delimiter, columns_read(source, wanted))
        return in_scope(batches, source, wanted)

    return Origin(name=str(path), kinds={name: known_kind(name) for name in places}, rows=rows)


def _encoding(path: Path, given: str | None) -> str:
    """The configured encoding; else by the byte order mark, else UTF-8 or cp1252."""
    with path.open("rb") as file:
        begin = file.read(4)
        marked = next((name for bom, name in BOMS.items() if begin.startswith(bom)), None)
        if given == "utf-16" and marked != "utf-16":
            return "utf-16-le"
        if marked and given in (None, "utf-8"):
            return marked
    if given:
        return given
    if _is_utf8(path):
        return "utf-8"
    log.info("not UTF-8, read as cp1252", file=str(path), setting="[source] encoding")
    return "cp1252"


def _is_utf8(path: Path) -> bool:
    """Whether the first letter beyond ASCII is one of UTF-8; without any, the file is."""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            if found := BEYOND_ASCII.search(block):
                return UTF8_LETTER.match(block[found.start() :] + file.read(3)) is not None
    return True


def _checked(path: Path, encoding: str) -> int:
    """Decode the whole file, so that no bad byte is met half-way; how many quotes it holds."""
    decoder = codecs.getincrementaldecoder(encoding)()
    lines, quotes = 1, 0
    with path.open("rb") as file:
        for block in itertools.chain(iter(lambda: file.read(BLOCK), b""), [b""]):
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as exc:
                good = exc.object[: exc.start].decode(exc.encoding, errors="replace")
                raise SourceError(
                    f"{path}: line {lines + good.count(chr(10))}: not {encoding}: {exc.reason}",
                    hint="give [source] encoding, or save the file as UTF-8",
                ) from exc
            lines += text.count("\n")
            quotes += text.count('"')
    return quotes


def _header(place: Place, encoding: str) -> tuple[list[str], str]:
    """The names in the header, and the delimiter: the one that makes most needed columns."""
    given, path = place.source.delimiter, place.path
    with path.open(encoding=encoding, newline="") as file:
        first = _first_record(file)
    if not first:
        raise SourceError(f"{path}: the file is empty", hint="its first row must name the columns")
    if "\0" in first:
        raise SourceError(
            f"{path}: line 1: the header holds NUL bytes",
            hint='is it UTF-16 without a byte order mark? give [source] encoding = "utf-16"',
        )
    try:
        names = {d: next(csv.reader([first], delimiter=d)) for d in given or DELIMITERS}
    except csv.Error as exc:
        raise SourceError(
            f"{path}: the header cannot be read: {exc}",
            hint="its first row must name the columns; is a quote not closed in it?",
        ) from exc
    needed = set(place.needed)
    best = max(names, key=lambda d: (len(needed & set(names[d])), len(names[d])))
    return names[best], best


def _first_record(lines: Iterator[str]) -> str:
    """The first record that is not blank; a quoted name may hold a line break."""
    record = ""
    for line in itertools.islice(lines, LEADING):
        record += line
        if not record.strip("\r\n"):
            record = ""
        elif record.count('"') % 2 == 0:
            return record
    return record


def _refuse_open_quote(path: Path, encoding: str, delimiter: str) -> None:
    """Raise SourceError where a quote is never closed: the rest of the file would be one cell."""
    begun = 1
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        try:
            for _ in reader:
                begun = reader.line_num + 1
        except csv.Error as exc:
            raise SourceError(
                f"{path}: line {begun}: a quote is not closed, or stands in the wrong place",
                hint="the file may have been cut off; export it again",
            ) from exc


def _batches(
    path: Path, encoding: str, delimiter: str, columns: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    plain = "utf-8" if encoding == "utf-8-sig" else encoding
    try:
        yield from pa.csv.open_csv(
            path,
            # One thread knows which row is at fault.
            read_options=pa.csv.ReadOptions(use_threads=False, block_size=BLOCK, encoding=plain),
            parse_options=pa.csv.ParseOptions(newlines_in_values=True, delimiter=delimiter),
            convert_options=pa.csv.ConvertOptions(
                include_columns=columns, column_types=dict.fromkeys(columns, pa.string())
            ),
        )
    except (pa.ArrowException, UnicodeError, OSError) as exc:
        raise SourceError(
            f"{path}: cannot be read as CSV: {exc}",
            hint=f"each row must have as many cells as the header, between {delimiter!r}",
        ) from exc

"""The settings themselves: one frozen model per TOML table, with its defaults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    model_validator,
)

from customer_orders.config.profile import ColumnRule, Profile, order_lines
from customer_orders.config.secrets import DatabaseURL, Secret, Token, split_url
from customer_orders.errors import ConfigError

CSV_SUFFIXES = (".csv", ".tsv", ".txt")
DEFAULT_KEY = (
    "AAG ORDER NUMBER",
    "CUSTOMER STYLE",
    "CUSTOMER COLOUR DESCRIPTION",
    "PO NUMBER",
    "PLANNED DELIVERY METHOD",
    "ALIAS/RELATED ITEM",
    "CUSTOMER ALT PO",
)


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SizeSpan(_Table):
    """Size columns are those strictly between two columns that are integers by type."""

    after: str = "UNIT OF MEASURE"
    before: str = "TOTAL QTY"
    type: Literal["integer"] = "integer"


class SourceSettings(_Table):
    """Where order lines are read: a table or a query behind a URL, or a file."""

    url: DatabaseURL | None = None
    #: The same database, as a user who may change the table: only `deploy --source` asks for it.
    #: What is read does not depend on it.
    deploy_url: DatabaseURL | None = Field(None, exclude=True)
    table: str | None = None
    #: File with one SELECT, read instead of a table.
    query: Path | None = None
    #: CSV, Parquet or Excel, by the ending of its name.
    file: Path | None = None
    #: Of a CSV file, one of ASCII and no quote; None is found out.
    delimiter: str | None = Field(None, pattern=r"^[\t !#-~]$")
    encoding: Literal["utf-8", "utf-16", "cp1252"] | None = None
    #: Of a workbook; None is the first sheet.
    sheet: str | None = None
    #: Row of a sheet that names the columns, from 1; None is found out.
    header_row: int | None = Field(None, ge=1)
    #: Conditions joined with AND: column, operator, value (a list for `in` and `not in`).
    scope: tuple[tuple[str, Literal["=", "!=", "in", "not in"], str | tuple[str, ...]], ...] = ()
    #: Columns that together name a line; the first one must not be blank.
    key: tuple[str, ...] = Field(DEFAULT_KEY, min_length=1)
    #: Key columns that a re-keyed line still shares with the line it was.
    anchor: tuple[str, ...] = ("AAG ORDER NUMBER", "PO NUMBER")
    #: None: the source has no sizes, and items get no subitems.
    sizes: SizeSpan | None = SizeSpan()
    customer: str = "CUSTOMER NAME"
    po: str | None = "PO NUMBER"
    seasons: tuple[str, ...] = ("CUSTOMER SEASON", "AAG SEASON")
    #: Dates written with slashes, day and month first: rejected without this setting.
    slashed_dates: Literal["day/month/year", "month/day/year"] | None = None

    @model_validator(mode="after")
    def _one_place(self) -> SourceSettings:
        if (self.url is None) == (self.file is None):
            raise ValueError("give either url (with table or query) or file")
        if self.url is not None and (self.table is None) == (self.query is None):
            raise ValueError("url needs either table, such as dbo.ORDERS_UNIFIED, or query")
        self._refuse_unused()
        return self

    def _refuse_unused(self) -> None:
        """A setting that this kind of source does not look at is a mistake."""
        suffix = self.file.suffix.lower() if self.file else ""
        of_kind = {
            **dict.fromkeys(("table", "query", "deploy_url"), self.url is not None),
            **dict.fromkeys(("delimiter", "encoding"), suffix in CSV_SUFFIXES),
            **dict.fromkeys(("sheet", "header_row"), suffix == ".xlsx"),
        }
        for name, looked_at in of_kind.items():
            if getattr(self, name) is not None and not looked_at:
                raise ValueError(f"{name} means nothing to this kind of source")


#: Defaults of [source] without a profile: nothing is known about the columns.
UNKNOWN_SOURCE: Mapping[str, Any] = {"sizes": None, "anchor": (), "po": None, "seasons": ()}


class LedgerSettings(_Table):
    url: DatabaseURL = "sqlite:///ledger.db"


class MondaySettings(_Table):
    token: Token = Secret("env/MONDAY_API_TOKEN")
    url: str = "https://api.monday.com/v2"
    version: str = "2026-10"
    plan: Literal["free", "standard", "pro", "enterprise"] = "pro"
    #: Share of the day's calls that is left for other programs.
    reserve_daily_calls: float = Field(0.1, ge=0, lt=1)
    #: Most mutations in one request; how many there are adapts to how long they take.
    aliases: int = Field(50, ge=1, le=100)
    #: Most requests under way at a time on one board; how many there are adapts too.
    in_flight: int = Field(12, ge=1, le=40)


class BoardSettings(_Table):
    id: str = Field(pattern=r"^\d+$")
    name: str
    key_column: str = "LINE KEY"
    #: Canonical names of the customers that go to this board; None is every other customer.
    customers: tuple[str, ...] | None = None


class LabelSettings(_Table):
    #: Columns that may make missing labels; all others may not.
    create: tuple[str, ...] = (
        "AAG SEASON",
        "CUSTOMER SEASON",
        "CATEGORY",
        "DROP",
        "DELIVERY TERMS",
        "Size",
    )


class OwnershipSettings(_Table):
    """Who owns which column, by board title. Without a word every mapped column is ours."""

    #: Columns of other people and systems, beside those of the profile: never written.
    others: tuple[str, ...] = ()
    #: Columns that are written when an item is made, and never again.
    set_once: tuple[str, ...] = ()
    #: Columns that are left alone where a person changed them since they were delivered.
    keep_board_edits: tuple[str, ...] = ()


class MappingSettings(_Table):
    """What the board shows of a line. The titles in the second half name columns by their part."""

    profile: Literal["order-lines", "none"] = "order-lines"
    name: str = "{CUSTOMER STYLE} {CUSTOMER COLOUR DESCRIPTION} {AAG ORDER NUMBER}"
    #: The first template without a blank field, else the last.
    group: tuple[str, ...] = Field(
        (
            "{CUSTOMER} {CUSTOMER SEASON}",
            "{CUSTOMER} {AAG SEASON}",
            "{CUSTOMER} UNSEASONED",
        ),
        min_length=1,
    )
    #: Overrides of the profile, by board title.
    columns: Mapping[str, ColumnRule] = {}
    labels: LabelSettings = LabelSettings()
    ownership: OwnershipSettings = OwnershipSettings()
    #: Size code in the source -> size code on the board, where two codes mean one thing.
    size_aliases: Mapping[str, str] = {}
    #: Board column that takes the canonical customer.
    customer: str = "CUSTOMER"
    #: Board column whose label CANCELLED takes a line's quantities to 0.
    order_type: str = "ORDER TYPE"
    cancelled: str = "CANCELLED"
    #: Board column with the quantity of the whole line.
    quantity: str = "ORDER QTY"
    subitem_size: str = "Size"
    subitem_quantity: str = "Order Qty"


class GuardSettings(_Table):
    #: Known lines below which shares are not judged.
    floor: int = Field(50, ge=0)
    #: Largest share of known lines that may be missing or changed.
    changed_or_missing: float = Field(0.3, gt=0, le=1)
    #: Smallest share of the last complete read's rows; its inverse bounds the growth.
    source_rows: float = Field(0.7, gt=0, le=1)


class RuleSettings(_Table):
    #: What becomes of a subitem whose size is no longer ordered; `zero` keeps it, with quantity 0.
    size_gone: Literal["zero", "archive", "delete"] = "zero"
    #: What becomes of an item whose line is gone from the source; it is reported in any case.
    line_gone: Literal["keep", "archive"] = "keep"
    #: Complete reads after which a missing line is a warning, and archived if so configured.
    line_gone_after: int = Field(3, ge=1)


class TimeSettings(_Table):
    """Seconds. Sources: monday's 60 s call cap and 30 min replay, as documented."""

    call_cap: float = Field(60, gt=0)
    client_timeout: float = Field(65, gt=0)
    index_lag: float = Field(120, ge=0)
    #: From a claim until its request has left: one half until it is handed to the network, the
    #: other until a connection is open.
    send_within: float = Field(10, gt=0)
    replay: float = Field(1_500, ge=0)
    lock_stale: float = Field(60, gt=0)
    recheck: float = Field(86_400, ge=0)


class ReportSettings(_Table):
    folder: Path = Path("reports")


class Settings(_Table):
    """A whole configuration. Paths are relative to the file it was read from."""

    source: SourceSettings
    ledger: LedgerSettings = LedgerSettings()
    monday: MondaySettings = MondaySettings()
    boards: tuple[BoardSettings, ...] = Field(alias="board", min_length=1)
    mapping: MappingSettings = MappingSettings()
    #: Canonical name -> names in the source. May be empty only without a profile: then every name
    #: stands for itself.
    customers: Mapping[str, tuple[str, ...]] = {}
    guard: GuardSettings = GuardSettings()
    rules: RuleSettings = RuleSettings()
    time: TimeSettings = TimeSettings()
    report: ReportSettings = ReportSettings()
    #: Folder of the file; set by `load`.
    folder: Path = Field(default=Path(), exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _defaults_without_profile(cls, data: Any) -> Any:
        """Without a profile and with a key of its own, nothing is known about the source."""
        match data:
            case {
                "source": {"key": [*key]} as source,
                "mapping": {"profile": "none"} as mapping,
            }:
                named = {"name": " ".join(f"{{{name}}}" for name in key), "group": ["{CUSTOMER}"]}
                source, mapping = {**UNKNOWN_SOURCE, **source}, {**named, **mapping}
                return {**data, "source": source, "mapping": mapping}
        return data

    @property
    def profile(self) -> Profile:
        """The profile that the mapping starts from."""
        if self.mapping.profile == "order-lines":
            return order_lines()
        return Profile(columns={}, foreign=frozenset())

    @property
    def foreign(self) -> frozenset[str]:
        """Titles of columns that belong to others, of items and of subitems."""
        return self.profile.foreign | set(self.mapping.ownership.others)

    @property
    def columns(self) -> Mapping[str, ColumnRule]:
        """Board title -> rule: the profile, with the configuration's own rules over it."""
        shipped: dict[str, ColumnRule] = dict(self.profile.columns)
        for title, rule in self.mapping.columns.items():
            known = shipped.get(title)
            # What the configuration leaves out stays as it is in the profile.
            given = {name: getattr(rule, name) for name in rule.model_fields_set}
            shipped[title] = known.model_copy(update=given) if known else rule
        return shipped

    @property
    def ledger_url(self) -> str:
        """URL of the ledger with its secret revealed."""
        return self.database(self.ledger.url)

    def key_column(self, board: str) -> str:
        """Title of the column that holds line keys on a board, by the board's id."""
        return next(b.key_column for b in self.boards if b.id == board)

    def path(self, path: Path) -> Path:
        """A path of this configuration, from where the process stands."""
        return path if path.is_absolute() else self.folder / path

    def database(self, url: str) -> str:
        """A URL of this configuration with its secret revealed and its SQLite path made whole."""
        value = url.reveal() if isinstance(url, Secret) else url
        if split_url(value) is None:
            # The value may hold a password: it must not be repeated in a message.
            raise ConfigError(
                f"{url}: the environment variable does not hold a database URL",
                hint="it must look like sqlite:///orders.db or postgresql://user@host/db",
            )
        scheme, _, name = value.partition(":///")
        if scheme.partition("+")[0] != "sqlite" or name in ("", ":memory:"):
            return value
        return f"{scheme}:///{self.path(Path(name)).as_posix()}"

    def model_post_init(self, _context: Any) -> None:
        """Refuse what contradicts itself across tables."""
        if self.mapping.profile != "none":
            self._refuse_too_little()
        self._refuse_shared_aliases()
        self._refuse_unknown_owners()
        self._refuse_shared_boards()
        for board in self.boards:
            for customer in set(board.customers or ()) - set(self.customers):
                raise ConfigError(
                    f'[[board]] customers: "{customer}" is no customer of [customers]',
                    hint="write the canonical name, as it stands left of the equals sign",
                )

    def _refuse_too_little(self) -> None:
        """A profile knows its source: what it expects may not be left out by mistake."""
        if self.source.sizes is None:
            raise ConfigError(
                "[source] sizes may be left out only without a profile",
                hint='the profile order-lines has sizes; [mapping] profile = "none" has not',
            )
        if not self.customers:
            raise ConfigError(
                "[customers] names no customer",
                hint='write "NAME ON THE BOARD" = ["NAME IN THE SOURCE"] for each of them',
            )

    def _refuse_shared_boards(self) -> None:
        """A customer's lines go to one board: the one that names it, else the one for the rest."""
        ids = Counter(board.id for board in self.boards)
        taken = Counter(name for board in self.boards for name in set(board.customers or ()))
        rest = [board.id for board in self.boards if board.customers is None]
        faults = [f"board {one} stands there {n} times" for one, n in ids.items() if n > 1]
        faults += [f'"{name}" is sent to {n} boards' for name, n in taken.items() if n > 1]
        if len(rest) > 1:
            faults.append(f"boards {', '.join(rest)} would each take every other customer")
        if faults:
            raise ConfigError(
                f"[[board]] {'; '.join(faults)}",
                hint="name each customer under one board; one board may take the rest",
            )

    def _refuse_unknown_owners(self) -> None:
        owned = self.mapping.ownership
        for title in {*owned.set_once, *owned.keep_board_edits} - set(self.columns):
            raise ConfigError(
                f'[mapping.ownership] "{title}" is no column that this configuration feeds',
                hint="these lists name columns of the profile, or of [mapping.columns]",
            )

    def _refuse_shared_aliases(self) -> None:
        claimed: dict[str, str] = {}
        for customer, names in self.customers.items():
            for name in (customer, *names):
                other = claimed.setdefault(name.strip().upper(), customer)
                if other != customer:
                    raise ConfigError(
                        f'[customers] the name "{name}" is claimed by "{other}" and "{customer}"',
                        hint="a source name belongs to one customer; take it out of the other",
                    )

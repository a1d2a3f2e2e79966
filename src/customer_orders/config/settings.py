"""The settings themselves: one frozen model per TOML table, with the defaults of the contract."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from customer_orders.config.profile import ColumnRule, Profile, order_lines
from customer_orders.errors import ConfigError

REFERENCE = "env/"
SQLITE = "sqlite:///"
#: The public prefix of tokens that only the emulator takes.
EMULATOR_TOKEN = "emulator-"  # noqa: S105 - it opens nothing
#: Secrets in use, so that logs and messages can be cleared of them.
REVEALED: set[str] = set()
#: Where drivers take a password beside the usual place in a URL.
PASSWORD_OPTION = re.compile(r"(password|passwd|pwd)\s*=", re.IGNORECASE)
DEFAULT_KEY = (
    "AAG ORDER NUMBER",
    "CUSTOMER STYLE",
    "CUSTOMER COLOUR DESCRIPTION",
    "PO NUMBER",
    "PLANNED DELIVERY METHOD",
    "ALIAS/RELATED ITEM",
    "CUSTOMER ALT PO",
)


def redacted(text: str) -> str:
    """The text without any secret that was revealed in this process."""
    # The longest first: one secret may be a part of another.
    for secret in sorted(REVEALED, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


class Secret(str):
    """A reference to an environment variable, `env/NAME`; never the value itself."""

    __slots__ = ()

    def reveal(self) -> str:
        """The value of the environment variable. Raises ConfigError when it is not set."""
        if self.startswith(EMULATOR_TOKEN):
            return str(self)
        name = self.removeprefix(REFERENCE)
        value = os.environ.get(name, "")
        if not value:
            raise ConfigError(
                f"the environment variable {name} is not set",
                hint=f"the configuration refers to it as {self}; set it and try again",
            )
        # A driver may repeat the password of a URL by itself.
        REVEALED.update({value, password} if (password := _password(value)) else {value})
        return value


def _password(url: str) -> str | None:
    try:
        return urlsplit(url).password
    except ValueError:
        return None


def _token(value: str) -> Secret:
    """A reference, or an emulator's token: that opens nothing and is sent to loopback only."""
    return Secret(value) if value.startswith(EMULATOR_TOKEN) else _reference(value)


def _reference(value: str) -> Secret:
    if not value.startswith(REFERENCE) or value == REFERENCE:
        # The value may be a secret typed by mistake: it must not be repeated in a message.
        raise ValueError("must be a reference like env/NAME, never the secret itself")
    return Secret(value)


def _split(value: str) -> SplitResult | None:
    """The parts of a URL; None when it is none. An error of urllib would repeat a secret."""
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return None
    return parts if "://" in value else None


def _url(value: str) -> str:
    if value.startswith(REFERENCE):
        return _reference(value)
    parts = _split(value)
    if parts is None:
        raise ValueError("must be a database URL like sqlite:///orders.db, or env/NAME")
    if parts.password is not None or PASSWORD_OPTION.search(unquote(parts.query)):
        raise ValueError("holds a password; put the URL into the environment and write env/NAME")
    return value


Token = Annotated[str, AfterValidator(_token)]
DatabaseURL = Annotated[str, AfterValidator(_url)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SizeSpan(_Table):
    """Size columns are those strictly between two columns that are integers by type."""

    after: str = "UNIT OF MEASURE"
    before: str = "TOTAL QTY"
    type: Literal["integer"] = "integer"


class SourceSettings(_Table):
    """Where order lines are read: a table behind a URL, or a CSV file."""

    url: DatabaseURL | None = None
    table: str | None = None
    file: Path | None = None
    #: Conditions joined with AND: column, operator, value (a list for `in` and `not in`).
    scope: tuple[tuple[str, Literal["=", "!=", "in", "not in"], str | tuple[str, ...]], ...] = ()
    #: Columns that together name a line; the first one must not be blank.
    key: tuple[str, ...] = Field(DEFAULT_KEY, min_length=1)
    #: Key columns that a re-keyed line still shares with the line it was.
    anchor: tuple[str, ...] = ("AAG ORDER NUMBER", "PO NUMBER")
    sizes: SizeSpan = SizeSpan()
    customer: str = "CUSTOMER NAME"
    po: str = "PO NUMBER"
    seasons: tuple[str, ...] = ("CUSTOMER SEASON", "AAG SEASON")
    #: Dates written with slashes, day and month first: rejected without this setting.
    slashed_dates: Literal["day/month/year", "month/day/year"] | None = None

    @model_validator(mode="after")
    def _one_place(self) -> SourceSettings:
        if (self.url is None) == (self.file is None):
            raise ValueError("give either url (with table) or file")
        if self.url is not None and not self.table:
            raise ValueError("url needs table, such as dbo.ORDERS_UNIFIED")
        return self


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
    #: Canonical names of the customers that go to this board; None is every customer.
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
    #: A size that is no longer ordered keeps its subitem, with quantity 0.
    size_gone: Literal["zero"] = "zero"
    #: A line that is gone from the source keeps its item and is reported.
    line_gone: Literal["keep"] = "keep"
    #: Complete reads after which a missing line is a warning and no longer a remark.
    line_gone_after: int = Field(3, ge=1)


class TimeSettings(_Table):
    """Seconds. Sources: monday's 60 s call cap and 30 min replay (monday/api.md 2 and 4)."""

    call_cap: float = Field(60, gt=0)
    client_timeout: float = Field(65, gt=0)
    index_lag: float = Field(120, ge=0)
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
    customers: Mapping[str, tuple[str, ...]] = Field(min_length=1)
    guard: GuardSettings = GuardSettings()
    rules: RuleSettings = RuleSettings()
    time: TimeSettings = TimeSettings()
    report: ReportSettings = ReportSettings()
    #: Folder of the file; set by `load`.
    folder: Path = Field(default=Path(), exclude=True)

    @property
    def profile(self) -> Profile:
        """The profile that the mapping starts from."""
        if self.mapping.profile == "order-lines":
            return order_lines()
        return Profile(columns={}, foreign=frozenset())

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

    def path(self, path: Path) -> Path:
        """A path of this configuration, from where the process stands."""
        return path if path.is_absolute() else self.folder / path

    def database(self, url: str) -> str:
        """A URL of this configuration with its secret revealed and its SQLite path made whole."""
        value = url.reveal() if isinstance(url, Secret) else url
        if _split(value) is None:
            # The value may hold a password: it must not be repeated in a message.
            raise ConfigError(
                f"{url}: the environment variable does not hold a database URL",
                hint="it must look like sqlite:///orders.db or postgresql+psycopg://user@host/db",
            )
        name = value.removeprefix(SQLITE)
        if name in (value, "", ":memory:"):
            return value
        return f"{SQLITE}{self.path(Path(name)).as_posix()}"

    def model_post_init(self, _context: Any) -> None:
        """Refuse what contradicts itself across tables."""
        self._refuse_shared_aliases()
        for board in self.boards:
            for customer in set(board.customers or ()) - set(self.customers):
                raise ConfigError(
                    f'[[board]] customers: "{customer}" is no customer of [customers]',
                    hint="write the canonical name, as it stands left of the equals sign",
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

"""The configuration file: what loads, and what is said about one that does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from customer_orders.config import Secret, Settings, load
from customer_orders.errors import ConfigError

EXAMPLE = Path(__file__).parents[4] / "shared" / "examples" / "customer_orders.toml"
WHOLE = """\
[source]
url = "env/ORDERS_DB_URL"
table = "dbo.ORDERS_UNIFIED"
scope = [
  ["AAG SEASON", "in", ["2025 FALL", "2026 SPRING"]],
  ["CUSTOMER NAME", "!=", "SAMPLES"]
]
sizes = { after = "UNIT OF MEASURE", before = "TOTAL QTY", type = "integer" }

[ledger]
url = "sqlite:///ledger.db"

[monday]
token = "env/MONDAY_API_TOKEN"
plan = "pro"

[[board]]
id = "9000000001"
name = "Customer Master Schedule"

[[board]]
id = "9000000002"
name = "Second Schedule"
customers = ["NORTHWIND KNITS"]

[mapping]
name = "{CUSTOMER STYLE}"

[mapping.columns]
"FREIGHT" = { from = "FREIGHT", on_bad_cell = "hold" }
"EX WORKS (USD)" = { from = "EX. WORKS" }

[mapping.columns."NO. OF BOXES"]
from = "BOXES"
on_bad_cell = "blank"

[mapping.labels]
create = ["Size"]

[customers]
"GREYSON" = ["GREYSON CLOTHIERS"]
"NORTHWIND KNITS" = []

[guard]
floor = 20

[rules]
line_gone_after = 4
"""

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a configuration file."""

    def write(text: str) -> Path:
        file = tmp_path / "customer_orders.toml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


@pytest.fixture
def refused(write: Write) -> Callable[[str], ConfigError]:
    """The error about a configuration, with the file's name taken off its lines."""

    def load_it(text: str) -> ConfigError:
        file = write(text)
        with pytest.raises(ConfigError) as caught:
            load(file)
        assert caught.value.exit_code == 1
        assert all(line.startswith(f"{file}:") for line in caught.value.message.splitlines())
        return ConfigError(caught.value.message.replace(f"{file}:", ""), hint=caught.value.hint)

    return load_it


def line_of(text: str, part: str) -> int:
    """1-based line of the first line that holds a text."""
    return next(n for n, line in enumerate(text.splitlines(), 1) if part in line)


@pytest.mark.skipif(not EXAMPLE.exists(), reason="the shared example is not here")
def test_the_shared_example_loads() -> None:
    """The form that everybody relies on, with its defaults."""
    made = load(EXAMPLE)
    assert made.source.url == "env/ORDERS_DB_URL"
    assert made.source.scope == (("AAG SEASON", "in", ("2025 FALL", "2026 SPRING")),)
    assert made.boards[0].key_column == "LINE KEY"
    assert made.guard.changed_or_missing == 0.3
    assert made.columns["US TARIFF RATE"].values == {"TRUE": "0"}
    assert len(made.columns) == 46
    defaults = Settings.model_validate(
        {"source": made.source, "board": made.boards, "customers": made.customers}
    )
    for table in ("ledger", "monday", "guard", "rules", "time", "report"):
        assert getattr(made, table) == getattr(defaults, table)
    assert made.columns == defaults.columns
    assert made.mapping.model_dump(exclude={"columns"}) == defaults.mapping.model_dump(
        exclude={"columns"}
    )


def test_a_whole_file_loads(write: Write) -> None:
    """Every table arrives where the program looks for it."""
    file = write(WHOLE)
    made = load(file)
    assert made.source.table == "dbo.ORDERS_UNIFIED"
    assert made.source.scope[1] == ("CUSTOMER NAME", "!=", "SAMPLES")
    assert [(b.id, b.customers) for b in made.boards] == [
        ("9000000001", None),
        ("9000000002", ("NORTHWIND KNITS",)),
    ]
    assert made.mapping.name == "{CUSTOMER STYLE}"
    assert made.columns["FREIGHT"].on_bad_cell == "hold"
    assert made.columns["NO. OF BOXES"].source == "BOXES"
    assert made.mapping.labels.create == ("Size",)
    assert made.customers == {"GREYSON": ("GREYSON CLOTHIERS",), "NORTHWIND KNITS": ()}
    assert (made.guard.floor, made.guard.source_rows) == (20, 0.7)
    assert made.rules.line_gone_after == 4
    assert made.folder == file.parent


@pytest.mark.parametrize(
    ("encoding", "newline"), [("utf-8", "\n"), ("utf-8", "\r\n"), ("utf-8-sig", "\r\n")]
)
def test_files_of_windows_load(tmp_path: Path, encoding: str, newline: str) -> None:
    """A byte order mark and CR LF are what a Windows editor leaves."""
    file = tmp_path / "customer_orders.toml"
    text = WHOLE.replace("NORTHWIND KNITS", "M\u00dcLLER").replace("\n", newline)
    file.write_bytes(text.encode(encoding))
    assert set(load(file).customers) == {"GREYSON", "M\u00dcLLER"}


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """With the three ways to point at one."""
    file = tmp_path / "nowhere.toml"
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert caught.value.message == f"{file}: no such configuration file"
    for way in ("--config", "CUSTOMER_ORDERS_CONFIG", "customer_orders.toml"):
        assert way in caught.value.hint


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    """What cannot be read is named with the system's own reason."""
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        load(tmp_path)
    assert str(tmp_path) in caught.value.message


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    """UTF-8 is the only one."""
    file = tmp_path / "customer_orders.toml"
    file.write_bytes(WHOLE.replace("SAMPLES", "M\u00dcLLER").encode("cp1252"))
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        load(file)
    assert caught.value.hint == "it must be UTF-8 text"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[source\n", 1),
        ("[source]\nurl =\n", 2),
        ('[source]\nurl = "env/A\n', 2),
        ("[source]\nurl = env/A\n", 2),
        ('[source]\nurl = "env/A"\nscope = [\n', 3),
        ('[source]\nurl = "env/A"\nurl = "env/B"\n', 3),
        ('[source]\ntable\n[ledger]\nurl = "x"\n', 2),
    ],
)
def test_half_written_toml_names_its_line(
    refused: Callable[[str], ConfigError], text: str, line: int
) -> None:
    """The line at which reading ended, or the last one where the text ends too early."""
    error = refused(text)
    assert error.message.startswith(f"{line}: not valid TOML: ")
    assert error.hint == "mend that line"


@pytest.mark.parametrize(
    ("old", "new", "key", "near"),
    [
        ("table = ", "tabel = ", "source.tabel", "table"),
        ("token = ", "tokn = ", "monday.tokn", "token"),
        (
            'plan = "pro"',
            "reserve_dayly_calls = 0.1",
            "monday.reserve_dayly_calls",
            "reserve_daily_calls",
        ),
        ("floor = 20", "flor = 20", "guard.flor", "floor"),
        ("line_gone_after = 4", "line_gone_aftr = 4", "rules.line_gone_aftr", "line_gone_after"),
        ("[guard]", "[gaurd]", "gaurd", "guard"),
        ("[ledger]", "[legder]", "legder", "ledger"),
        ("create = ", "creat = ", "mapping.labels.creat", "create"),
        ('name = "Second', 'nane = "Second', "board.1.nane", "name"),
        (
            'on_bad_cell = "blank"',
            'on_bad_sell = "x"',
            "mapping.columns.NO. OF BOXES.on_bad_sell",
            "on_bad_cell",
        ),
        ("[source]", 'folder = "x"\n[source]', "folder", ""),
    ],
)
def test_an_unknown_key_is_an_error(
    refused: Callable[[str], ConfigError], old: str, new: str, key: str, near: str
) -> None:
    """File, line and key are named, and the nearest key that is known."""
    text = WHOLE.replace(old, new, 1)
    error = refused(text)
    line = line_of(text, new.splitlines()[0])
    unknown = next(x for x in error.message.splitlines() if x.endswith("unknown key"))
    assert unknown.startswith(f"{line}: {key}")
    assert error.hint == (f'did you mean "{near}"?' if near else "")


def test_customers_without_a_customer(refused: Callable[[str], ConfigError]) -> None:
    """An empty table is named by its line."""
    text = WHOLE.replace('"GREYSON" = ["GREYSON CLOTHIERS"]\n"NORTHWIND KNITS" = []\n', "", 1)
    error = refused(text)
    assert error.message.startswith(f"{line_of(text, '[customers]')}: [customers] names no")


@pytest.mark.parametrize(
    ("old", "key", "line"),
    [
        ('name = "Customer Master Schedule"\n', "board.0.name", "[[board]]"),
        ('from = "BOXES"\n', "mapping.columns.NO. OF BOXES.from", '[mapping.columns."NO'),
    ],
)
def test_a_missing_key_names_its_table(
    refused: Callable[[str], ConfigError], old: str, key: str, line: str
) -> None:
    """The line is that of the table in which the key is missing."""
    text = WHOLE.replace(old, "", 1)
    error = refused(text)
    assert error.message.startswith(f"{line_of(text, line)}: {key}: ")


def test_a_missing_table_names_the_file(write: Write) -> None:
    """There is no line to point at."""
    file = write(WHOLE[WHOLE.index("[ledger]") :])
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert caught.value.message == f"{file}: source: missing"


def test_the_name_of_the_second_board_is_looked_for_there(
    refused: Callable[[str], ConfigError],
) -> None:
    """Of two [[board]] tables the right one is named."""
    text = WHOLE.replace('name = "Second Schedule"\n', "")
    second = WHOLE.splitlines().index("[[board]]", line_of(WHOLE, "[[board]]")) + 1
    assert refused(text).message == f"{second}: board.1.name: missing"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'table = "dbo.ORDERS_UNIFIED"',
            "table = 5",
            "source.table: Input should be a valid string",
        ),
        ("floor = 20", 'floor = "few"', "guard.floor: Input should be a valid integer"),
        ("floor = 20", "floor = -1", "guard.floor: Input should be greater than or equal to 0"),
        ("floor = 20", "source_rows = 1.5", "guard.source_rows: Input should be less than"),
        ('plan = "pro"', 'plan = "gold"', "monday.plan: Input should be 'free', 'standard'"),
        ('id = "9000000001"', "id = 9000000001", "board.0.id: Input should be a valid string"),
        ('id = "9000000002"', 'id = "text_mkr5"', "board.1.id: String should match pattern"),
        ('create = ["Size"]', 'create = "Size"', "mapping.labels.create: Input should be a valid"),
        ('"hold" }', '"drop" }', "mapping.columns.FREIGHT.on_bad_cell: Input should be 'blank' or"),
        ('"!=", "SAMPLES"', '"like", "S%"', "source.scope.1.1: Input should be '=', '!=', 'in'"),
        ('"NORTHWIND KNITS" = []', '"NORTHWIND KNITS" = "N"', "customers.NORTHWIND KNITS: Input"),
        ('name = "{CUSTOMER STYLE}"', "group = []", "mapping.group: Tuple should have at least 1"),
    ],
)
def test_a_wrong_value_says_what_was_expected(
    refused: Callable[[str], ConfigError], old: str, new: str, message: str
) -> None:
    """The line of the key, its path and the expectation."""
    text = WHOLE.replace(old, new, 1)
    error = refused(text)
    line = line_of(text, "scope = [") if "scope" in message else line_of(text, new)
    assert error.message.startswith(f"{line}: {message}")


def test_every_fault_has_its_own_line(refused: Callable[[str], ConfigError]) -> None:
    """One reading shows all that has to be mended."""
    text = WHOLE.replace("floor = 20", "floor = -1").replace("table = ", "tabel = ")
    lines = refused(text).message.splitlines()
    assert [line.split(": ")[1] for line in lines] == ["source.tabel", "guard.floor"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'url = "env/ORDERS_DB_URL"\n',
            "url needs either table, such as dbo.ORDERS_UNIFIED, or query",
        ),
        ('table = "ORDERS"\n', "give either url (with table or query) or file"),
        (
            'url = "sqlite:///a.db"\nfile = "a.csv"\n',
            "give either url (with table or query) or file",
        ),
    ],
)
def test_a_source_is_one_place(
    refused: Callable[[str], ConfigError], text: str, message: str
) -> None:
    """A table behind a URL, or a file; not both and not neither."""
    text = f"[source]\n{text}{WHOLE[WHOLE.index('[ledger]') :]}"
    assert refused(text).message == f"1: source: {message}"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://orders:hunter2@db/orders",
        "postgresql+psycopg://orders:hunt@er2@db/orders",
        "mssql+pyodbc://orders:hunter2@db:1433/orders?driver=x",
        "postgresql+psycopg://db/orders?user=orders&password=hunter2",
        "mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BUID%3Dorders%3BPWD%3Dhunter2",
        "mssql+pyodbc:///?odbc_connect=DRIVER={x};Uid=orders;Pwd=hunter2",
        "postgresql+psycopg://orders:@db/orders",
    ],
)
@pytest.mark.parametrize("old", ['url = "env/ORDERS_DB_URL"', 'url = "sqlite:///ledger.db"'])
def test_a_password_in_a_url_is_refused_and_not_repeated(
    refused: Callable[[str], ConfigError], url: str, old: str
) -> None:
    """The message says where to put it instead."""
    text = WHOLE.replace(old, f'url = "{url}"')
    error = refused(text)
    table = "source" if "ORDERS_DB_URL" in old else "ledger"
    assert error.message == (
        f"{line_of(text, url)}: {table}.url: "
        "holds a password; put the URL into the environment and write env/NAME"
    )
    assert "hunter2" not in error.message + error.hint


@pytest.mark.parametrize("url", ["hunter2", "postgresql://orders:hunter2/orders", "env/"])
def test_what_is_no_url_is_refused_and_not_repeated(
    refused: Callable[[str], ConfigError], url: str
) -> None:
    """It may be a password that slipped into the wrong place."""
    text = WHOLE.replace("sqlite:///ledger.db", url)
    error, line = refused(text), line_of(text, f'"{url}"')
    assert error.message.startswith(f"{line}: ledger.url: must be a ")
    assert "env/NAME" in error.message
    assert "hunter2" not in error.message + error.hint


@pytest.mark.parametrize("token", ["eyJhbGciOiJIUzI1NiJ9.secret", "ENV/TOKEN", "", "env/"])
def test_a_literal_token_is_refused_and_not_repeated(
    write: Write, token: str, refused: Callable[[str], ConfigError]
) -> None:
    """Only a reference may stand in the file, and no chained exception shows what stood there."""
    text = WHOLE.replace("env/MONDAY_API_TOKEN", token)
    error = refused(text)
    assert error.message == (
        f"{line_of(text, 'token = ')}: monday.token: "
        "must be a reference like env/NAME, never the secret itself"
    )
    with pytest.raises(ConfigError) as caught:
        load(write(text))
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_name_claimed_by_two_customers_is_refused(refused: Callable[[str], ConfigError]) -> None:
    """Both claimants and the name are told, with the file and the line of the table."""
    text = WHOLE.replace('KNITS" = []', 'KNITS" = ["Greyson Clothiers "]')
    error = refused(text)
    assert error.message == (
        f"{line_of(text, '[customers]')}: [customers] "
        'the name "Greyson Clothiers " is claimed by "GREYSON" and "NORTHWIND KNITS"'
    )
    assert error.hint == "a source name belongs to one customer; take it out of the other"


def test_a_board_for_an_unknown_customer_is_refused(refused: Callable[[str], ConfigError]) -> None:
    """A name typed wrong would otherwise hold all lines of that customer."""
    text = WHOLE.replace('customers = ["NORTHWIND KNITS"]', 'customers = ["GRAYSON"]')
    error = refused(text)
    assert error.message == (
        f"{line_of(text, '[[board]]')}: "
        '[[board]] customers: "GRAYSON" is no customer of [customers]'
    )


@pytest.mark.parametrize(
    ("board", "fault"),
    [
        ('id = "8"\nname = "B"\ncustomers = ["NORTHWIND KNITS"]', '"NORTHWIND KNITS" is sent to 2'),
        ('id = "8"\nname = "B"\n\n[[board]]\nid = "7"\nname = "C"', "8, 7 would each take"),
    ],
)
def test_a_customer_goes_to_one_board(
    refused: Callable[[str], ConfigError], board: str, fault: str
) -> None:
    """Two boards that both want it would share its lines out by chance."""
    error = refused(f"{WHOLE}\n[[board]]\n{board}\n")
    assert fault in error.message
    assert error.hint == "name each customer under one board; one board may take the rest"


def test_a_canonical_name_is_an_alias_too(refused: Callable[[str], ConfigError]) -> None:
    """A customer may not claim another one's own name."""
    text = WHOLE.replace('KNITS" = []', 'KNITS" = ["greyson"]')
    assert 'claimed by "GREYSON" and "NORTHWIND KNITS"' in refused(text).message


def test_a_customer_may_repeat_its_own_names(write: Write) -> None:
    """The same name twice for one customer is no conflict."""
    text = WHOLE.replace('["GREYSON CLOTHIERS"]', '["GREYSON", "Greyson", "GREYSON CLOTHIERS"]')
    assert len(load(write(text)).customers["GREYSON"]) == 3


def test_secrets_are_read_when_they_are_needed(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loading needs no environment; the value comes from the variable that is named."""
    made = load(write(WHOLE))
    assert isinstance(made.monday.token, Secret)
    monkeypatch.setenv("MONDAY_API_TOKEN", "emulator-pipeline")
    assert made.monday.token.reveal() == "emulator-pipeline"
    assert "emulator-pipeline" not in repr(made) + str(made.monday.token)


@pytest.mark.parametrize("value", [None, ""])
def test_an_unset_variable_is_named(
    write: Write, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    """Unset and empty are the same; the hint says where the name comes from."""
    monkeypatch.delenv("MONDAY_API_TOKEN", raising=False)
    if value is not None:
        monkeypatch.setenv("MONDAY_API_TOKEN", value)
    token = load(write(WHOLE)).monday.token
    assert isinstance(token, Secret)
    with pytest.raises(ConfigError) as caught:
        token.reveal()
    assert caught.value.message == "the environment variable MONDAY_API_TOKEN is not set"
    assert "env/MONDAY_API_TOKEN" in caught.value.hint


def test_a_path_is_relative_to_the_file(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the process stands."""
    file = write(WHOLE)
    monkeypatch.chdir(file.parent.parent)
    made = load(Path(file.parent.name) / file.name)
    assert made.path(Path("reports")) == file.parent / "reports"
    assert made.path(file) == file
    assert made.database(made.ledger.url) == f"sqlite:///{file.parent / 'ledger.db'}"


def test_a_url_of_the_environment_is_revealed(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A password may stand there, a relative SQLite path is that of the file."""
    made = load(write(WHOLE))
    url = made.source.url or ""
    monkeypatch.setenv("ORDERS_DB_URL", "postgresql+psycopg://orders:hunter2@db/orders")
    assert made.database(url) == "postgresql+psycopg://orders:hunter2@db/orders"
    monkeypatch.setenv("ORDERS_DB_URL", "sqlite:///orders.db")
    assert made.database(url) == f"sqlite:///{made.folder / 'orders.db'}"
    monkeypatch.setenv("ORDERS_DB_URL", "sqlite:///:memory:")
    assert made.database(url) == "sqlite:///:memory:"


@pytest.mark.parametrize("value", ["hunter2", "postgresql://orders:hunter2/orders"])
def test_a_variable_without_a_url_is_refused_and_not_repeated(
    write: Write, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """The variable is named, its value is not."""
    made = load(write(WHOLE))
    monkeypatch.setenv("ORDERS_DB_URL", value)
    with pytest.raises(ConfigError, match="env/ORDERS_DB_URL") as caught:
        made.database(made.source.url or "")
    assert "hunter2" not in caught.value.message + caught.value.hint
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None

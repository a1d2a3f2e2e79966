"""Where the demo keeps its sample and its ledger: in its folder, or in databases elsewhere."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from customer_orders.config import Secret, Settings
from customer_orders.databases import database_url
from customer_orders.demo import sample
from customer_orders.demo.board import ACCOUNT, BOARD_ID, BOARD_NAME
from customer_orders.demo.tables import TABLE, database, is_ours, orders_table, replace
from customer_orders.errors import ConfigError
from customer_orders.ledger import Ledger, demonstration

SOURCE, LEDGER = "sqlite:///source.db", "sqlite:///ledger.db"


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """The two URLs as the configuration has them: files of the folder, or references."""

    source: str = SOURCE
    ledger: str = LEDGER

    @classmethod
    def of(cls, *, ledger: str | None, source: str | None) -> Places:
        """From the command line. Raises ConfigError for anything but a reference."""
        for option, value in (("--ledger", ledger), ("--source-db", source)):
            if value is not None and not value.startswith("env/"):
                # It may hold a password, which by now stands in the history of the shell.
                raise ConfigError(
                    f"{option} takes env/NAME, the name of a variable with the URL",
                    hint="a URL on the command line can be read by everybody on the machine",
                )
        return cls(
            source=Secret(source) if source else SOURCE, ledger=Secret(ledger) if ledger else LEDGER
        )

    @property
    def orders(self) -> sa.Table:
        """The sample's table; outside of the folder it says in every row whose it is."""
        return orders_table(TABLE, marked=self.source != SOURCE)

    def source_url(self, settings: Settings) -> sa.URL:
        """Where the sample is written. Raises ConfigError when it is no URL."""
        try:
            return database_url(settings.database(settings.source.url or ""))
        except ValueError as exc:
            raise ConfigError(f"{self.source}: {exc}", hint="see --source-db") from exc

    def shown(self, settings: Settings) -> str:
        """The source as people may see it."""
        url = self.source_url(settings)
        named = url.database if url.drivername == "sqlite" else url.set(query={}).render_as_string()
        return str(named)

    def refuse_foreign(self, folder: Path) -> None:
        """Raise ConfigError where a table or a ledger stands that is not a demo's."""
        settings = _settings(folder, self)
        if self.source != SOURCE:
            with database(self.source_url(settings)) as connection:
                if not is_ours(connection, self.orders):
                    raise ConfigError(
                        f"{self.shown(settings)} has a table {TABLE} that is not a demo's",
                        hint="give a database without one to --source-db; nothing was changed",
                    )
        if self.ledger != LEDGER:
            with closing(Ledger(settings.ledger_url)) as ledger:
                if not demonstration.may_begin(ledger, ACCOUNT):
                    raise ConfigError(
                        f"the ledger {ledger} has runs that are not a demo's",
                        hint="give an empty database to --ledger; nothing was changed",
                    )

    def fill(self, settings: Settings) -> int:
        """Write the sample anew and take out what an earlier demo left; how many rows it has."""
        self.begin_ledger(settings)
        with database(self.source_url(settings)) as connection:
            return replace(connection, self.orders, sample.rows())

    def begin_ledger(self, settings: Settings) -> None:
        """Empty the ledger and mark it, where it is not in the folder and has its tables."""
        if self.ledger == LEDGER:
            return
        with closing(Ledger(settings.ledger_url)) as ledger:
            if ledger.revision() is not None:
                ledger.deploy()
                demonstration.begin_anew(ledger)


def _settings(folder: Path, places: Places) -> Settings:
    """Enough of a configuration to know the two databases, before there is one."""
    return Settings.model_validate(
        {
            "source": {"url": places.source, "table": TABLE},
            "ledger": {"url": places.ledger},
            "board": [{"id": BOARD_ID, "name": BOARD_NAME}],
            "customers": sample.CUSTOMERS,
            "folder": folder.resolve(),
        }
    )

"""The configuration: frozen settings from one TOML file. Secrets are references, `env/NAME`."""

from customer_orders.config.load import SETTINGS_FILE, load
from customer_orders.config.profile import ColumnRule, Profile, order_lines, source_types
from customer_orders.config.secrets import EMULATOR_TOKEN, Secret, redacted
from customer_orders.config.settings import (
    BoardSettings,
    GuardSettings,
    MappingSettings,
    MondaySettings,
    RuleSettings,
    Settings,
    SourceSettings,
    TimeSettings,
)

__all__ = [
    "EMULATOR_TOKEN",
    "SETTINGS_FILE",
    "BoardSettings",
    "ColumnRule",
    "GuardSettings",
    "MappingSettings",
    "MondaySettings",
    "Profile",
    "RuleSettings",
    "Secret",
    "Settings",
    "SourceSettings",
    "TimeSettings",
    "load",
    "order_lines",
    "redacted",
    "source_types",
]

"""Secrets as references, and URLs that hold none."""

from __future__ import annotations

import os
import re
from typing import Annotated
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import AfterValidator

from customer_orders.errors import ConfigError

REFERENCE = "env/"
#: The public prefix of tokens that only the emulator takes.
EMULATOR_TOKEN = "emulator-"  # noqa: S105 - it opens nothing
#: Secrets in use, so that logs and messages can be cleared of them.
REVEALED: set[str] = set()
#: Where drivers take a password beside the usual place in a URL.
PASSWORD_OPTION = re.compile(r"(password|passwd|pwd)\s*=", re.IGNORECASE)


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


def split(value: str) -> SplitResult | None:
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
    parts = split(value)
    if parts is None:
        raise ValueError("must be a database URL like sqlite:///orders.db, or env/NAME")
    if parts.password is not None or PASSWORD_OPTION.search(unquote(parts.query)):
        raise ValueError("holds a password; put the URL into the environment and write env/NAME")
    return value


Token = Annotated[str, AfterValidator(_token)]
DatabaseURL = Annotated[str, AfterValidator(_url)]

"""Questions to the account: the token, and each board against the configuration."""

from __future__ import annotations

from customer_orders.config import BoardSettings, Settings
from customer_orders.errors import BoardError, CustomerOrdersError
from customer_orders.mapping import subitem_targets, target_faults
from customer_orders.model import Board
from customer_orders.monday import BoardAPI, unchecked
from customer_orders.readiness.wording import some
from customer_orders.report import Check


async def account(settings: Settings) -> list[Check]:
    """The token, then every board; without the token, no board can be looked at."""
    try:
        async with unchecked(settings) as api:
            token = Check.passed("token", "user {}, account {}".format(*await api.me()))
            boards = [row for x in settings.boards for row in await _board(settings, x, api)]
            return [token, *boards]
    except CustomerOrdersError as exc:
        unseen = [Check.unknown(_of("board", x, settings), "the token") for x in settings.boards]
        return [Check.failed("token", exc), *unseen]


async def _board(settings: Settings, configured: BoardSettings, api: BoardAPI) -> list[Check]:
    try:
        live = await api.board(configured.id)
    except CustomerOrdersError as exc:
        return [Check.failed(_of("board", configured, settings), exc)]
    return [
        _row(_of(question, configured, settings), *told)
        for question, told in _told(settings, configured, live).items()
    ]


def _told(
    settings: Settings, configured: BoardSettings, live: Board
) -> dict[str, tuple[list[str], str, str]]:
    """Question -> its faults, what is said without one, and what mends them."""
    faults = target_faults(settings, configured, live)
    return {
        "board": (
            faults.name,
            f'{live.id} is called "{live.name}", as configured',
            "check the id and the name under [[board]]",
        ),
        "key column": (
            faults.key_column,
            f'"{configured.key_column}" is there, a text column',
            "`customer-orders deploy --board` makes it; key_column under [[board]] names it",
        ),
        "columns": (
            faults.columns,
            f"{len(settings.columns)} columns are there by title, each of its type",
            "mend the board or [mapping.columns]",
        ),
        "ownership": (
            faults.ownership,
            _ownership(settings, configured, live),
            "take it out of [mapping]",
        ),
    }


def _row(what: str, faults: list[str], well: str, hint: str) -> Check:
    if faults:
        return Check.failed(what, BoardError("; ".join(faults), hint=hint))
    return Check.passed(what, well)


def _of(what: str, configured: BoardSettings, settings: Settings) -> str:
    """The row's name; with several boards it says of which."""
    return what if len(settings.boards) == 1 else f"{what} of {configured.id}"


def _ownership(settings: Settings, configured: BoardSettings, live: Board) -> str:
    written = {*settings.columns, configured.key_column}
    left = [title for title in live.columns if title not in written]
    people = [title for title in left if title in settings.profile.foreign]
    sizes = " and ".join(subitem_targets(settings)) or "nothing"
    return (
        f"written: {len(written)} columns, and {sizes} of subitems; left to others: {len(left)}"
        + (f", such as {some(people)}" if people else "")
    )

"""The search index lags behind the board; this remembers what it still believes.

Nothing about the lag is documented; others observed a small one after creates and deletes
([OBS] in docs/emulator.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from customer_orders.emulator.clock import Clock
    from customer_orders.emulator.settings import Settings
    from customer_orders.emulator.state import Item


class View(NamedTuple):
    """An item as a search sees it."""

    name: str
    group_id: str
    values: dict[str, Any]


class Trail:
    """Past views of items, kept only as long as the index lags."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self._views: dict[str, list[tuple[float, View]]] = {}

    def before_change(self, item: Item) -> None:
        """Keep the view that ends now."""
        if self.settings.index_lag_seconds <= 0:
            return
        horizon = self.clock.now() - self.settings.index_lag_seconds
        views = self._views.setdefault(item.id, [])
        views[:] = [each for each in views if each[0] > horizon]
        views.append((self.clock.now(), _view(item, copy=True)))

    def seen(self, item: Item, *, lagging: bool) -> View | None:
        """The item as the index knows it; None when it does not know it yet."""
        if not lagging or self.settings.index_lag_seconds <= 0:
            return _view(item)
        horizon = self.clock.now() - self.settings.index_lag_seconds
        if item.created_at > horizon:
            return None
        for until, view in self._views.get(item.id, ()):
            if until > horizon:
                return view
        return _view(item)


def _view(item: Item, *, copy: bool = False) -> View:
    return View(item.name, item.group.id, dict(item.values) if copy else item.values)

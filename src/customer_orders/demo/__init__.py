"""The whole journey on sample data: source, board and emulator are made here. Only cli uses it."""

from customer_orders.demo.folder import FOLDER, emulator_of
from customer_orders.demo.journey import Outcome, show
from customer_orders.demo.places import Places

__all__ = ["FOLDER", "Outcome", "Places", "emulator_of", "show"]

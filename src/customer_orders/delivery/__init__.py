"""Sends open operations and records each outcome; the only driver of the state machine."""

from customer_orders.delivery.accounting import accounting, recall
from customer_orders.delivery.deliver import Delivery
from customer_orders.delivery.heartbeat import holding
from customer_orders.delivery.stop import Stop, stopping

__all__ = ["Delivery", "Stop", "accounting", "holding", "recall", "stopping"]

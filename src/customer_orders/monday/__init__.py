"""The monday API as a few typed async calls: documents, limits, error translation."""

from customer_orders.monday.boards import BoardAPI
from customer_orders.monday.client import LONGEST_WAIT, Client, Mutation, Usage
from customer_orders.monday.copies import Copies, Copy
from customer_orders.monday.governor import Governor, Reservation, Waiting
from customer_orders.monday.http import HTTPTransport
from customer_orders.monday.lookup import already_there
from customer_orders.monday.mutations import DOCUMENTS, mutation, new_labels
from customer_orders.monday.outcomes import AliasError, Answer, Category
from customer_orders.monday.session import Session, connect, unchecked
from customer_orders.monday.standing import standing
from customer_orders.monday.transport import Response, Transport

__all__ = [
    "DOCUMENTS",
    "LONGEST_WAIT",
    "AliasError",
    "Answer",
    "BoardAPI",
    "Category",
    "Client",
    "Copies",
    "Copy",
    "Governor",
    "HTTPTransport",
    "Mutation",
    "Reservation",
    "Response",
    "Session",
    "Transport",
    "Usage",
    "Waiting",
    "already_there",
    "connect",
    "mutation",
    "new_labels",
    "standing",
    "unchecked",
]

"""The HTTP server: who accepts connections, limits them, serves them and closes them."""

from typing import TYPE_CHECKING

from waterspout._lazy import lazy_names
from waterspout.httpserver.connection import HTTPServerConnection
from waterspout.httpserver.delivery import Delivery, deliver
from waterspout.httpserver.exchange import Exchange
from waterspout.httpserver.policy import Policy
from waterspout.httpserver.server import HTTPServer

if TYPE_CHECKING:
    from waterspout.httpserver.signals import run_until_signal

__all__ = [
    "Delivery",
    "Exchange",
    "HTTPServer",
    "HTTPServerConnection",
    "Policy",
    "deliver",
    "run_until_signal",
]

__getattr__, __dir__ = lazy_names(__name__, {"run_until_signal": "signals"})

"""Where the log of ``serve`` goes: standard error, unless the program has set up its own."""

import logging
import time
from typing import TYPE_CHECKING, Any

from waterspout.log import JSONFormatter, access_log

if TYPE_CHECKING:
    from waterspout.httpserver.observer import ServerObserver

__all__ = ["choose_access_log", "set_up", "step_back"]

_FORMAT = "%(asctime)s.%(msecs)03dZ %(levelname)s %(process)d %(message)s"
_DATE_FORMAT = "%Y-%m-%dT%H:%M:%S"

_ours = logging.getLogger("waterspout")


def set_up(access: str) -> None:
    """Write what waterspout has to say to standard error; ``access``: text, json or off.

    With ``json`` every line is an object of JSON, not only those of requests.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JSONFormatter() if access == "json" else _text_formatter())
    _ours.handlers[:] = [handler]
    _ours.setLevel(logging.INFO)
    _ours.propagate = False
    if access == "off":
        access_log.setLevel(logging.CRITICAL + 1)  # the one question that a request then costs


def choose_access_log(application: Any, access: str) -> "ServerObserver | None":
    """Have requests logged as is asked for; return who does that where nobody does it yet.

    The text is the detailed one. An `Application` logs its own as far as its settings let it, and
    what its handlers leave to functions. Functions, routers and WSGI applications are logged by an
    observer of the server.
    """
    is_application = hasattr(application, "start_exchange")
    if not is_application and hasattr(application, "access_log"):
        application.access_log = None
    if access == "off":
        return None
    from waterspout.httpserver.accesslog import AccessLog  # the parent needs none of it

    kind = "json" if access == "json" else "detailed"
    log = AccessLog(kind)
    if not is_application:
        return log
    if hasattr(application, "access_log") and (kind == "json" or application.access_log == "text"):
        application.access_log = kind
    if hasattr(application, "fallback_log"):
        application.fallback_log = log.log
    return None


def step_back() -> None:
    """Leave the log to the program, if that has set up logging while it was imported."""
    if logging.getLogger().handlers or len(_ours.handlers) != 1:
        del _ours.handlers[:1]
        _ours.propagate = True


def _text_formatter() -> logging.Formatter:
    formatter = logging.Formatter(_FORMAT, _DATE_FORMAT)
    formatter.converter = time.gmtime
    return formatter

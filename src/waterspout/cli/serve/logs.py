"""Where the log of ``serve`` goes: standard error, unless the program has set up its own."""

import logging
import time

from waterspout.log import access_log

__all__ = ["set_up", "step_back"]

_FORMAT = "%(asctime)s.%(msecs)03dZ %(levelname)s %(process)d %(message)s"
_DATE_FORMAT = "%Y-%m-%dT%H:%M:%S"

_ours = logging.getLogger("waterspout")


def set_up(access: str) -> None:
    """Write what waterspout has to say to standard error; ``access``: text, json or off."""
    handler = logging.StreamHandler()
    formatter = logging.Formatter(_FORMAT, _DATE_FORMAT)
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    _ours.handlers[:] = [handler]
    _ours.setLevel(logging.INFO)
    _ours.propagate = False
    if access == "off":
        access_log.setLevel(logging.CRITICAL + 1)  # the one question that a request then costs


def step_back() -> None:
    """Leave the log to the program, if that has set up logging while it was imported."""
    if logging.getLogger().handlers or len(_ours.handlers) != 1:
        del _ours.handlers[:1]
        _ours.propagate = True

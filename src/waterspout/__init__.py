"""A web server, framework and HTTP client: sync and async are two ways to call one engine.

The public names are Tornado's, each at its own place: ``waterspout.web.RequestHandler``.
Set ``WATERSPOUT_NO_EXTENSIONS=1`` to run the hot modules interpreted where they are compiled.
"""

import os
import sys
from typing import TYPE_CHECKING, Any

from waterspout._version import __version__

__all__ = ["__version__", "run", "version", "version_info"]

#: The version of Tornado whose names these are; our own is ``__version__``.
version = "6.6.1"
#: The same for programs that compare; 0 is for a release.
version_info = (6, 6, 1, 0)

if os.environ.get("WATERSPOUT_NO_EXTENSIONS", "") not in ("", "0"):
    from waterspout._interpreted import import_sources_only

    import_sources_only()

if TYPE_CHECKING:
    from waterspout import auth as auth
    from waterspout import autoreload as autoreload
    from waterspout import escape as escape
    from waterspout import http1connection as http1connection
    from waterspout import httpclient as httpclient
    from waterspout import httpserver as httpserver
    from waterspout import httputil as httputil
    from waterspout import ioloop as ioloop
    from waterspout import iostream as iostream
    from waterspout import locale as locale
    from waterspout import log as log
    from waterspout import netutil as netutil
    from waterspout import options as options
    from waterspout import platform as platform
    from waterspout import process as process
    from waterspout import routing as routing
    from waterspout import tcpclient as tcpclient
    from waterspout import tcpserver as tcpserver
    from waterspout import template as template
    from waterspout import testing as testing
    from waterspout import util as util
    from waterspout import web as web
    from waterspout import wsgi as wsgi
    from waterspout.ioloop import run
else:

    def __getattr__(name: str) -> Any:
        """Import ``run`` or a module when it is asked for: ``import waterspout`` stays cheap."""
        if name == "run":
            from waterspout.ioloop import run

            return run
        if name.isidentifier() and not name.startswith("_"):
            from importlib import import_module
            from importlib.util import find_spec

            full_name = f"{__name__}.{name}"
            if full_name in sys.modules or find_spec(full_name) is not None:
                return import_module(full_name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

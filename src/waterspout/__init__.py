"""A web server, framework and HTTP client: sync and async are two ways to call one engine.

The public names are Tornado's, each at its own place: ``waterspout.web.RequestHandler``.
Set ``WATERSPOUT_NO_EXTENSIONS=1`` to run the hot modules interpreted where they are compiled.
"""

import os
from typing import TYPE_CHECKING

from waterspout._version import __version__

__all__ = ["__version__", "run"]

if os.environ.get("WATERSPOUT_NO_EXTENSIONS", "") not in ("", "0"):
    from waterspout._interpreted import import_sources_only

    import_sources_only()

if TYPE_CHECKING:
    from waterspout.ioloop import run
else:

    def __getattr__(name):
        """Import the event loop when ``run`` is asked for: ``import waterspout`` stays cheap."""
        if name != "run":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from waterspout.ioloop import run

        return run

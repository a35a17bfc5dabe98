"""`Settings`: what a client was told when it was made, for both kinds of clients."""

from collections.abc import Mapping
from typing import Any

from waterspout.httpclient.request import DEFAULTS
from waterspout.protocol.http1.limits import Limits

__all__ = ["MAX_BODY_SIZE", "Settings"]

MAX_BODY_SIZE = 100 * 1024 * 1024


class Settings:
    """The arguments of a client; never changed.

    - ``max_clients``: how many connections there are at most, idle ones included; what is fetched
      beyond that waits in a queue
    - ``hostname_mapping``: from hosts, or pairs of host and port, to what is to be connected to
      instead. Names in URLs and certificates stay what they are.
    - ``max_header_size``, ``max_body_size``: bounds for a response in bytes; the second one holds
      for the body as it came, and as it was decoded. ``max_buffer_size`` is its default.
    - ``defaults``: attributes of `HTTPRequest`, for those that are None in a request
    """

    def __init__(
        self,
        max_clients: int = 10,
        hostname_mapping: Mapping[Any, Any] | None = None,
        max_buffer_size: int = MAX_BODY_SIZE,
        resolver: Any = None,
        defaults: Mapping[str, Any] | None = None,
        max_header_size: int | None = None,
        max_body_size: int | None = None,
    ) -> None:
        if resolver is not None:
            raise NotImplementedError("resolver is not supported")
        if max_clients < 1:
            raise ValueError(f"max_clients must be at least 1, not {max_clients!r}")
        self.max_clients = max_clients
        self.hostname_mapping = dict(hostname_mapping or {})
        self.defaults = {**DEFAULTS, **(defaults or {})}
        sizes = {"max_body_size": max_buffer_size if max_body_size is None else max_body_size}
        if max_header_size is not None:
            sizes["max_header_size"] = max_header_size
        self.limits = Limits(**sizes)

    def option(self, request: Any, name: str) -> Any:
        """Return an attribute of a request, or, if that is None, what holds instead."""
        value = getattr(request, name)
        return self.defaults.get(name) if value is None else value

    def connect_to(self, host: str, port: int) -> tuple[str, int]:
        """Return the host and the port to connect to for those of a URL."""
        mapping = self.hostname_mapping
        mapped = mapping.get((host, port), mapping.get(host))
        if mapped is None:
            return host, port
        return (mapped, port) if isinstance(mapped, str) else (mapped[0], mapped[1])

"""Figures about a server for Prometheus, by the library ``prometheus-client``.

An application that does not ask for them, by the setting ``metrics``, neither imports the library
nor pays for anything.
"""

import os
from typing import Any

from waterspout.httpserver import Exchange
from waterspout.httpserver.observer import ServerObserver
from waterspout.httpserver.refusal import Refusal

__all__ = ["Metrics", "chosen_metrics"]

# Seconds; from a cached answer to one that nobody waits for.
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

# Anybody can make up a method: all others are one.
_METHODS = frozenset(
    ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")
)


class Metrics(ServerObserver):
    """Counts what servers do, into a registry of ``prometheus-client``.

    - ``waterspout_requests_total``: requests by ``method``, ``status`` and ``handler``
    - ``waterspout_request_duration_seconds``: a histogram of the time from the head of a
      request to the end of its response, by ``method`` and ``handler``
    - ``waterspout_requests_in_progress``
    - ``waterspout_request_body_bytes_total``, ``waterspout_response_bytes_total``
    - ``waterspout_connections_open``, ``waterspout_connections_accepted_total``, and
      ``waterspout_connections_refused_total``, which had come when the server was at its end
    - ``waterspout_bad_proxy_headers_total``: clients that were let go before they had a connection,
      for a PROXY header that was no good or did not come

    ``handler`` is the name of the class that has answered, empty where none has; ``status`` is
    empty where the client went, or a program took the connection over, before there was one; a
    ``method`` that is none of HTTP's is ``OTHER``, and one that could not be read is empty. So no
    client can make the registry grow.

    ``registry`` None is the library's own, which tells of the process too. Raises ``ImportError``
    where the library is missing, and ``ValueError`` where the registry has such metrics already:
    one instance may serve any number of applications, see ``shared``. It belongs to the threads
    of their event loops, and may be read from any.

    With several processes set the environment's ``PROMETHEUS_MULTIPROC_DIR`` to an empty directory
    before any of them starts: whichever process is asked then tells the sum over all. When a
    worker has died its parent calls ``forget_process``, as ``waterspout serve`` does.
    """

    def __init__(self, registry: Any = None) -> None:
        client = _client()
        self.registry = client.REGISTRY if registry is None else registry
        options: dict[str, Any] = {"registry": self.registry, "namespace": "waterspout"}
        labels = ("method", "status", "handler")
        self._requests = client.Counter("requests", "Requests.", labels, **options)
        self._seconds = client.Histogram(
            "request_duration_seconds",
            "Seconds from the head of a request to the end of its response.",
            ("method", "handler"),
            buckets=_BUCKETS,
            **options,
        )
        live = {**options, "multiprocess_mode": "livesum"}
        self._in_progress = client.Gauge(
            "requests_in_progress", "Requests that are being answered.", **live
        )
        self._received = client.Counter(
            "request_body_bytes", "Bytes of the bodies of requests.", **options
        )
        self._sent = client.Counter("response_bytes", "Bytes of responses.", **options)
        self._open = client.Gauge("connections_open", "Connections that are open.", **live)
        self._accepted = client.Counter(
            "connections_accepted", "Connections that were accepted.", **options
        )
        self._refused = client.Counter(
            "connections_refused",
            "Connections that came when the server was at its end.",
            **options,
        )
        self._bad_proxy_headers = client.Counter(
            "bad_proxy_headers",
            "Clients that were let go for a PROXY header that was no good.",
            **options,
        )
        # What belongs to one set of labels, which the library is slow to find.
        self._found: dict[tuple[str, int, str], tuple[Any, Any]] = {}

    @staticmethod
    def shared(registry: Any = None) -> "Metrics":
        """Return the one instance for ``registry``, which is made when it is asked for first."""
        registry = _client().REGISTRY if registry is None else registry
        found = _shared.get(registry)
        if found is None:
            found = _shared[registry] = Metrics(registry)
        return found

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """Return all metrics of the registry, and their media type, as ``accept`` asks for.

        With ``PROMETHEUS_MULTIPROC_DIR`` they are those of all processes.
        """
        client = _client()
        from prometheus_client.exposition import choose_encoder

        registry = self.registry
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            from prometheus_client.multiprocess import MultiProcessCollector

            registry = client.CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        encode, content_type = choose_encoder(accept)
        return encode(registry), content_type

    @staticmethod
    def forget_process(pid: int) -> None:
        """Take a process that has died out of what is open and in progress; its counts stay."""
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            _client()
            from prometheus_client.multiprocess import mark_process_dead

            mark_process_dead(pid)  # type: ignore[no-untyped-call]

    # From the server

    def on_connection_open(self, connection: Any) -> None:
        """Count a connection."""
        self._accepted.inc()
        self._open.inc()

    def on_connection_refused(self, connection: Any) -> None:
        """Count a connection that came too late."""
        self._refused.inc()

    def on_bad_proxy_header(self, address: Any) -> None:
        """Count a client that never had a connection."""
        self._bad_proxy_headers.inc()

    def on_connection_close(self, connection: Any) -> None:
        """Count a connection no more."""
        self._open.dec()

    def on_request_start(self, exchange: Exchange) -> None:
        """Count a request that is being answered."""
        self._in_progress.inc()

    def on_request_end(self, exchange: Exchange) -> None:
        """Count a request."""
        self._in_progress.dec()
        method = exchange.head.method
        if method not in _METHODS:
            method = "OTHER"
        handler_class = exchange.handler_class
        name = "" if handler_class is None else handler_class.__name__
        requests, seconds = self._children(method, exchange.status, name)
        requests.inc()
        if exchange.finish_time:
            seconds.observe(exchange.finish_time - exchange.start_time)
        self._received.inc(exchange.body_bytes_received)
        self._sent.inc(exchange.bytes_sent)

    def on_refusal(self, refusal: Refusal) -> None:
        """Count a request whose head could not be read; others have an end."""
        if refusal.exchange is None:
            requests, _ = self._children("", refusal.status, "")
            requests.inc()
            self._sent.inc(refusal.bytes_sent)

    def _children(self, method: str, status: int, handler: str) -> tuple[Any, Any]:
        key = (method, status, handler)
        found = self._found.get(key)
        if found is None:
            requests = self._requests.labels(method, str(status) if status else "", handler)
            found = self._found[key] = (requests, self._seconds.labels(method, handler))
        return found


# By their registries, which live as long as the process.
_shared: dict[Any, Metrics] = {}


def chosen_metrics(setting: Any) -> Metrics | None:
    """Return what the setting ``metrics`` of an application stands for."""
    if setting is None or setting is False:
        return None
    if setting is True:
        return Metrics.shared()
    if isinstance(setting, Metrics):
        return setting
    raise TypeError(f"metrics is True or a waterspout.web.Metrics, not {setting!r:.80}")


def _client() -> Any:
    try:
        import prometheus_client
    except ImportError as error:
        raise ImportError(
            "metrics need prometheus-client: pip install 'waterspout[metrics]'"
        ) from error
    return prometheus_client

"""`MetricsHandler`: shows what was counted, to Prometheus."""

from typing import Any

from waterspout.web.handler import RequestHandler
from waterspout.web.metrics import Metrics
from waterspout.web.settings import require_setting

__all__ = ["MetricsHandler"]


class MetricsHandler(RequestHandler):
    """Answers with all metrics, as text for Prometheus or in the format that it asks for.

        Application([(r"/", Main), (r"/metrics", MetricsHandler)], metrics=True)

    To show what other applications count, on a port of its own that users cannot reach:

        Application([(r"/metrics", MetricsHandler, {"metrics": Metrics.shared()})]).listen(9090)

    Anybody who can ask is told: it is for a port, or a path, that only Prometheus reaches. See
    `Metrics` for what is counted, and for servers of several processes.
    """

    def initialize(self, metrics: Metrics | None = None) -> None:
        """Take the metrics to show; without them it is those of the application."""
        self._metrics = metrics

    def get(self, *args: Any, **kwargs: Any) -> None:
        """Answer with all metrics."""
        metrics = self._metrics
        if metrics is None:
            require_setting(self, "metrics", "what it shows")
            metrics = self.application.observer
        text, content_type = metrics.exposition(self.request.headers.get("Accept", ""))
        self.set_header("Content-Type", content_type)
        self.set_header("Cache-Control", "no-store")
        self.finish(text)

    head = get

    def compute_etag(self) -> str | None:
        """Return None: it is another text each time."""
        return None

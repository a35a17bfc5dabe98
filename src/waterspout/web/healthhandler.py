"""What an orchestrator and a load balancer ask: is it alive, and shall it have requests."""

from waterspout.web.checks import Checks
from waterspout.web.handler import RequestHandler

__all__ = ["HealthHandler", "ReadyHandler"]


class HealthHandler(RequestHandler):
    """Answers 200 as long as the loop turns and all checks succeed, else 503: alive or not.

    ``checks`` is a ``Checks``, the same for all requests. The body is JSON, ``status`` and the
    result of each check by its name; what went wrong is in the log only. A process that fails
    this is killed by whoever asks: most programs give it no checks.

        Application([
            (r"/healthz", HealthHandler),
            (r"/readyz", ReadyHandler, {"checks": Checks({"database": ping})}),
        ])
    """

    def initialize(self, checks: Checks | None = None) -> None:
        """Take the checks of the rule."""
        if checks is not None and not isinstance(checks, Checks):
            raise TypeError(f"checks is a waterspout.web.Checks, not {checks!r:.80}")
        self._checks = checks

    async def get(self) -> None:
        """Answer with the state of now."""
        results = {} if self._checks is None else await self._checks.results()
        status = "ok"
        if any(result != "ok" for result in results.values()):
            status = "failing"
        status = self._status_beyond_checks() or status
        self.set_status(200 if status == "ok" else 503)
        self.set_header("Cache-Control", "no-store")
        self.write({"status": status, "checks": results})

    head = get

    def _status_beyond_checks(self) -> str | None:
        return None


class ReadyHandler(HealthHandler):
    """As ``HealthHandler``, but 503 from the begin of the drain on: ready for requests or not.

    With ``HTTPServer.drain(readiness_delay=...)``, or ``run_until_signal``, it says so as long
    before the server stops to accept: at least as long as the balancer takes to ask again and
    believe it.
    """

    def _status_beyond_checks(self) -> str | None:
        return "draining" if getattr(self.request.connection, "is_draining", False) else None

"""`Hooks`: functions of the user's that hear of each request that is sent, and what comes of it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from waterspout.httpclient.errors import HTTPTimeoutError
from waterspout.httpclient.hop import Hop
from waterspout.httpclient.request import HTTPRequest
from waterspout.net import DeadlineError, Net
from waterspout.protocol.headers import HTTPHeaders

__all__ = ["EVENTS", "Hooks", "SentRequest", "sent_request"]

#: What hooks can be for.
EVENTS = ("request", "response", "redirect", "retry", "error")


class SentRequest(NamedTuple):
    """A request as it goes on the wire; one of a fetch may lead to others."""

    request: HTTPRequest  #: what `fetch` was asked for, or what stands for its URL
    method: str
    url: str  #: without credentials
    headers: HTTPHeaders  #: all of them, secrets included
    body: bytes | None  #: None where there is none, or where it is produced while it is sent


class Hooks:
    """The hooks of a client, by the names of `EVENTS`: a function, or some, for each.

    Raises TypeError and ValueError for what is none. For any thread.
    """

    def __init__(self, hooks: Mapping[str, Any]) -> None:
        if not isinstance(hooks, Mapping):
            raise TypeError(f"event_hooks must be a dict of functions, not {type(hooks).__name__}")
        self._hooks: dict[str, list[Callable[..., Any]]] = {event: [] for event in EVENTS}
        for event, given in hooks.items():
            if event not in self._hooks:
                raise ValueError(f"no event {event!r}: event_hooks are for {', '.join(EVENTS)}")
            functions = list(given) if isinstance(given, Iterable) else [given]
            for function in functions:
                if not callable(function):
                    raise TypeError(f"a hook for {event!r} must be a function, not {function!r}")
            self._hooks[event] = functions

    async def tell(
        self, net: Net, deadline: float, event: str, sent: SentRequest, *what: Any
    ) -> None:
        """Call the hooks of an event, one after the other; what they raise is raised.

        HTTPTimeoutError where one is not done in time. ``sent`` is for their messages.
        """
        for hook in self._hooks[event]:
            outcome = hook(*what)
            if outcome is None:
                continue
            try:
                await net.settle(outcome, deadline)
            except DeadlineError:
                late = HTTPTimeoutError(
                    f"Timeout while waiting for the hook {event!r}: {sent.method} {sent.url}"
                )
                late.url, late.timeout = sent.url, "request_timeout"
                raise late from None


def sent_request(hop: Hop) -> SentRequest:
    """Return what is sent for a hop."""
    _, _, lines = hop.encoded.data.partition(b"\r\n")
    headers = HTTPHeaders.parse(lines.decode("latin-1"))
    return SentRequest(hop.request, hop.method, hop.url, headers, hop.body)

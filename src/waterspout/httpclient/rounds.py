"""What goes on between the exchanges of one fetch, beside redirects: cookies, credentials, retries,
and a cache.

`Course` is what a client keeps for all of its fetches, `Rounds` is what one of them is about. They
are made for fetches that use something of this, and for no others. What is decided is decided in
the modules that are named after it.
"""

import time
from typing import TYPE_CHECKING, Any

from waterspout.httpclient.auth.challenges import parse_challenges
from waterspout.httpclient.auth.credentials import Asked, Auth
from waterspout.httpclient.cookies.field import checked_cookies, cookie_field
from waterspout.httpclient.delivery import Copy
from waterspout.httpclient.exchange import Exchange
from waterspout.httpclient.hooks import SentRequest, sent_request
from waterspout.httpclient.hop import Hop
from waterspout.httpclient.response import HTTPResponse
from waterspout.httpclient.retries import (
    Failure,
    RetryBudget,
    RetryPolicy,
    is_worth_another_try,
    parse_retry_after,
)
from waterspout.httpclient.settings import Settings
from waterspout.net import Net
from waterspout.protocol.http1.messages import ResponseHead

if TYPE_CHECKING:
    from waterspout.httpclient.caching import Lookup
    from waterspout.httpclient.roads.proxy import Proxy
    from waterspout.httpclient.roads.proxydigest import ProxyDigests

__all__ = ["Course", "Rounds"]

# Whoever asks for credentials again and again is not satisfied with them.
_MAX_CHALLENGES = 5

# Users whose digests are remembered, where they are given as user name and password.
_MAX_DIGESTS = 100


class Course:
    """What the fetches of a client have in common. Any thread may call."""

    def __init__(self, net: Net, settings: Settings) -> None:
        self.net = net
        self.settings = settings
        self.budget = RetryBudget(net.time())
        self._digests: dict[tuple[str | bytes, str | bytes], Auth] = {}
        self._proxy_digests: ProxyDigests | None = None

    def begin(self, hop: Hop, deadline: float) -> "Rounds":
        """Return what goes on for a fetch that begins with ``hop``; TypeError, ValueError."""
        return Rounds(self, hop, deadline)

    @property
    def proxy_digests(self) -> "ProxyDigests":
        """What is known of proxies that take requests and want a hash of the password."""
        if self._proxy_digests is None:
            from waterspout.httpclient.roads.proxydigest import ProxyDigests

            self._proxy_digests = ProxyDigests()
        return self._proxy_digests

    def auth_for(self, hop: Hop) -> Auth | None:
        """Return who authenticates a request, if it is not done already."""
        option = self.settings.option
        if hop.credentials is None:
            auth = option(hop.request, "auth")
            if auth is not None and not isinstance(auth, Auth):
                raise TypeError(
                    "auth must be a pair of user name and password, or an Auth, not"
                    f" {type(auth).__name__}"
                )
            return auth if hop.request.auth_username is None else None
        if isinstance(hop.credentials, str) or option(hop.request, "auth_mode") != "digest":
            return None
        known = self._digests.get(hop.credentials)
        if known is None:
            from waterspout.httpclient.auth.digest import DigestAuth

            if len(self._digests) >= _MAX_DIGESTS:
                self._digests.clear()
            known = self._digests[hop.credentials] = DigestAuth(*hop.credentials)
        return known


class Rounds:
    """See the module's docstring; belongs to one fetch."""

    def __init__(self, course: Course, hop: Hop, deadline: float) -> None:
        option = course.settings.option
        request = hop.request
        self._course = course
        self._net = course.net
        self._deadline = deadline
        self._jar = course.settings.cookie_jar
        self._origin = hop.target.origin
        self._auth = course.auth_for(hop)
        self._challenges = 0
        self._proxy_challenges = 0
        cookies = option(request, "cookies")
        self._cookies = {} if cookies is None else checked_cookies(cookies)
        if self._cookies and "Cookie" in hop.headers:
            raise ValueError("cookies and the header Cookie are two ways to say which to send")
        retries = option(request, "retries")
        self._policy = None if retries is None else RetryPolicy.of(retries)
        self._retries = 0
        self._wait = 0.0
        self._cache = course.settings.cache
        self._lookup: Lookup | None = None
        # What the lookup was made for, of that which may change from one request to the next.
        self._looked_up: tuple[str | None, bool] | None = None
        self._has_changed = False  # by a 304: it is not asked for conditions again
        if self._policy is not None and self._policy.budget is not None:
            course.budget.deposit(self._policy.budget, self._net.time())
        self._hooks = course.settings.event_hooks
        self._sent: SentRequest | None = None
        self._prepared: Hop | None = None
        self._added: dict[str, str] = {}

    @property
    def is_answered(self) -> bool:
        """Whether the cache has the response to the request that was prepared."""
        return self._lookup is not None and self._lookup.stored is not None

    async def prepare(self, hop: Hop) -> Hop:
        """Return a request with what is to be added to it now."""
        is_new = hop is not self._prepared
        if hop.target.origin != self._origin:
            # For good, as with what the user wrote into headers: who comes back may bring anything.
            self._auth = None
            self._cookies = {}
        added = {}
        if self._auth is not None:
            field = self._auth.authorization(_asked(hop))
            if field is not None:
                added["Authorization"] = field
        road = hop.key.road
        if road is not None and road.is_digest and not road.is_tunnel:
            field = self._course.proxy_digests.authorization(*_asked_of_proxy(hop))
            if field is not None:
                added["Proxy-Authorization"] = field
        if self._cookies or (self._jar is not None and "Cookie" not in hop.headers):
            kept = [] if self._jar is None else self._jar.pairs_for(hop.target, time.time())
            cookies = cookie_field(kept, self._cookies)
            if cookies:
                added["Cookie"] = cookies
        if added != ({} if is_new else self._added):
            hop = hop.with_fields(added)
        if self._cache is not None:
            if is_new:
                self._has_changed = False
            # A challenge, or a cookie of a 503, makes it another request: who is answered by that
            # must not be kept for those who ask without.
            identity = added.get("Cookie"), "Authorization" in added
            if is_new or (identity != self._looked_up and not self.is_answered):
                self._lookup = await self._cache.look_up(hop, self._net)
                self._looked_up = identity
                if self._lookup is not None and self._has_changed:
                    self._lookup.conditions = {}
            if self._lookup is not None and self._lookup.conditions:
                added.update(self._lookup.conditions)
                hop = hop.with_fields(added)
        self._prepared = hop
        self._added = added
        if self._hooks is not None:
            self._sent = sent_request(hop)
            if not self.is_answered:
                await self.tell("request")
        return hop

    async def tell(self, event: str, *what: Any) -> None:
        """Tell the hooks, if there are any, what came of the request that was prepared last."""
        if self._hooks is not None and self._sent is not None:
            sent = self._sent
            await self._hooks.tell(self._net, self._deadline, event, sent, *what, sent)

    async def tell_of(self, response: HTTPResponse, following: Hop | None) -> None:
        """Tell the hooks of a response that is not the last: it leads on, or is asked for again."""
        if self._hooks is None or self._sent is None:
            return
        if following is None:
            await self.tell("retry", response)
        else:
            what = (response, self._sent, following.url)
            await self._hooks.tell(self._net, self._deadline, "redirect", self._sent, *what)

    def ask_again_after(self, exchange: Exchange, head: ResponseHead) -> bool:
        """Take the final head of a response; tell whether to ask again because of it."""
        hop = exchange.hop
        if exchange.is_stored:
            return False  # All this was done when it came.
        if self._jar is not None and head.find(b"set-cookie") is not None:
            self._jar.take(hop.target, head.headers.get_list("Set-Cookie"), time.time())
        if exchange.is_passed_over:
            return False
        if self._lookup is not None and self._lookup.conditions and head.status == 304:
            self._has_changed = True
            return True
        if head.status == 407:
            return self._answer_proxy(hop, head)
        if self._auth is not None:
            if head.status == 401:
                return self._answer(hop, head)
            self._auth.learn(_asked(hop), head.headers)
        policy = self._policy
        if policy is None or head.status not in policy.statuses or not self._may_repeat(hop):
            return False
        value = head.find(b"retry-after")
        after = None if value is None else parse_retry_after(value.decode("latin-1"), time.time())
        return self._retry(policy, after)

    def try_again_after(self, error: Exception, exchange: Exchange) -> bool:
        """Take what went wrong; tell whether to ask again, and who has heard of it to forget it."""
        policy = self._policy
        if policy is None:
            return False
        request = exchange.hop.request
        has_listener = request.is_streamed or request.header_callback is not None
        is_heard = has_listener and exchange.head is not None and not exchange.is_passed_over
        restart = request.restart_callback if request.tap is None else None
        failure = Failure(
            error,
            was_sent=bool(exchange.sent),
            has_ended=exchange.has_ended,
            is_heard=is_heard and restart is None,
        )
        if not is_worth_another_try(failure, self._may_repeat(exchange.hop)):
            return False
        if not self._retry(policy, None):
            return False
        if is_heard and restart is not None:
            restart()
        return True

    async def replay(self, exchange: Exchange) -> None:
        """Have the response of the cache received, as if it came from the server."""
        assert self._lookup is not None
        now = self._net.time()
        exchange.is_stored = True
        exchange.free = exchange.sent = now
        await exchange.run(self._lookup.connection(exchange.hop, self._course.settings.limits))
        exchange.ended = self._net.time()

    def copy_for(self, exchange: Exchange, head: ResponseHead) -> Copy | None:
        """Return where the cache wants a body written to that is not gathered; None: it doesn't."""
        if self._lookup is None or exchange.is_stored:
            return None
        return self._lookup.copy_for(exchange, head)

    async def finish(self, exchange: Exchange) -> None:
        """Take a response that is whole, for the cache."""
        lookup = self._lookup
        if lookup is None or exchange.is_stored:
            return
        assert exchange.head is not None
        if exchange.is_passed_over and exchange.location is None and exchange.head.status != 304:
            return  # Not the answer yet.
        await lookup.settle(exchange, self._net)

    async def wait(self) -> None:
        """Wait before the next request, if it is to be."""
        wait, self._wait = self._wait, 0.0
        if wait:
            await self._net.sleep(wait)

    def _may_repeat(self, hop: Hop) -> bool:
        assert self._policy is not None
        if hop.method not in self._policy.methods:
            return False
        return not hop.has_producer or (hop.source is not None and hop.source.is_repeatable)

    def _answer(self, hop: Hop, head: ResponseHead) -> bool:
        """Take a response with the code 401."""
        if self._auth is None or self._challenges >= _MAX_CHALLENGES:
            return False
        challenges = parse_challenges(head.headers.get_list("WWW-Authenticate"))
        is_answered = self._auth.answer(_asked(hop), challenges, self._challenges)
        self._challenges += is_answered
        return is_answered

    def _answer_proxy(self, hop: Hop, head: ResponseHead) -> bool:
        """Take a response with the code 407, which is the proxy's own."""
        road = hop.key.road
        if road is None or not road.is_digest or road.is_tunnel:
            return False
        if self._proxy_challenges >= _MAX_CHALLENGES:
            return False
        is_answered = self._course.proxy_digests.answer(
            *_asked_of_proxy(hop), head.headers, self._proxy_challenges
        )
        self._proxy_challenges += is_answered
        return is_answered

    def _retry(self, policy: RetryPolicy, retry_after: float | None) -> bool:
        """Plan a retry, if there is one left, and time for it."""
        if self._retries >= policy.total:
            return False
        wait = policy.wait_before(self._retries, retry_after)
        now = self._net.time()
        if wait is None or now + wait >= self._deadline:
            return False
        if policy.budget is not None and not self._course.budget.withdraw(now):
            return False
        self._retries += 1
        self._wait = wait
        return True


def _asked(hop: Hop) -> Asked:
    return Asked(hop.method, hop.target, None if hop.has_producer else hop.body or b"")


def _asked_of_proxy(hop: Hop) -> "tuple[Proxy, str, str, bytes | None]":
    """Return the proxy that takes a request, and method, target and body of that."""
    road = hop.key.road
    assert road is not None
    assert road.proxy is not None
    target = hop.target
    url = f"{target.scheme}://{target.authority}{target.path}"
    return road.proxy, hop.method, url, None if hop.has_producer else hop.body or b""

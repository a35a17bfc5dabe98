"""`Exchange`: one request and its response, on one connection, through the engine."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from waterspout.httpclient.connection import Connection
from waterspout.httpclient.delivery import (
    UNBOUNDED,
    Delivery,
    Discard,
    Gathering,
    TappedDelivery,
)
from waterspout.httpclient.errors import HTTPProtocolError
from waterspout.httpclient.hop import Hop
from waterspout.httpclient.pool import Pool, Ticket
from waterspout.httpclient.redirect import REDIRECTS
from waterspout.httpclient.settings import Settings
from waterspout.httpclient.upload import send_with_body
from waterspout.net import CallbackError, Net
from waterspout.net.clock import Clock
from waterspout.protocol.coding import Decoder, parse_codings
from waterspout.protocol.headers import HTTPHeaders
from waterspout.protocol.http1.client import ClientConnection
from waterspout.protocol.http1.connection import Event
from waterspout.protocol.http1.messages import ResponseHead, Signal

if TYPE_CHECKING:
    from waterspout.httpclient.bodies.progress import Meter
    from waterspout.httpclient.response import HTTPResponse
    from waterspout.httpclient.rounds import Rounds

__all__ = ["Exchange", "new_exchange"]

NEED_DATA = Signal.NEED_DATA
END_OF_MESSAGE = Signal.END_OF_MESSAGE

# The body of a redirect is read, so that the connection can be used again, if it is not longer.
_MAX_IGNORED_BODY = 64 * 1024

# From this size on a body is not kept in pieces. Below, to join them is cheaper than to clear room.
_LONG_BODY = 4 * 1024 * 1024
# The same where what comes is read right into that room.
_BODY_WITH_ROOM = 128 * 1024
# How many pieces there may be of a body whose length was not told, or is short.
_MOST_PIECES = 4

FOREVER = math.inf


class Exchange(Ticket):
    """Sends ``hop``, and holds what came of it; made anew for each hop of a fetch, by
    `new_exchange`.

    The callbacks of the request hear of the response unless it is passed over, for a redirect that
    is followed or because ``rounds`` ask again. ``redirects`` is how many were followed.
    """

    def _prepare(
        self,
        net: Net,
        clock: Clock,
        settings: Settings,
        hop: Hop,
        deadline: float,
        redirects: int,
        rounds: "Rounds | None",
        pool: Pool,
    ) -> None:
        self._begin(hop.key)
        #: Where its slot is from.
        self.pool = pool
        self.hop = hop
        self.net = net
        self.deadline = deadline
        #: What goes on, for the message if it goes wrong.
        self.phase = "waiting in the queue"
        #: Whether a byte of the response has come, and whether the server has ended the connection.
        self.has_begun = False
        self.has_ended = False
        #: What its connection is to be awaited from, while it is being opened.
        self.opening: Any = None
        #: The final head, as soon as it is there.
        self.head: ResponseHead | None = None
        #: The headers where they are not those of ``head``.
        self.headers: HTTPHeaders | None = None
        #: The heads that came before the final one, if any: 1xx, a bounded number.
        self.interims: list[ResponseHead] | None = None
        #: The fields behind the body, if there are any.
        self.trailers: HTTPHeaders | None = None
        #: Whether the server wants the body that it was asked about.
        self.is_continued = False
        #: Whether it is asked now, and whether it has said that it knows no such question.
        self.is_asking = False
        self.is_misunderstood = False
        #: Whether the response is over, before the request was out.
        self.is_over = False
        #: Whether the response is not the last one: its body is of no use.
        self.is_passed_over = False
        #: Whether it comes from a cache, and not from a server.
        self.is_stored = False
        #: The responses that led here; None where there are none.
        self.history: list[HTTPResponse] | None = None
        #: When the slot was there, the addresses, the connection, TLS; when sending began, the
        #: response, and when that was over. 0 for what did not happen.
        self.free = 0.0
        self.resolved = 0.0
        self.connected = 0.0
        self.secured = 0.0
        self.sent = 0.0
        self.answered = 0.0
        self.ended = 0.0
        callback = hop.request.progress_callback
        #: Who counts the bytes of the bodies, or None.
        self.meter: Meter | None = None if callback is None else _new_meter(callback, hop.length)
        self._clock = clock
        self._settings = settings
        self._redirects = redirects
        self._rounds = rounds
        # Where `begin` has got to: on which connection; what of the request is still to be sent,
        # and what is to be awaited, for a write or, that is for `take`, for a read.
        self._begun_on: Connection | None = None
        self._unsent: bytes | None = None
        self._writing: Any = None
        self.reading: Any = None
        self._failure: OSError | None = None  # why the request could not be sent
        self._event: Event | None = None  # to be worked off by who can wait
        self._left: Event | None = None  # by `next_piece`, for `run`
        # Where the body goes, if not to _pieces.
        self._delivery: Delivery | TappedDelivery | Gathering | Discard | None = None
        self._read_into: Any = None  # a stream's method, where the body is read into its room
        self._is_followed = False
        self._pieces: list[bytes] = []

    def limit(self) -> float:
        """Return the deadline of a read or a write that begins now."""
        patience = self.hop.read_timeout
        if patience == FOREVER:
            return self.deadline
        return min(self.deadline, self._clock.now() + patience)

    def take_body(self) -> bytes:
        """Hand over the body, or what of it was not for a callback; once."""
        if type(self._delivery) is Gathering:
            return self._delivery.body()
        pieces = self._pieces
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        return body

    @property
    def gathered(self) -> bytes:
        """The body, or what of it was not for a callback; stays here for `take_body`."""
        if type(self._delivery) is Gathering:
            return self._delivery.body()
        self._pieces[:] = [b"".join(self._pieces)]
        return self._pieces[0]

    @property
    def has_listener(self) -> bool:
        """Whether the body goes to who listens, and is not gathered."""
        delivery = self._delivery
        if delivery is None or self.is_passed_over:
            return False
        return self.hop.request.streaming_callback is not None or isinstance(
            delivery, TappedDelivery
        )

    def kept_body(self) -> bytes | None:
        """Return the body for a cache; None if it is not to be had as a whole."""
        if self.has_listener or self.is_passed_over:
            copy = None if self._delivery is None else self._delivery.copy
            return None if copy is None else copy.body()
        return self.gathered

    @property
    def location(self) -> str | None:
        """Where to go on, if the response is a redirect to be followed."""
        if not self._is_followed or self.head is None:
            return None
        return (self.head.find(b"location") or b"").decode("latin-1")

    def is_reusable(self, connection: Connection) -> bool:
        """Whether ``connection`` is as good as new, now that `run` is over."""
        return (
            connection.engine.can_be_reused() and self._failure is None and not self.hop.wants_close
        )

    def begin(self, connection: Connection) -> bool:
        """Send the request and read the response, as far as that takes no wait.

        True: the response is over. False: `run` does the rest. What goes wrong is raised as it is.
        """
        self._begun_on = connection
        self._writing = self.reading = self._failure = self._event = None
        self.phase = "sending the request"
        head = connection.engine.send_request(self.hop.encoded)
        if self.hop.length:
            self._unsent = head
            return False
        try:
            self._writing = connection.write(head, self.limit())
        except OSError as error:
            # The server may have answered before it closed: that it has had enough, for instance.
            self._failure = error
        return self._writing is None and self._read(connection)

    async def run(self, connection: Connection) -> None:
        """Do what is left of what `begin` does, and wait for it."""
        if self._begun_on is not connection and self.begin(connection):
            return
        try:
            if self._unsent is not None:
                head, self._unsent = self._unsent, None
                await send_with_body(self, connection, head)
                if self.is_over:
                    return
            elif self._writing is not None:
                writing, self._writing = self._writing, None
                await writing
        except OSError as error:
            self._failure = error
        while True:
            if self._event is not None and await self._work_off(connection.engine):
                return
            if self.reading is None:
                if self._read(connection):
                    return
            elif self.take(await self.reading):
                return

    def take(self, got: bytes | int) -> bool:
        """Take what ``reading`` gave, and read on; True if the response is over.

        Otherwise it goes on with ``reading``, or where that is None with `run`.
        """
        connection = self._begun_on
        assert connection is not None
        self.reading = None
        if isinstance(got, int):
            self._count_filled(connection.engine, got)
        elif self._receive(connection, got):
            return True
        return self._event is None and self._read(connection)

    def _read(self, connection: Connection) -> bool:
        """Read the response as far as that takes no wait; True if it is over."""
        if not self.has_begun:
            self.phase = "waiting for the response"
        while True:
            if self._read_into is not None:
                data = self._fill_room(connection)
                if data is None:
                    return self._collect(connection.engine)
            else:
                data = connection.read(self.limit())
            if not isinstance(data, bytes):
                self.reading = data
                return False
            if self._receive(connection, data):
                return True
            if self._event is not None:
                return False
            data = None  # The next ones may have its memory, which the processor has at hand.

    def _fill_room(self, connection: Connection) -> Any:
        """Read into the room of the body as far as that takes no wait, and the body goes.

        Returns what `Stream.read` may: what comes behind that, or what that is to be awaited from.
        None: the body is whole.
        """
        engine = connection.engine
        gathering = self._delivery
        assert type(gathering) is Gathering
        while engine.body_to_come():
            got = self._read_into(gathering.room(), self.limit())
            if type(got) is not int:
                return got
            if not got:
                return b""
            self._count_filled(engine, got)
        self._read_into = None
        return None

    def _count_filled(self, engine: ClientConnection, size: int) -> None:
        """Take note that so many bytes were put into the room of the body."""
        gathering = self._delivery
        assert type(gathering) is Gathering
        engine.count_read(size)
        gathering.fill(size)
        if self.meter is not None:
            self.meter.on_received(size)

    def begin_to_wait(self) -> None:
        """Let the time limit begin now, for who takes the body at his own pace."""
        self.deadline = self._clock.now() + self.hop.request_timeout

    def next_piece(self) -> bytes | None:
        """Return the next piece of a body whose reader asks for it, if that takes no wait and it is
        handed on as it comes. None: `run` goes on, where it was suspended, with what is next.

        What goes wrong is to be raised there.
        """
        connection = self._begun_on
        tapped = self._delivery
        if type(tapped) is not TappedDelivery or not tapped.is_plain or self.meter is not None:
            return None
        assert connection is not None
        self.begin_to_wait()
        while self.reading is None:
            event = connection.engine.next_event()
            if type(event) is bytes:
                return event
            if event is not NEED_DATA:
                self._left = event
                return None
            data = connection.read(self.limit())
            if isinstance(data, bytes):
                self._put(connection, data)
            else:
                self.reading = data
        return None

    async def advance(self, connection: Connection, data: bytes) -> None:
        """Take what came before the request was out; see ``head`` and ``is_over``."""
        self.is_over = self._receive(connection, data) or await self._work_off(connection.engine)

    def notice(self, connection: Connection, data: bytes) -> bool:
        """Take what came while the request is produced; True: it is the final response, or begins
        it. What is behind its head is taken by `run`.
        """
        self.is_over = self._receive(connection, data)
        return self.head is not None

    # Events. Those of nearly every response need no coroutine but the one that reads.

    def _receive(self, connection: Connection, data: bytes) -> bool:
        """Take what has come; True if the response is over, else there may be an `_event`."""
        self._put(connection, data)
        return self._collect(connection.engine)

    def _put(self, connection: Connection, data: bytes) -> None:
        """Give the engine what has come."""
        if data:
            if not self.has_begun:
                self.has_begun = True
                self.answered = self._clock.now()
                self.phase = "reading the response"
            connection.engine.receive_data(data)
        elif self.has_begun:
            self.has_ended = True
            connection.engine.receive_eof()
        else:
            raise self._failure or ConnectionResetError("the server closed without an answer")

    def _collect(self, engine: ClientConnection) -> bool:
        """Take events until there is none, or one in `_event`; True if the response is over."""
        self._event = None
        while True:
            event, self._left = self._left, None
            if event is None:
                event = engine.next_event()
            if event is NEED_DATA:
                return False
            if self.meter is not None and type(event) is bytes and not self.is_passed_over:
                self.meter.on_received(len(event))
            if type(event) is bytes and self._delivery is None:
                if len(self._pieces) < _MOST_PIECES:
                    self._pieces.append(event)
                else:
                    self._gather_pieces(event)
            elif type(event) is ResponseHead:
                if self._on_head(event):
                    return True
                if self._event is not None:
                    return False
            elif event is END_OF_MESSAGE:
                if self._delivery is not None:
                    self._delivery.finish()
                self.trailers = engine.trailers
                return True
            elif type(event) is not bytes or not self._is_taken(event):
                self._event = event
                return False

    def _is_taken(self, data: bytes) -> bool:
        """Give a piece to who need not be waited for; False: it is for who can wait.

        That is also for what may have come in the middle of a producer: see `notice`.
        """
        delivery = self._delivery
        if type(delivery) is Gathering:
            gathering: Gathering = delivery
            gathering.write(data)
            return True
        if type(delivery) is not Delivery or self.hop.has_producer:
            return False
        listener: Delivery = delivery
        return listener.take_now(data)

    async def _work_off(self, engine: ClientConnection) -> bool:
        """Do what `_event` and those behind it ask for; True if the response is over."""
        delivery = self._delivery
        while self._event is not None:
            event = self._event
            if event is Signal.YIELD:
                await self.net.pause(self.deadline)
            elif type(event) is bytes and delivery is not None:
                if await delivery.take(event):
                    return True
            elif type(event) is ResponseHead and isinstance(delivery, TappedDelivery):
                if await delivery.begin(engine):
                    return True
            else:
                raise HTTPProtocolError(f"{event!r} in an exchange that is not over")
            if self._collect(engine):
                return True
            delivery = self._delivery
        return False

    def _on_head(self, head: ResponseHead) -> bool:
        """Take a head; True if the body behind it is of no use."""
        status = head.status
        if status < 200:
            if status == 101:
                raise HTTPProtocolError(
                    "the server switched to another protocol: a fetch speaks HTTP"
                )
            self.is_continued = self.is_continued or status == 100
            self.interims = [*(self.interims or ()), head]
            return False
        self.head = head
        if status in REDIRECTS and self._will_follow(head):
            self._is_followed = self.is_passed_over = True
        if status == 417 and self.is_asking:
            self.is_misunderstood = self.is_passed_over = True
        if self._rounds is not None and self._rounds.ask_again_after(self, head):
            self.is_passed_over = True
        if self.is_passed_over:
            self._delivery = Discard(_MAX_IGNORED_BODY)
            if self._rounds is not None and self._is_followed:
                self._delivery.copy = self._rounds.copy_for(self, head)
            if self.hop.method == "HEAD" or status == 304 or head.is_chunked:
                return False
            # One without a length ends with the connection, and only with that.
            return not 0 <= head.content_length <= _MAX_IGNORED_BODY
        if self.meter is not None:
            self.meter.on_head(head.content_length)
        request = self.hop.request
        decoder = None
        tap = request.tap
        if tap is not None and not tap.wants(status):
            tap = None
        if head.find(b"content-encoding") is not None:
            decoder = self._decoder_for(head, tap is not None)
        if request.header_callback is not None:
            self._tell_headers(request.header_callback, head)
        if tap is not None:
            self._delivery = TappedDelivery(self, decoder, tap)
            self._event = head
        elif decoder is not None or request.streaming_callback is not None:
            self._delivery = Delivery(
                self.net, self.deadline, decoder, request.streaming_callback, self._pieces
            )
        elif head.content_length >= _BODY_WITH_ROOM:
            self._gather(head.content_length)
        delivery = self._delivery
        if self._rounds is not None and delivery is not None and self.has_listener:
            delivery.copy = self._rounds.copy_for(self, head)
        return False

    def _gather(self, length: int) -> None:
        """Have a body of so many bytes kept in one place, if that is worth it."""
        connection = self._begun_on
        assert connection is not None
        if length > connection.engine.max_body_size:
            return  # It is refused, next.
        self._read_into = getattr(connection.stream, "read_into", None)
        if self._read_into is not None or length >= _LONG_BODY:
            self._delivery = Gathering(length)

    def _gather_pieces(self, last: bytes) -> None:
        """Have a body that has come in many pieces kept in one place, from ``last`` on."""
        gathering = self._delivery = Gathering(0)
        gathering.write(b"".join(self._pieces))
        gathering.write(last)
        self._pieces.clear()

    def _will_follow(self, head: ResponseHead) -> bool:
        option = self._settings.option
        return bool(
            option(self.hop.request, "follow_redirects")
            and self._redirects < option(self.hop.request, "max_redirects")
            and head.find(b"location") is not None
        )

    def _decoder_for(self, head: ResponseHead, is_unbounded: bool) -> Decoder | None:
        if not self._settings.option(self.hop.request, "decompress_response"):
            return None
        if self.hop.method == "HEAD" or head.status in (204, 304):
            return None
        value = head.headers["Content-Encoding"]
        codings = parse_codings(value, takes_all=True)
        if not codings:
            return None
        self.headers = HTTPHeaders(head.headers)
        # What is left does not describe the body any more; programs may still want to know.
        del self.headers["Content-Encoding"]
        self.headers["X-Consumed-Content-Encoding"] = value
        most = UNBOUNDED if is_unbounded else self._settings.limits.max_body_size
        return Decoder(codings, most)

    def _tell_headers(self, callback: Callable[[str], Any], head: ResponseHead) -> None:
        headers = head.headers if self.headers is None else self.headers
        try:
            callback(f"{head.version} {head.status} {head.reason}\r\n")
            for name, value in headers.get_all():
                callback(f"{name}: {value}\r\n")
            callback("\r\n")
        except Exception as error:
            raise CallbackError from error

    def __repr__(self) -> str:
        return f"<Exchange {self.phase} {self.hop!r}>"


def _new_meter(callback: Callable[[Any], object], length: int) -> "Meter":
    from waterspout.httpclient.bodies.progress import Meter  # most programs do without

    return Meter(callback, length)


def new_exchange(
    net: Net,
    clock: Clock,
    settings: Settings,
    hop: Hop,
    deadline: float,
    redirects: int,
    rounds: "Rounds | None",
    pool: Pool,
) -> Exchange:
    """Make an exchange; compiled, for a third of what a constructor costs."""
    exchange: Exchange = Exchange.__new__(Exchange)
    exchange._prepare(net, clock, settings, hop, deadline, redirects, rounds, pool)
    return exchange

"""Through a proxy to a server: CONNECT (RFC 9110 section 9.3.6), or SOCKS."""

from typing import TYPE_CHECKING

from waterspout._version import __version__
from waterspout.httpclient.errors import ProxyRefusedError
from waterspout.httpclient.roads.proxy import Proxy
from waterspout.httpclient.roads.road import Road
from waterspout.httpclient.target import bracketed
from waterspout.net import Stream
from waterspout.protocol.errors import RemoteProtocolError
from waterspout.protocol.headers import HTTPHeaders, encode_fields
from waterspout.protocol.http1.client import ClientConnection, EncodedRequest
from waterspout.protocol.http1.limits import Limits
from waterspout.protocol.http1.messages import ResponseHead, Signal
from waterspout.protocol.socks import Socks4, Socks5, SocksRefusedError

if TYPE_CHECKING:
    from waterspout.httpclient.roads.proxydigest import ProxyDigests

__all__ = ["ChallengeError", "open_tunnel"]

# What proxies say is shown up to so many characters.
_SHOWN = 100


async def open_tunnel(
    stream: Stream,
    road: Road,
    host: str,
    port: int,
    limits: Limits,
    deadline: float,
    digests: "ProxyDigests | None" = None,
    answered: int = 0,
) -> None:
    """Have the proxy at the other end of ``stream`` connect it to ``host`` and ``port``.

    Nothing of what the proxy says reaches anybody else. Raises `ProxyRefusedError` where it
    refuses, or can't be asked for that; RemoteProtocolError for what is no answer; OSError and
    DeadlineError of the stream.

    ``digests`` knows how to answer a 407, which was done ``answered`` times; `ChallengeError` then
    tells to try once more with another stream.
    """
    proxy = road.proxy
    assert proxy is not None
    if proxy.is_socks:
        await _shake_hands(stream, proxy, host, port, deadline)
        return
    authority = f"{bracketed(host)}:{port}"
    fields = HTTPHeaders({"Host": authority, "User-Agent": f"waterspout/{__version__}"})
    authorization = road.authorization
    if digests is not None:
        authorization = digests.authorization(proxy, "CONNECT", authority, b"")
    if authorization is not None:
        fields["Proxy-Authorization"] = authorization
    engine = ClientConnection(limits)
    request = EncodedRequest("CONNECT", authority, encode_fields(fields), 0)
    await _write(stream, engine.send_request(request), deadline)
    head = await _answer(stream, engine, deadline)
    if not 200 <= head.status < 300:
        reason = f"{head.status} {head.reason[:_SHOWN]}".rstrip()
        if head.status == 407:
            if digests is not None and digests.answer(
                proxy, "CONNECT", authority, b"", head.headers, answered
            ):
                raise ChallengeError
            reason += _advice(authorization is not None, road.is_digest)
        raise _refused(proxy, host, port, reason, head.status)
    if engine.take_unread_data():
        # The server has not been asked anything yet. It must not be taken for its answer.
        raise RemoteProtocolError("the proxy has sent more than its answer to CONNECT")


class ChallengeError(Exception):
    """The proxy wants to be asked once more, with credentials that it can be told now."""


async def _answer(stream: Stream, engine: ClientConnection, deadline: float) -> ResponseHead:
    """Return the final head of what the proxy answers."""
    has_begun = False
    while True:
        data = await _read(stream, deadline, has_begun)
        has_begun = True
        engine.receive_data(data)
        while True:
            event = engine.next_event()
            if event is Signal.NEED_DATA:
                break
            if isinstance(event, ResponseHead) and event.status >= 200:
                return event
            if isinstance(event, ResponseHead) and event.status == 101:
                raise RemoteProtocolError("the proxy switched to another protocol")


async def _shake_hands(stream: Stream, proxy: Proxy, host: str, port: int, deadline: float) -> None:
    handshake: Socks4 | Socks5
    try:
        if proxy.scheme in ("socks4", "socks4a"):
            handshake = Socks4(host, port, proxy.credentials[0] if proxy.credentials else b"")
        else:
            handshake = Socks5(host, port, proxy.credentials)
    except ValueError as error:
        wanted = f"{bracketed(host)}:{port}"
        message = f"the proxy {proxy.peer} can't be asked for {wanted}: {error}"
        raise ProxyRefusedError(message, None) from None
    answer: bytes | None = handshake.begin()
    has_begun = False
    while answer is not None:
        if answer:
            await _write(stream, answer, deadline)
        data = await _read(stream, deadline, has_begun)
        has_begun = True
        try:
            answer = handshake.receive_data(data)
        except SocksRefusedError as error:
            raise _refused(proxy, host, port, str(error), None) from error


async def _write(stream: Stream, data: bytes, deadline: float) -> None:
    waiting = stream.write(data, deadline)
    if waiting is not None:
        await waiting


async def _read(stream: Stream, deadline: float, has_begun: bool) -> bytes:
    data = stream.read(deadline)
    if not isinstance(data, bytes):
        data = await data
    if not data:
        answer = "in the middle of its answer" if has_begun else "without an answer"
        raise ConnectionResetError(f"the proxy closed {answer}")
    return data


def _refused(
    proxy: Proxy, host: str, port: int, reason: str, status: int | None
) -> ProxyRefusedError:
    wanted = f"{bracketed(host)}:{port}"
    return ProxyRefusedError(f"the proxy {proxy.peer} refused {wanted}: {reason}", status)


def _advice(has_credentials: bool, is_digest: bool) -> str:
    if is_digest and not has_credentials:
        return " (it asks for something else than proxy_auth_mode 'digest')"
    if has_credentials:
        return " (it does not accept the credentials that it was sent)"
    return " (it wants credentials: proxy_username and proxy_password, or in its URL)"

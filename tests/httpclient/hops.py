"""What hops are compared by, and headers to ask for them with."""

from typing import Any

from waterspout.httpclient.hop import Hop
from waterspout.protocol.headers import HTTPHeaders

__all__ = ["HEADERS", "what_it_does"]

SEEN = "body connect_timeout credentials expects_continue files has_producer is_plain is_repeatable"
SEEN += " key length method read_timeout request_timeout source target url wants_close"


def what_it_does(hop: Hop) -> dict[str, object]:
    """Return all that a hop says, and the bytes that are sent for it."""
    said = {name: getattr(hop, name) for name in SEEN.split()}
    encoded = hop.encoded
    said["encoded"] = (encoded.data, encoded.length, encoded.event, encoded.is_head)
    said["asks"] = (encoded.asks_to_close, encoded.asks_to_upgrade, encoded.is_connect)
    said["headers"] = list(hop.headers.get_all())
    return said


def repeated(name: str, *values: str) -> HTTPHeaders:
    headers = HTTPHeaders()
    for value in values:
        headers.add(name, value)
    return headers


HEADERS: list[Any] = [
    None,
    {},
    {"A": "b"},
    {"A": "c"},
    {"a": "b", "B": "c"},
    repeated("A", "b", "c"),
    {"Host": "other"},
    {"Connection": "close"},
    {"Upgrade": "x", "Connection": "upgrade"},
    {"Expect": "100-continue"},
    {"Content-Type": "x"},
    {"Content-Length": "1"},
    {"Transfer-Encoding": "chunked"},
    {"Authorization": "x", "User-Agent": "y", "Accept-Encoding": "z"},
]

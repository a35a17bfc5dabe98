"""Throws damaged messages at the HTTP/1 engine, in both roles, and holds it to its promises.

Whatever comes, a connection tells events or raises ``RemoteProtocolError``; it ends; and the
fragments that the bytes come in make no difference. ``python -m fuzz.http1 --seconds 60`` in a
checkout; ``--seed`` repeats a run. What fails is printed as a bytes literal.
"""

import argparse
import hashlib
import random
import sys
import time
from collections.abc import Iterator

from tests.protocol.http1.transcript import comparable, cut, read_requests, read_response
from tests.wire.cases import BAD_REQUESTS, BAD_RESPONSES, CUT_REQUESTS, CUT_RESPONSES

from waterspout.protocol.http1 import Limits

__all__ = ["DICTIONARY", "SEEDS", "check", "digest", "inputs", "run"]

_GOOD = [
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"POST /a?b HTTP/1.1\r\nHost: a:80\r\nContent-Length: 5\r\n\r\nhello",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5;a=b\r\nhello\r\n00a\r\n0123456789\r\n0\r\nA: b\r\nC: d\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
    b"OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close, upgrade\r\nUpgrade: x\r\n\r\n",
    b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
    b"GET http://a/b HTTP/1.1\r\nHost: a\r\nCookie: a=b; c=d\r\nAccept: */*\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nA: b\r\n\r\n",
    b"HTTP/1.0 404 Not Found\r\n\r\nbody until the end",
    b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nother",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\n",
]

#: Where mutations begin. Very long ones would only slow it down: small limits stand in for them.
SEEDS = [
    *_GOOD,
    *(
        case.raw
        for table in (BAD_REQUESTS, BAD_RESPONSES, CUT_REQUESTS, CUT_RESPONSES)
        for case in table
        if len(case.raw) < 400
    ),
]

#: What a mutation may put in.
DICTIONARY = [
    *(bytes([byte]) for byte in b'\r\n\t\x00\x0b\x7f\x85\xa0\xff :;,=+-_0159aAfFxXgG/?#@[]*%"\\'),
    b"\r\n",
    b"\r\n\r\n",
    b"\n\n",
    b"\r\r\n",
    b"\r\n ",
    b"\r\n\t",
    b"0\r\n\r\n",
    b"5\r\nhello\r\n",
    b"fffffffffffffff",
    b"ffffffffffffffff",
    b"7fffffffffffffff",
    b"9223372036854775807",
    b"999999999999999999",
    b"2147483648",
    b"4294967296",
    b"-1",
    b"0x",
    b"Content-Length: 5\r\n",
    b"Content-Length: 0\r\n",
    b"Content-Length:",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding:",
    b"chunked",
    b"Connection: close\r\n",
    b"Connection: keep-alive\r\n",
    b"Connection: upgrade\r\nUpgrade: x\r\n",
    b"Expect: 100-continue\r\n",
    b"Host: a\r\n",
    b"Host:",
    b"HTTP/1.1",
    b"HTTP/1.0",
    b"HTTP/2.0",
    b"http://a",
    b"GET",
    b"HEAD",
    b"CONNECT",
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    "\u212a\u0665\u017f".encode(),
]

# Bounds that short messages reach.
_LIMITS = [
    Limits(),
    Limits(
        max_start_line_size=40,
        max_header_size=80,
        max_header_count=3,
        max_body_size=20,
        max_chunk_line_size=10,
        max_interim_responses=1,
        max_chunks_per_turn=1,
    ),
]


def _mutated(raw: bytes, chance: random.Random) -> bytes:
    data = bytearray(raw)
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3, 5, 8])):
        at = chance.randrange(len(data) + 1)
        kind = chance.randrange(7)
        if kind == 0:
            data[at:at] = chance.choice(DICTIONARY)
        elif kind == 1:
            word = chance.choice(DICTIONARY)
            data[at : at + len(word)] = word
        elif kind == 2:
            del data[at : at + chance.choice([1, 1, 1, 2, 4, 16])]
        elif kind == 3:
            data[at:at] = data[at : at + chance.randrange(1, 40)]
        elif kind == 4:
            data[at:at] = chance.choice(SEEDS)[: chance.randrange(1, 200)]
        elif kind == 5 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        elif at < len(data):
            data[at] = chance.randrange(256)
    return bytes(data[:4000])


def inputs(seed: int) -> Iterator[tuple[bytes, list[int]]]:
    """Give, without end and the same for the same seed, bytes and places to cut them."""
    chance = random.Random(seed)  # noqa: S311 - to repeat a run, not to keep a secret
    while True:
        raw = _mutated(chance.choice(SEEDS), chance)
        if chance.random() < 0.3:
            raw += _mutated(chance.choice(SEEDS), chance)
        places = [chance.randrange(len(raw) + 1) for _ in range(chance.randrange(6))]
        if chance.random() < 0.2:
            places = list(range(len(raw)))
        yield raw, places


def transcripts(raw: bytes, places: list[int]) -> Iterator[tuple[object, object]]:
    """Give pairs of what should be equal: the bytes in one piece, and in fragments."""
    fragments = cut(raw, places)
    for limits in _LIMITS:
        yield read_requests([raw], limits), read_requests(fragments, limits)
        for method, fields in (("GET", b""), ("HEAD", b""), ("CONNECT", b"Upgrade: x\r\n")):
            yield (
                read_response([raw], method, limits, fields=fields),
                read_response(fragments, method, limits, fields=fields),
            )


def check(raw: bytes, places: list[int]) -> None:
    """Raise ``AssertionError`` where fragments matter; let other exceptions through."""
    for whole, pieces in transcripts(raw, places):
        one, two = comparable(whole), comparable(pieces)  # type: ignore[arg-type]
        if one and one[-1][0] == "error":
            # Which of several errors is found first may depend on how much of them is there.
            one, two = [*one[:-1], "error"], [*two[:-1], two[-1][0]]  # type: ignore[list-item]
        assert one == two, (whole, pieces)


def digest(seed: int, count: int) -> Iterator[str]:
    """Give one line for each of ``count`` inputs: what was told of it."""
    for _, (raw, places) in zip(range(count), inputs(seed), strict=False):
        told = repr(list(transcripts(raw, places)))
        yield f"{hashlib.sha256(told.encode()).hexdigest()} {raw[:200]!r} {places!r}"


def run(seed: int, count: int | None = None, seconds: float | None = None) -> int:
    """Check inputs until ``count`` or ``seconds`` are over; return how many there were."""
    end = None if seconds is None else time.monotonic() + seconds
    done = 0
    for raw, places in inputs(seed):
        if done == count or (end is not None and done % 100 == 0 and time.monotonic() > end):
            break
        try:
            check(raw, places)
        except Exception:
            print(f"failed: check({raw!r}, {places!r})", file=sys.stderr)
            raise
        done += 1
    return done


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.http1", description=__doc__)
    parser.add_argument("--seconds", type=float, help="how long to run")
    parser.add_argument("--count", type=int, help="how many inputs to try")
    parser.add_argument("--seed", type=int, help="repeat the run of this seed")
    parser.add_argument(
        "--digest", action="store_true", help="print what was told of --count inputs, do not check"
    )
    args = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if args.seed is None else args.seed
    if args.digest:
        for line in digest(seed, args.count or 1000):
            print(line)
        return
    seconds = 10.0 if args.seconds is None and args.count is None else args.seconds
    print(f"seed {seed}")
    print(f"{run(seed, args.count, seconds)} inputs")


if __name__ == "__main__":
    main()

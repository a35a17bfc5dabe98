"""Feeds forms mutated bytes and holds them to their promises.

Whatever comes, a form is understood or ``HTTPInputError`` is raised and nothing was added; bounds
hold; what was found is in the bytes; and written out again it is found again. ``python -m
fuzz.forms --seconds 60`` in a checkout; ``--seed`` repeats a run. What fails is printed as a call
of ``check``.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator

from tests.httputil.form_writer import file, form, part, value

from waterspout.httputil import (
    HTTPFile,
    HTTPInputError,
    ParseBodyConfig,
    ParseMultipartConfig,
    ParseUrlEncodedConfig,
    parse_body_arguments,
)

__all__ = ["SEEDS", "check", "inputs", "run"]

_MULTIPART = "multipart/form-data; boundary=B"
_URLENCODED = "application/x-www-form-urlencoded"

#: Where mutations begin: a content type and a body.
SEEDS = [
    (_MULTIPART, form(boundary=b"B")),
    (_MULTIPART, form(value("a", b"1"), value("b", b""), value("a", b"\r\n--"), boundary=b"B")),
    (_MULTIPART, form(file("f", "x.txt", b"text", "text/plain; charset=utf-8"), boundary=b"B")),
    (
        _MULTIPART,
        form(
            part("Content-Disposition: form-data; name=a; filename=b\r\nContent-Length: 1", b"x"),
            part("content-disposition:form-data;name=\"a\"; filename*=UTF-8''%C3%A9"),
            part(r'Content-Disposition: form-data; name="\"\\"; filename="C:\b"'),
            boundary=b"B",
        )
        + b"epilogue",
    ),
    ('Multipart/Form-Data ; charset=utf-8; boundary="B-B"', form(value("a", b""), boundary=b"B-B")),
    (_URLENCODED, b"a=1&b=%C3%A9+c&a=&d&=&%61=%zz"),
    (f"{_URLENCODED}; charset=utf-8", b"a=b=c;d&&"),
]

#: What a mutation may put in.
DICTIONARY = [
    *(bytes([byte]) for byte in b"\r\n\t\x00\x0b\x7f\x80\xc3\xff ;=\"'\\*%&+-:_aB10"),
    b"\r\n",
    b"\r\n\r\n",
    b"--B",
    b"--B--",
    b"\r\n--B\r\n",
    b"\r\n--B--\r\n",
    b"\r\n--B",
    b"Content-Disposition: form-data; name=a\r\n",
    b"Content-Type: text/plain\r\n",
    b"Content-Length: 1\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b'; name="',
    b"; name*=",
    b'; filename="',
    b"; filename*=utf-8''",
    b"; filename*0=",
    b"%00",
    b"%C3%A9",
    b"\xc3\xa9",
    b"\xef\xbb\xbf",
    b"form-data",
    b"boundary=",
]

# Bounds that short forms reach.
_CONFIGS = [
    ParseBodyConfig(),
    ParseBodyConfig(
        multipart=ParseMultipartConfig(max_parts=2, max_part_header_size=60),
        urlencoded=ParseUrlEncodedConfig(max_arguments=3),
    ),
]


def _mutated(data: bytes, chance: random.Random, times: int) -> bytes:
    mutated = bytearray(data)
    for _ in range(times):
        at = chance.randrange(len(mutated) + 1)
        kind = chance.randrange(6)
        if kind == 0:
            mutated[at:at] = chance.choice(DICTIONARY)
        elif kind == 1:
            word = chance.choice(DICTIONARY)
            mutated[at : at + len(word)] = word
        elif kind == 2:
            del mutated[at : at + chance.choice([1, 1, 1, 2, 4, 16])]
        elif kind == 3:
            mutated[at:at] = mutated[at : at + chance.randrange(1, 60)]
        elif kind == 4:
            mutated[at:at] = chance.choice(SEEDS)[1][: chance.randrange(1, 80)]
        elif at < len(mutated):
            mutated[at] = chance.randrange(256)
    return bytes(mutated[:4000])


def inputs(seed: int) -> Iterator[tuple[str, bytes]]:
    """Give, without end and the same for the same seed, content types and bodies."""
    chance = random.Random(seed)  # noqa: S311 - to repeat a run, not to keep a secret
    while True:
        content_type, body = chance.choice(SEEDS)
        if chance.random() < 0.2:
            content_type = _mutated(content_type.encode(), chance, 1).decode("latin-1")
        yield content_type, _mutated(body, chance, chance.choice([0, 1, 1, 2, 3, 5, 8]))


_Found = tuple[dict[str, list[bytes]], dict[str, list[HTTPFile]]]


def _found(content_type: str, body: bytes, config: ParseBodyConfig | None = None) -> _Found | None:
    arguments: dict[str, list[bytes]] = {}
    files: dict[str, list[HTTPFile]] = {}
    try:
        parse_body_arguments(content_type, body, arguments, files, config=config)
    except HTTPInputError:
        assert not arguments
        assert not files
        return None
    return arguments, files


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _written(found: _Found, boundary: bytes) -> bytes:
    arguments, files = found
    fields = [value(_quoted(name), body) for name in arguments for body in arguments[name]]
    uploads = [
        file(_quoted(name), _quoted(each.filename), each.body, each.content_type)
        for name in files
        for each in files[name]
    ]
    return form(*fields, *uploads, boundary=boundary)


def check(content_type: str, body: bytes) -> None:
    """Raise ``AssertionError`` where a promise is broken; let other exceptions through."""
    for config in _CONFIGS:
        found = _found(content_type, body, config)
        if found is None:
            continue
        arguments, files = found
        count = sum(map(len, arguments.values())) + sum(map(len, files.values()))
        if content_type.strip().lower().startswith("application/"):
            assert count <= config.urlencoded.max_arguments
            assert not files
            continue
        assert count <= config.multipart.max_parts
        bodies = [each for values in arguments.values() for each in values]
        bodies += [each.body for values in files.values() for each in values]
        assert sum(map(len, bodies)) <= len(body)
        assert all(each in body for each in bodies)
        if not count:
            continue
        boundary = body[2 : body.index(b"\r\n")]
        again = _written(found, boundary)
        # Quotes and escapes may make a head longer than it was.
        config = ParseBodyConfig()
        assert _found(f'multipart/form-data; boundary="{_text(boundary)}"', again, config) == found


def _text(boundary: bytes) -> str:
    return _quoted(boundary.decode("ascii"))


def run(seed: int, count: int | None = None, seconds: float | None = None) -> int:
    """Check inputs until ``count`` or ``seconds`` are over; return how many there were."""
    end = None if seconds is None else time.monotonic() + seconds
    done = 0
    for content_type, body in inputs(seed):
        if done == count or (end is not None and done % 100 == 0 and time.monotonic() > end):
            break
        try:
            check(content_type, body)
        except Exception:
            print(f"failed: check({content_type!r}, {body!r})", file=sys.stderr)
            raise
        done += 1
    return done


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.forms", description=__doc__)
    parser.add_argument("--seconds", type=float, help="how long to run")
    parser.add_argument("--count", type=int, help="how many inputs to try")
    parser.add_argument("--seed", type=int, help="repeat the run of this seed")
    args = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if args.seed is None else args.seed
    seconds = 10.0 if args.seconds is None and args.count is None else args.seconds
    print(f"seed {seed}")
    print(f"{run(seed, args.count, seconds)} inputs")


if __name__ == "__main__":
    main()
